"""Concurrent changes to a patch in real time: none is lost, and no thread is blocked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from live.engine.engine import Engine
from live.engine.options import Options
from live.midi.input.midi_input import MidiInput
from live.patch import load
from live.transport.clock import Clock
from models.base import NoteOff, NoteOn

HEADER = "from live import Keys, Midi, Node, Patch, follow\nfrom toys import Scale\nout = Midi('silent')\n"
A = "a=Node(Scale, weights='p', length=0.02, seed=0, out=out, source=Keys())"
MORE = ", ".join(f"{name}=Node(Scale, weights='p', length=0.02, seed=0, out=out, source=Keys())" for name in "bcdefg")
RELOADS = 6


class RunningEngine:
    """An engine that plays a file in real time, with all that it said was wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write(A)
        self.engine = Engine(load(path), Clock(), Options(osc=None, watch=False), path)
        self.errors: list[str] = []
        self.engine.tree.watchers.append(self._watch)
        self.engine.open()

    def write(self, nodes: str, header: str = "") -> None:
        self.path.write_text(f"{HEADER}{header}patch = Patch({nodes})\n", encoding="utf-8")

    def reload(self, nodes: str, header: str = "") -> bool:
        self.write(nodes, header)
        return self.engine.reload()

    def _watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        if address == "/engine/error":
            self.errors.append(str(arguments[0]))


@pytest.fixture
def show(tmp_path: Path) -> Iterator[RunningEngine]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads take turns as often as they can
    show = RunningEngine(tmp_path / "piece.py")
    try:
        yield show
    finally:
        sys.setswitchinterval(interval)
        show.engine.close()


