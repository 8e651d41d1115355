"""Sketch-RNN (Ha & Eck 2017), which draws stroke by stroke."""

from models.sketch_rnn.model import SketchRNN

__all__ = ["SketchRNN"]
