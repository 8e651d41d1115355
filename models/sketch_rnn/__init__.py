"""The draughtsman: Sketch-RNN (Ha & Eck 2017), drawing stroke by stroke."""

from models.sketch_rnn.model import SketchRNN

__all__ = ["SketchRNN"]
