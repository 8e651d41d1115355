"""The stage as an NDI source, and an NDI source as a camera, through NDI's own library."""

from __future__ import annotations

import json
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from live.video import VideoError
from live.video.frame_tap import StageFrame
from live.video.program_sinks import NdiSink
from live.video.reader import open_reader

pytestmark = pytest.mark.skipif(find_spec("cyndilib") is None, reason="the extra arabesque[ndi] is not installed")


@pytest.fixture(autouse=True)
def only_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources are looked for here only, and without a name service. NDI reads this when it is imported first."""
    found = {"ndi": {"networks": {"ips": "127.0.0.1,", "discovery": ""}, "machinename": "testing"}}
    (tmp_path / "ndi-config.v1.json").write_text(json.dumps(found))
    monkeypatch.setenv("NDI_CONFIG_DIR", str(tmp_path))


def settings(source: str) -> dict[str, object]:
    return {"source": source, "width": 64, "height": 48, "rate": 10.0, "exposure": 0.0}


def test_a_camera_receives_the_stages_ndi_picture(tmp_path: Path) -> None:
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[...] = (30, 60, 200, 0)  # blue, green, red
    sink, stop = NdiSink(), threading.Event()

    def program() -> None:
        number = 0
        while not stop.wait(0.02):
            sink.write(StageFrame(pixels, number, number * 0.02))
            number += 1

    thread = threading.Thread(target=program)
    thread.start()
    try:
        reader, seen = open_reader(settings("ndi:arabesque"), tmp_path, live=True)
        assert "Arabesque" in seen
        for number in range(10):
            shot = reader.read(0.0)
            assert shot is not None
            assert shot.number == number
            assert shot.picture.shape == (48, 64, 3)
            assert np.abs(shot.picture.astype(int) - (200, 60, 30)).max() < 12  # NDI compresses
    finally:
        stop.set()
        thread.join()
        sink.close()
    assert reader.read(1.0) is None
    reader.close()
    with pytest.raises(VideoError, match="no NDI source is named nobody"):
        open_reader(settings("ndi:nobody"), tmp_path, live=True)
