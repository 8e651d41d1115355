"""A piece with one painter and one camera, whose picture is a film of five frames."""

from __future__ import annotations

from live.engine.engine import Engine
from models.base import Frame

HEADER = """
from live import Camera, Midi, Node, Patch, Window
from painters import Negative

stage = Window(128, 96)
"""
ONE = 'patch = Patch(veil=Node(Negative, weights="n", source=Camera("clip.avi"), out=stage.layer(0)))'


def newest(engine: Engine, camera: str = "camera") -> Frame:
    """The newest frame of a camera."""
    frame = engine.cameras.newest(camera)
    assert frame is not None
    return frame
