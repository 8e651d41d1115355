"""The painter: feed-forward style transfer of live video with one small network for many paintings."""

from models.style_transfer.model import StyleTransfer

__all__ = ["StyleTransfer"]
