"""The pianist: Performance-RNN (Oore et al. 2018): event encoding, network, training, and the streaming model."""

from models.performance_rnn.model import PerformanceRNN

__all__ = ["PerformanceRNN"]
