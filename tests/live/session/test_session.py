"""Records a performance on the virtual clock and replays it: the same notes at the same times, bit for bit."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mido
import pytest
from pieces import Piece
from toys import Scale

from live.commands.replay import main
from live.session.replay import Replay, ReplayOutcome
from live.session.session_file import SessionError, ValueStored, lines_of
from models.base import NoteOn, Pen

HEADER = "from live import Midi, Node, Patch\nfrom toys import Scale\n"
ONE = "patch = Patch(seed=3, a=Node(Scale, weights='plain', length=0.25))"


@pytest.fixture
def piece(tmp_path: Path) -> Iterator[Piece]:
    piece = Piece(tmp_path, HEADER, ONE, record=tmp_path / "played.mid", session=tmp_path / "kept")
    yield piece
    piece.close()


@pytest.fixture
def again(tmp_path: Path) -> Callable[[], ReplayOutcome]:
    """Plays the session again, to again.mid."""
    return lambda: Replay(tmp_path / "kept", tmp_path / "again.mid").run()


def notes(path: Path) -> list[str]:
    return [str(message) for message in mido.MidiFile(path).tracks[0]]


def struck(path: Path) -> list[tuple[int, int]]:
    """(tick, pitch) of all notes, without controllers: a session does not contain the steps of a volume fade."""
    tick, found = 0, []
    for message in mido.MidiFile(path).tracks[0]:
        tick += message.time
        if message.type == "note_on":
            found.append((tick, message.note))
    return found


def lines(path: Path) -> list[list[Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]


def test_performer_input_is_replayed(piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path) -> None:
    engine = piece.open(settings=(("/a/lowest", "40"),))
    engine.advance(1.1)
    engine.tree.set("/a/length", 0.1, 1.7)
    engine.advance(1.9)
    engine.tree.set("/a/register", "high")
    engine.tree.set("/a/now", True)
    engine.advance(2.6)
    engine.tree.set("/a/transpose", -12)
    engine.tree.set("/a/nudge", 33.3)
    engine.advance(3.0)
    engine.tree.set("/a/pause", True)
    engine.advance(3.3)
    engine.tree.set("/a/pause", False)
    engine.tree.set("/midi/panic", True)
    engine.tree.set("/engine/seed", 9)
    engine.tree.set("/clock/tempo", 77)
    engine.advance(5.0)
    engine.close()
    outcome = again()
    assert outcome.difference == ""
    assert outcome.ended
    assert outcome.seconds == 5.0
    assert outcome.notes > 20
    assert notes(tmp_path / "again.mid") == notes(tmp_path / "played.mid")


def test_the_beat_is_replayed(piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path) -> None:
    engine = piece.open()
    engine.advance(1.1)
    engine.tree.set("/a/quantise", 0.7)
    engine.tree.set("/a/swing", 0.3)
    engine.tree.set("/a/length", 0.17)
    engine.tree.set("/clock/tempo", 173, 2.0)
    engine.advance(2.3)
    engine.tree.set("/a/wait", "bar")
    engine.tree.set("/clock/meter", 3)
    engine.tree.set("/a/reset", True)
    engine.advance(4.0)
    engine.tree.set("/clock/play", False)
    engine.advance(4.5)
    engine.tree.set("/clock/play", True)
    engine.tree.set("/a/volume", 100, 0.5)
    engine.advance(7.0)
    engine.close()
    outcome = again()
    assert outcome.difference == ""
    assert outcome.notes > 20
    assert struck(tmp_path / "again.mid") == struck(tmp_path / "played.mid")


def test_performer_keys_are_replayed(piece: Piece, tmp_path: Path) -> None:
    engine = piece.open()
    engine.advance(0.5)
    engine.nodes["a"].hear(NoteOn(60, 1))
    engine.nodes["a"].hear(Pen(0.1, -1 / 3, True))
    engine.advance(1.0)
    engine.close()
    replay = Replay(tmp_path / "kept")
    assert replay.run().difference == ""
    model = replay._runners["a"].model
    assert isinstance(model, Scale)
    assert model.heard == [[NoteOn(60, 1), Pen(0.1, -1 / 3, True)]]


def test_a_reload_is_replayed(piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path) -> None:
    engine = piece.open()
    engine.advance(1.0)
    both = ONE.replace("length=0.25)", "length=0.5), b=Node(Scale, weights='other', lowest=60, seed=0)")
    for text, until_s in (
        (both, 2.0),
        (both.replace("'plain'", "'finer', out=Midi('auto', channel=9)"), 3.0),
        (both.replace("a=", "c="), 4.0),
    ):
        piece.write(text)
        assert engine.reload()
        engine.advance(until_s)
    engine.close()
    piece.path.write_text("nothing of it is left", encoding="utf-8")
    outcome = again()
    assert outcome.difference == ""
    assert notes(tmp_path / "again.mid") == notes(tmp_path / "played.mid")


def test_a_deterministic_failure_occurs_again(piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path) -> None:
    engine = piece.open()
    engine.advance(1.0)
    engine.tree.set("/a/broken", True)
    engine.advance(1.5)
    engine.tree.set("/a/broken", False)
    engine.advance(4.0)
    engine.close()
    assert [line[0] for line in lines(tmp_path / "kept")].count("fail") == 1
    assert again().difference == ""
    assert notes(tmp_path / "again.mid") == notes(tmp_path / "played.mid")


def test_an_accidental_failure_is_reproduced(
    piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Scale.step

    def out_of_memory(self: Scale, state: int, *arguments: Any, **knobs: Any) -> Any:
        if state % 20 == 7:
            raise MemoryError("no memory left")
        return step(self, state, *arguments, **knobs)

    engine = piece.open()
    with monkeypatch.context() as patched:
        patched.setattr(Scale, "step", out_of_memory)
        engine.advance(4.0)
    engine.advance(6.0)
    engine.close()
    assert [line[0] for line in lines(tmp_path / "kept")].count("fail") > 1
    assert again().difference == ""


@pytest.mark.parametrize(("word", "which"), [("set", -1), ("look", 2)])
def test_a_difference_is_reported(
    piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path, word: str, which: int
) -> None:
    engine = piece.open()
    engine.advance(1.0)
    engine.tree.set("/a/lowest", 50)
    engine.advance(3.0)
    engine.close()
    kept = (tmp_path / "kept").read_bytes().splitlines(keepends=True)
    gone = [number for number, line in enumerate(kept) if line.startswith(f'["{word}"'.encode())][which]
    (tmp_path / "kept").write_bytes(b"".join(kept[:gone] + kept[gone + 1 :]))
    assert "the events of a before its iteration" in again().difference


def test_a_crash_leaves_a_readable_session(piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path) -> None:
    engine = piece.open()
    engine.advance(3.0)
    engine.close()
    kept = (tmp_path / "kept").read_bytes()
    (tmp_path / "kept").write_bytes(kept[: len(kept) * 2 // 3])
    outcome = again()
    assert not outcome.ended
    assert outcome.difference == ""
    assert 0 < outcome.notes < len([note for note in notes(tmp_path / "played.mid") if "note_on" in note])
    assert notes(tmp_path / "again.mid")[: outcome.notes] == notes(tmp_path / "played.mid")[: outcome.notes]


@pytest.mark.parametrize(
    "line", ["\0\0\0", "[]", '["look"]', '["sing",1.0,"a"]', '["set","soon","/a/lowest",3]', '["look",1.0,"b",0]', "{}"]
)
def test_a_damaged_line_is_reported_and_the_session_replayed_up_to_it(
    piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path, line: str
) -> None:
    engine = piece.open()
    engine.advance(3.0)
    engine.close()
    kept = (tmp_path / "kept").read_text(encoding="utf-8").splitlines()
    (tmp_path / "kept").write_text("\n".join([*kept[:12], line, *kept[12:], ""]), encoding="utf-8")
    with pytest.raises(SessionError, match=r"kept, line 13: "):
        again()
    assert "note_on" in str(notes(tmp_path / "again.mid"))


@pytest.mark.parametrize("first", ["", "MThd", "{}", '{"arabesque session": 99}', '{"arabesque session": 1}'])
def test_a_file_that_is_no_session_is_an_error(tmp_path: Path, first: str) -> None:
    (tmp_path / "kept").write_text(first + "\n", encoding="utf-8")
    with pytest.raises(SessionError, match=r"kept, line 1: "):
        Replay(tmp_path / "kept")
    with pytest.raises(SessionError, match="none: No such file"):
        Replay(tmp_path / "none")


def test_of_a_flood_only_the_values_that_a_node_read_are_recorded(
    piece: Piece, again: Callable[[], ReplayOutcome], tmp_path: Path
) -> None:
    engine = piece.open()
    engine.advance(1.0)
    for number in range(900):
        engine.tree.set("/a/lowest", number % 70)
        engine.tree.set("/a/length", 0.1 + number / 10_000)
    engine.tree.set("/a/register", "low")
    engine.tree.set("/a/register", "free")
    engine.tree.set("/a/lowest", 12, 0.7)
    engine.advance(3.0)
    engine.close()
    kept = [line for line in lines(tmp_path / "kept") if line[0] == "set" and line[1] >= 1.0]
    assert len(kept) < 10
    assert [line[2:] for line in kept[-3:]] == [["/a/register", "low"], ["/a/register", "free"], ["/a/lowest", 12, 0.7]]
    assert again().difference == ""


def test_numbers_come_back_bit_for_bit(piece: Piece, tmp_path: Path) -> None:
    engine = piece.open()
    engine.advance(1 / 3)
    engine.tree.set("/a/length", 0.1 + 0.2, 1e-7)
    engine.close()
    wrote = [line for _, line in lines_of(tmp_path / "kept") if isinstance(line, ValueStored)]
    assert wrote[-1] == ValueStored(1 / 3, "/a/length", 0.1 + 0.2, 1e-7)


def test_the_command_prints_its_result(piece: Piece, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    piece.open()
    piece.open(ONE.replace("0.25", "0.5")).advance(2.0)
    kept = tmp_path / "kept"
    assert main([str(kept)]) == 0
    assert "kept is incomplete, as after a crash" in caplog.text
    assert f"{piece.path} has changed since; the session uses the text that it contains" in caplog.text
    assert "except pictures" in caplog.text
    kept.write_bytes(kept.read_bytes().replace(b"{", b"", 1))
    assert main([str(kept)]) == 1
    assert "kept, line 1: not a line of a session" in caplog.text


def test_check_fails_where_it_differs(piece: Piece, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    engine = piece.open()
    engine.advance(2.0)
    engine.close()
    kept, record = tmp_path / "kept", tmp_path / "again.mid"
    assert main([str(kept), "--check", "--record", str(record)]) == 0
    assert "identical: 2.000 s" in caplog.text
    assert notes(record) == notes(tmp_path / "played.mid")
    kept.write_text(kept.read_text(encoding="utf-8").replace('"torch":"', '"torch":"0.'), encoding="utf-8")
    kept.write_text(kept.read_text(encoding="utf-8").replace('/a/seed",', '/a/seed",1'), encoding="utf-8")
    assert main([str(kept)]) == 0
    assert main([str(kept), "--check"]) == 1
    assert "recorded with torch 0." in caplog.text
    assert "differs from the recording: " in caplog.text
