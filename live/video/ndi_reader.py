"""Reads frames of an NDI source, with the extra arabesque[ndi]."""

from __future__ import annotations

from fnmatch import fnmatch
from importlib import import_module
from typing import Any

import cv2

from live.video import VideoError
from live.video.frame_wait import looks
from live.video.program_sinks import package
from live.video.shot import Shot

FIND_S = 3.0
"""How long sources may take to announce themselves."""
NEWS_S = 0.1
PATIENCE_S = 2.0


class NdiReader:
    """The newest frames of the first source with `name` in its name. Raises VideoError where there is none."""

    def __init__(self, name: str) -> None:
        package("cyndilib", "ndi")
        self._finder = import_module("cyndilib.finder").Finder()
        self._finder.open()
        try:
            self.name = self._find(name)
        except VideoError:
            self._finder.close()
            raise
        received = import_module("cyndilib.wrapper.ndi_recv")
        self._receiver: Any = import_module("cyndilib.receiver").Receiver(
            color_format=received.RecvColorFormat.RGBX_RGBA, bandwidth=received.RecvBandwidth.highest
        )
        self._frame: Any = import_module("cyndilib.video_frame").VideoFrameSync()
        self._receiver.frame_sync.set_video_frame(self._frame)
        self._receiver.set_source(self._finder.get_source(self.name))
        self._shown = 0.0
        self._count = -1

    def read(self, at_s: float) -> Shot | None:
        """The next frame; None when none comes any more."""
        for _ in looks(PATIENCE_S):
            self._receiver.frame_sync.capture_video()  # the newest frame, the same one again where there is no newer
            width, height = self._frame.get_resolution()
            stamp = self._frame.get_timestamp_posix() if width else self._shown
            if stamp != self._shown:
                self._shown = stamp
                self._count += 1
                rows = self._frame.get_array().reshape(height, self._frame.get_line_stride())
                pixels = rows[:, : width * 4].reshape(height, width, 4)
                return Shot(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), self._count, at_s)
        return None

    def expose(self, exposure_ms: float) -> None:
        """Nothing: the camera belongs to the source."""

    def close(self) -> None:
        """Ends the connection."""
        self._receiver.disconnect()
        self._finder.close()

    def _find(self, wanted: str) -> str:
        names: list[str] = []
        for _ in looks(FIND_S, NEWS_S):
            names = self._finder.update_sources()
            for name in names:
                if fnmatch(name.lower(), f"*{wanted.lower().strip('*')}*"):
                    return str(name)
        raise VideoError(f"no NDI source is named {wanted}; found: {', '.join(names) or 'none'}")