@contextmanager
def meanwhile(*works: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Does each work again and again, on a thread of its own; gives what they raised."""
    raised: list[BaseException] = []
    done = threading.Event()

    def repeat(work: Callable[[], object]) -> None:
        while not done.is_set():
            try:
                work()
            except BaseException as error:
                raised.append(error)
                return

    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield raised
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_nodes_come_and_go_while_all_of_them_are_read(show: RunningEngine) -> None:
    tree = show.engine.tree
    looks: list[float] = []

    def each() -> float:
        looks.append(0.0)
        return 0.0

    works = (
        lambda: show.engine.run(0.05, each),
        lambda: tree.set("/midi/panic", True),
        lambda: tree.set("/engine/seed", 3),
    )
    with meanwhile(*works) as raised:
        for _ in range(RELOADS):
            assert show.reload(f"{A}, {MORE}")
            assert show.reload(A)
    assert raised == []
    assert show.errors == []
    assert looks
    assert list(show.engine.nodes) == ["a"]


def test_keys_played_during_a_reload_reach_the_nodes_and_come_up_again(show: RunningEngine) -> None:
    keys = next(service for service in show.engine.control_thread.services if isinstance(service, MidiInput))
    runner: Any = show.engine.nodes["a"]
    heard: list[object] = []
    hear = runner.hear
    runner.hear = lambda event: (heard.append(event), hear(event))
    struck = [0]

    def play() -> None:
        if struck[0] - len(heard) // 2 < 100:  # no faster than they are taken
            struck[0] += 1
            keys.arrive("piano", 0.0, bytes((0x90, 60, 64)))
            keys.arrive("piano", 0.0, bytes((0x80, 60, 0)))

    with meanwhile(play) as raised:
        for _ in range(RELOADS):
            assert show.reload(f"{A}, {MORE}")
            assert show.reload(A)
    assert raised == []
    _wait_for(lambda: len(heard) >= 2 * struck[0])
    assert show.errors == []
    assert [type(event) for event in heard] == [NoteOn, NoteOff] * struck[0]


def test_with_two_writers_the_tree_and_the_clock_agree(show: RunningEngine) -> None:
    tree, clock = show.engine.tree, show.engine.clock
    set_tempo, reached, free = clock.set_tempo, threading.Event(), threading.Event()

    def slow(tempo_bpm: float) -> None:
        if tempo_bpm == 100.0:  # the first writer has stored its value, and has not acted on it yet
            reached.set()
            assert free.wait(30.0)
        set_tempo(tempo_bpm)

    clock.set_tempo = slow  # type: ignore[method-assign]
    first = threading.Thread(target=tree.set, args=("/clock/tempo", 100.0))
    first.start()
    assert reached.wait(30.0)
    second = threading.Thread(target=tree.set, args=("/clock/tempo", 140.0))
    second.start()
    second.join()
    free.set()
    first.join()
    assert clock.beats.tempo_bpm == tree.get("/clock/tempo") == 140.0


def test_a_mapping_is_removed_while_it_is_stepped(show: RunningEngine) -> None:
    tree = show.engine.tree

    def remap() -> None:
        tree.write("/mapping/add", ["sine 50 hz", "/a/lowest", 0, 50])
        tree.write("/mapping/remove", ["/a/lowest"])

    with meanwhile(remap, show.engine.control_thread.wake) as raised:
        show.engine.run(1.0)
    assert raised == []
    assert show.errors == []


def test_cues_that_repeat_without_a_wait_do_not_block_the_control_thread(show: RunningEngine, tmp_path: Path) -> None:
    keys = next(service for service in show.engine.control_thread.services if isinstance(service, MidiInput))
    runner: Any = show.engine.nodes["a"]
    both = 'actions = ["/cue/goto one", "/cue/goto two"]'
    (tmp_path / "piece.cues.toml").write_text(f"[one]\n{both}\n[two]\n{both}\n", encoding="utf-8")
    _wait_for(lambda: show.engine.tree.get("/cue/list") == "one\ntwo")
    heard: list[object] = []
    hear = runner.hear
    runner.hear = lambda event: (heard.append(event), hear(event))
    show.engine.tree.write("/cue/go", [])
    _wait_for(lambda: bool(show.errors))
    assert "is in a cycle of cues without a wait: stopped" in show.errors[0]
    keys.arrive("piano", 0.0, bytes((0x90, 60, 64)))
    _wait_for(lambda: bool(heard))
    show.engine.close()
    assert not [sentence for sentence in show.errors if "control thread" in sentence]


def test_a_change_that_fails_leaves_the_others_made_and_is_made_with_the_next_reload(show: RunningEngine) -> None:
    broken = "class Broken(Scale):\n    def start(self, seed):\n        raise KeyboardInterrupt\n"
    nodes = f"{A}, b=Node(Broken, weights='p', out=out), c=Node(Scale, weights='p', out=out)"
    assert show.reload(nodes, broken)
    assert show.errors == ["b: KeyboardInterrupt"]
    assert {"a", "c"} <= set(show.engine.nodes)
    assert show.reload(nodes, broken.replace("raise KeyboardInterrupt", "return 0"))
    assert set(show.engine.nodes) == {"a", "b", "c"}
    assert len(show.errors) == 1


def test_a_reload_that_comes_late_starts_nothing(show: RunningEngine) -> None:
    show.engine.close()
    assert not show.reload(f"{A}, {MORE}")
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("node ")]


def test_a_flood_of_reloads_starts_no_threads(show: RunningEngine) -> None:
    threading_before = threading.active_count()
    for _ in range(2000):
        show.engine.tree.set("/engine/reload", True)
        assert threading.active_count() <= threading_before
    show.engine.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise KeyboardInterrupt\n", "line 4: KeyboardInterrupt"),
        ("raise GeneratorExit('gone')\n", "line 4: GeneratorExit: gone"),
        ("raise SystemExit\n", "line 4: SystemExit"),
        ("class E(Exception):\n    def __str__(self):\n        1 / 0\nraise E\n", "line 7: E"),
        (f"x = {'(' * 5000}1{')' * 5000}\n", "too many nested parentheses"),
        (f"x = {'-' * 50000}1\n", "nested too deeply to be read"),
    ],
)
def test_any_exception_of_a_patch_is_a_sentence_and_can_be_reloaded(show: RunningEngine, text: str, said: str) -> None:
    assert not show.reload(A, text)
    assert len(show.errors) == 1
    assert said in show.errors[0]
    assert show.reload(f"{A}, b=Node(Scale, weights='p', out=out)")
    assert set(show.engine.nodes) == {"a", "b"}


def _wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds, looked at often; for half a minute at the most."""
    turn = threading.Event()
    for _ in range(3000):
        if condition():
            return
        turn.wait(0.01)
    raise AssertionError("it never came")
