"""The slow painter: a picture found by optimisation, after Gatys, Ecker & Bethge (2016)."""

from models.neural_style.model import NeuralStyle

__all__ = ["NeuralStyle"]
