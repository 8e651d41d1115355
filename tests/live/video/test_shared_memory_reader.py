"""Pictures in another program's shared memory: complete, in order, and closed with their writer."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
import pytest

from live.video import VideoError
from live.video.frame_tap import StageFrame
from live.video.reader import open_reader
from live.video.shared_memory_reader import SharedMemoryReader
from live.video.sinks import HEADER, MAGIC, SharedMemorySink

NAME = f"arabesque-in-{os.getpid()}"


@pytest.fixture
def sink() -> Iterator[SharedMemorySink]:
    sink = SharedMemorySink(NAME)
    yield sink
    sink.close()


def write(sink: SharedMemorySink, number: int, size: tuple[int, int] = (8, 6)) -> None:
    """A picture whose every pixel is blue = number, green 20, red 30."""
    pixels = np.zeros((size[1], size[0], 4), np.uint8)
    pixels[...] = (number % 256, 20, 30, 0)
    sink.write(StageFrame(pixels, number, 0.0))


def test_the_next_picture_is_read_in_red_green_blue(sink: SharedMemorySink) -> None:
    write(sink, 1)
    reader = SharedMemoryReader(sink.name, patience_s=0.01)
    assert reader.read(0.0) is None  # the one that was there may be old
    write(sink, 7)
    shot = reader.read(0.5)
    assert shot is not None
    assert shot.picture.shape == (6, 8, 3)
    assert tuple(shot.picture[0, 0]) == (30, 20, 7)
    assert (shot.number, shot.next_s) == (0, 0.5)
    reader.close()


def test_no_picture_is_torn_however_fast_it_is_written(sink: SharedMemorySink) -> None:
    write(sink, 0, (320, 240))
    reader = SharedMemoryReader(sink.name)
    stop = threading.Event()

    def program() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write(sink, number, (320, 240))

    thread = threading.Thread(target=program)
    thread.start()
    try:
        for number in range(60):
            shot = reader.read(0.0)
            assert shot is not None
            assert shot.number == number
            assert len(np.unique(shot.picture[..., 2])) == 1
    finally:
        stop.set()
        thread.join()
        reader.close()


def test_a_new_size_is_followed_and_the_end_is_the_end(sink: SharedMemorySink) -> None:
    write(sink, 1)
    reader = SharedMemoryReader(sink.name, patience_s=5.0)
    write(sink, 2, (10, 4))
    shot = reader.read(0.0)
    assert shot is not None
    assert shot.picture.shape == (4, 10, 3)
    sink.close()
    assert reader.read(0.1) is None
    reader.close()


def test_reading_leaves_the_memory_to_its_writer(sink: SharedMemorySink) -> None:
    write(sink, 1)
    SharedMemoryReader(sink.name).close()
    SharedMemoryReader(sink.name).close()


def test_memory_without_a_picture_is_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=f"no program writes pictures to the shared memory {NAME}"):
        SharedMemoryReader(NAME)
    memory = SharedMemory(NAME, create=True, size=4096)
    assert memory.buf is not None
    try:
        with pytest.raises(VideoError, match="expected b'ARABESQ1'"):
            SharedMemoryReader(NAME)
        HEADER.pack_into(memory.buf, 0, MAGIC, 640, 480, 4, 0, 1, 0.0)
        with pytest.raises(VideoError, match="has 4096 bytes, expected 2457664 for two pictures"):
            SharedMemoryReader(NAME)
    finally:
        memory.close()
        memory.unlink()


def test_a_camera_is_called_shared_and_a_name(sink: SharedMemorySink, tmp_path: Path) -> None:
    write(sink, 1)
    settings = {"source": f"shared:{NAME}", "width": 64, "height": 48, "rate": 10.0, "exposure": 0.0}
    reader, seen = open_reader(settings, tmp_path, live=True)
    assert isinstance(reader, SharedMemoryReader)
    assert seen == f"shared memory {NAME}"
    reader.close()
