"""Where people are in a picture: MediaPipe's selfie segmentation, computed by OpenCV.

The network (Google, Apache License 2.0; 256 x 256 pixels in and out) is a file in the wheel of `mediapipe`, the extra
`people`. The package itself is never imported.
"""

from __future__ import annotations

import threading
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HELP = 'telling people and background apart needs the extra people: start with "uv run --extra people arabesque"'
FILE = Path("modules/selfie_segmentation/selfie_segmentation.tflite")
SIDE = 256  # of the network's input and output

Pixels = NDArray[np.uint8]


class PeopleError(Exception):
    """The network is missing or cannot be read; the message says what to install."""


class PeopleFinder:
    """Finds people; the network is loaded at first use. Several threads may use one instance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._network: cv2.dnn.Net | None = None

    def find(self, pixels: Pixels) -> NDArray[np.uint8]:
        """The mask [SIDE, SIDE] of a picture [H, W, 3]: 255 where people are. Raises PeopleError."""
        with self._lock:
            if self._network is None:
                self._network = _loaded()
            self._network.setInput(cv2.dnn.blobFromImage(pixels, 1 / 255, (SIDE, SIDE)))
            share = self._network.forward()[0, 0]  # [SIDE, SIDE], 0..1
        return np.asarray(cv2.multiply(share, 255.0, dtype=cv2.CV_8U))


def installed() -> Path | None:
    """The network's file, if the extra is installed."""
    package = find_spec("mediapipe")
    places = [] if package is None else package.submodule_search_locations or []
    return next((path for place in places if (path := Path(place) / FILE).is_file()), None)


def _loaded() -> cv2.dnn.Net:
    path = installed()
    if path is None:
        raise PeopleError(HELP)
    try:
        return cv2.dnn.readNetFromTFLite(str(path))
    except cv2.error as error:
        raise PeopleError(f"{path}: not readable as a network ({error.err})") from None
