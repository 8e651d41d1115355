"""The pianist: Performance-RNN (Oore et al. 2018), its alphabet, its network and its training."""
