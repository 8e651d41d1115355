"""The heap of a process with many threads: how many there are, and what goes back to the system."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from live.system.heap import set_up_heap
from live.system.helper_process import child_environment

HEAPS = """
import contextlib, ctypes, sys, threading
from live.commands import play

with contextlib.suppress(SystemExit):
    play.main(["--version"])
together = threading.Barrier(9)

def allocate():
    kept = [bytearray(10_000 + 100 * number) for number in range(50)]
    together.wait()
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
together.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
together.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator is glibc's")
@pytest.mark.parametrize(("chosen", "heaps"), [("", 1), ("3", 3)])
def test_all_threads_of_the_engine_allocate_from_one_heap_unless_the_environment_chooses(
    tmp_path_factory: pytest.TempPathFactory, chosen: str, heaps: int
) -> None:
    file = tmp_path_factory.mktemp("heap") / "heaps.xml"
    environment = {**child_environment(), **({"MALLOC_ARENA_MAX": chosen} if chosen else {})}
    subprocess.run([sys.executable, "-c", HEAPS, str(file)], env=environment, check=True, stdout=subprocess.DEVNULL)
    assert file.read_text().count("<heap nr=") == heaps


HOLES = """
from live.system.heap import return_free_memory, set_up_heap

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

assert set_up_heap()
pictures, between = [], []
for number in range(20):
    pictures.append(bytearray(1_000_000))
    between.append(bytearray(2_000))
full = resident()
pictures.clear()
kept = resident()
return_free_memory()
print(full - kept, kept - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator is glibc's")
def test_pictures_between_blocks_that_stay_are_kept_until_they_are_given_back() -> None:
    said = subprocess.run([sys.executable, "-c", HOLES], env=child_environment(), check=True, capture_output=True)
    at_once, later = map(int, said.stdout.split())
    pages = 20 * 1_000_000 // os.sysconf("SC_PAGE_SIZE")
    assert at_once < 0.05 * pages
    assert later > 0.95 * pages


def test_a_choice_of_the_environment_stays() -> None:
    assert not set_up_heap({"MALLOC_ARENA_MAX": "4"})
    assert not set_up_heap({"GLIBC_TUNABLES": "glibc.malloc.arena_max=2"})
