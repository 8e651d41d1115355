"""Neural style transfer by optimisation of the picture (Gatys, Ecker & Bethge 2016)."""

from models.neural_style.model import NeuralStyle

__all__ = ["NeuralStyle"]
