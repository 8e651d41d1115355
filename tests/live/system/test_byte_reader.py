"""A pipe is read through one buffer."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from io import FileIO

import pytest

from live.system.byte_reader import SIZE, ByteReader


@pytest.fixture
def pipe() -> Iterator[tuple[FileIO, int]]:
    reading, writing = os.pipe()
    with FileIO(reading) as file:
        yield file, writing


def test_it_reads_what_has_come_and_then_the_end(pipe: tuple[FileIO, int]) -> None:
    file, writing = pipe
    reader = ByteReader(file)
    os.write(writing, b"one\ntwo")
    assert reader.read() == b"one\ntwo"
    os.write(writing, b"x" * SIZE)
    os.close(writing)
    read = [reader.read() for _ in range(2)]
    assert read == [b"x" * SIZE, b""]


def test_a_short_line_takes_no_more_memory_than_it_is_long(pipe: tuple[FileIO, int]) -> None:
    """`os.read(fd, 65536)` peaked at 65,569 bytes for every ping."""
    file, writing = pipe
    reader = ByteReader(file)
    os.write(writing, b'["ping"]\n')
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert reader.read() == b'["ping"]\n'
        assert tracemalloc.get_traced_memory()[1] - before < 2000
    finally:
        tracemalloc.stop()
        os.close(writing)
