"""The pianist: Performance-RNN (Oore et al. 2018), its alphabet, its network, its training, and it on stage."""

from models.performance_rnn.model import PerformanceRNN

__all__ = ["PerformanceRNN"]
