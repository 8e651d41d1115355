"""A video file as a source of frames, looped and timed by its time stamps."""

from __future__ import annotations

import math
from pathlib import Path

import cv2

from live.video import VideoError
from live.video.shot import Shot
from live.video.synthetic_scene import Picture

SLEPT_S = 5.0
"""After this time without reading, as after suspending the machine, the file continues without skipping."""
MOST_SKIPPED = 250
"""Most frames skipped in one read; a file that is decoded too slowly plays more slowly instead."""
LONGEST_S = 120.0
"""Longest time between two frames; a longer or negative one is an error in the file's time stamps."""
EARLY_S = 1e-6


class VideoFileReader:
    """A looped video file, with its frames at the times of their time stamps.

    At its end the file is reopened, because not every file is seekable; the last frame lasts as long as the previous
    one. A file of one frame is a still. Raises VideoError if the file contains no picture.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture = self._open()
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self._usual_s = 1.0 / rate if 0.01 <= rate <= 1000.0 else 1.0 / 25.0
        self._gap_s = self._usual_s  # from the previous frame to the grabbed one
        self._zero_s = -self._stamp_s  # when a frame with the time stamp 0 is to be shown
        self._due_s = 0.0  # when the grabbed frame, which is not shown yet, is to be shown
        self._number = 0  # of the grabbed frame
        self._picture: Picture | None = None
        self._shown = 0  # number of `_picture`

    def read(self, at_s: float) -> Shot | None:
        if at_s - self._due_s > SLEPT_S + self._gap_s:
            self._postpone(at_s)
        skipped = 0
        while self._due_s <= at_s + EARLY_S:
            followed = self._due_s + self._gap_s <= at_s + EARLY_S  # the next frame is due as well
            if followed and skipped < MOST_SKIPPED and self._picture is not None:
                skipped += 1
            else:
                if followed and skipped >= MOST_SKIPPED:
                    self._postpone(at_s)
                self._show()
            if not self._grab():
                break
        return Shot(self._picture, self._shown, self._due_s) if self._picture is not None else None

    def expose(self, exposure_ms: float) -> None:
        pass

    def close(self) -> None:
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path.resolve()), cv2.CAP_FFMPEG)
        if not capture.isOpened() or not capture.grab():
            capture.release()
            raise VideoError(f"{self._path}: expected a video file, found no picture in it")
        self._stamp_s = _stamp_s(capture)
        return capture

    def _show(self) -> None:
        """Decodes the grabbed frame; if it is damaged, the previous frame stays."""
        found, picture = self._capture.retrieve()
        if found:
            self._picture, self._shown = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), self._number

    def _grab(self) -> bool:
        """Grabs the next frame and determines its time; returns False if the file has only one."""
        before_s = self._stamp_s
        if self._capture.grab():
            self._stamp_s = _stamp_s(self._capture)
            gap_s = self._stamp_s - before_s
            if not 0.0 < gap_s <= LONGEST_S:
                gap_s = self._usual_s
                self._zero_s += before_s + gap_s - self._stamp_s
            self._gap_s = gap_s
        elif self._number == 0:
            self._due_s = math.inf
            return False
        else:
            self._capture.release()
            self._capture = self._open()
            self._zero_s += before_s + self._gap_s - self._stamp_s
        self._due_s = self._zero_s + self._stamp_s
        self._number += 1
        return True

    def _postpone(self, to_s: float) -> None:
        """Delays the grabbed frame, and thus all following ones."""
        self._zero_s += to_s - self._due_s
        self._due_s = to_s


def _stamp_s(capture: cv2.VideoCapture) -> float:
    return float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
