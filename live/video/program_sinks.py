"""Sinks to other programs that need an extra, imported only when they are switched on.

NDI is tried by a test; the others need devices and systems that the development machines lack, and follow the
documentation of each.
"""

from __future__ import annotations

from fractions import Fraction
from importlib import import_module
from typing import Any

import cv2

from live.video import VideoError
from live.video.frame_tap import StageFrame

NAME = "Arabesque"
RATE = 30
GL_RGBA = 0x1908


class VirtualCameraSink:
    """A virtual camera for video calls and streaming: OBS's on Windows and macOS, v4l2loopback on Linux."""

    def __init__(self) -> None:
        self.name = "virtual camera"
        self._package = package("pyvirtualcam", "virtual-camera")
        self._camera: Any = None

    def write(self, shown: StageFrame) -> None:
        height, width = shown.pixels.shape[:2]
        if self._camera is None or (self._camera.width, self._camera.height) != (width, height):
            self.close()
            self._camera = self._package.Camera(width, height, RATE)
            self.name = str(self._camera.device)
        self._camera.send(cv2.cvtColor(shown.pixels, cv2.COLOR_BGRA2RGB))

    def close(self) -> None:
        if self._camera is not None:
            self._camera.close()
            self._camera = None


class SyphonSink:
    """A Syphon server, for other programs on macOS."""

    def __init__(self) -> None:
        self.name = NAME
        self._package = package("syphon", "syphon")
        self._copy = import_module("syphon.utils.numpy").copy_image_to_mtl_texture
        self._make = import_module("syphon.utils.raw").create_mtl_texture
        self._server = self._package.SyphonMetalServer(NAME)
        self._texture: Any = None
        self._size = (0, 0)

    def write(self, shown: StageFrame) -> None:
        height, width = shown.pixels.shape[:2]
        if self._texture is None or self._size != (width, height):
            self._texture, self._size = self._make(self._server.device, width, height), (width, height)
        picture = cv2.cvtColor(shown.pixels, cv2.COLOR_BGRA2RGBA)
        picture[..., 3] = 255
        self._copy(picture, self._texture)
        self._server.publish_frame_texture(self._texture)

    def close(self) -> None:
        self._server.stop()


class SpoutSink:
    """A Spout sender, for other programs on Windows."""

    def __init__(self) -> None:
        self.name = NAME
        self._sender = package("SpoutGL", "spout").SpoutSender()
        self._sender.setSenderName(NAME)

    def write(self, shown: StageFrame) -> None:
        height, width = shown.pixels.shape[:2]
        picture = cv2.cvtColor(shown.pixels, cv2.COLOR_BGRA2RGBA)
        picture[..., 3] = 255
        if not self._sender.sendImage(picture.tobytes(), width, height, GL_RGBA, False, 0):
            raise VideoError("Spout did not accept the picture")

    def close(self) -> None:
        self._sender.releaseSender()


class NdiSink:
    """An NDI source, for other machines on the network."""

    def __init__(self) -> None:
        self.name = NAME
        package("cyndilib", "ndi")
        self._frame = import_module("cyndilib.video_frame").VideoSendFrame()
        self._frame.set_frame_rate(Fraction(RATE, 1))
        self._frame.set_fourcc(import_module("cyndilib.wrapper.ndi_structs").FourCC.BGRX)
        self._sender: Any = None
        self._size = (0, 0)

    def write(self, shown: StageFrame) -> None:
        height, width = shown.pixels.shape[:2]
        if self._sender is None or self._size != (width, height):
            self.close()
            self._frame.set_resolution(width, height)
            self._sender, self._size = import_module("cyndilib.sender").Sender(NAME), (width, height)
            self._sender.set_video_frame(self._frame)
            self._sender.open()
        self._sender.write_video(shown.pixels.reshape(-1))

    def close(self) -> None:
        if self._sender is not None:
            self._sender.close()
            self._sender = None


def package(name: str, extra: str) -> Any:
    """Imports what an extra brings. Raises VideoError with the extra's name where it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise VideoError(f"{error}; it comes with the extra arabesque[{extra}]") from None
