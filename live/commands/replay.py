"""`arabesque replay FILE`: replays a recorded session, and compares the result with the recording."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from live.patch import PatchError
from live.session.recorder import versions
from live.session.replay import Replay, ReplayOutcome
from live.session.session_file import SessionError, SessionHead

log = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    """Replays a session; returns 0 for success, 1 for failure or (with --check) a difference, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="arabesque replay",
        description="Replays a session recorded with --record-session: the same notes and strokes, as fast as this "
        "machine can. A session contains its patch, which is a program: replay only sessions that you trust.",
    )
    parser.add_argument("session", type=Path, metavar="FILE", help="the recorded session")
    parser.add_argument("--record", type=Path, metavar="FILE.mid", help="write what is played to a MIDI file")
    parser.add_argument("--render", type=Path, metavar="FILE.wav", help="write what is played as sound")
    parser.add_argument("--check", action="store_true", help="fail unless the result is bit-identical")
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="arabesque: %(message)s", stream=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="arabesque-") as scratch:
        record = given.record or (Path(scratch) / "played.mid" if given.render else None)
        try:
            replay = Replay(given.session, record)
            _say_where_from(given.session, replay.head)
            outcome = replay.run()
        except (SessionError, PatchError) as error:
            log.error("%s", error)
            return 1
        _say(given.session, outcome)
        status = int(given.check and bool(outcome.difference))
        recording = replay.recording()
        if recording is not None and given.render:
            from live.engine.performance import to_sound

            status = to_sound(recording, given.render) or status
    return status


def _say_where_from(session: Path, head: SessionHead) -> None:
    log.info("%s: %s, recorded %s. %s", session, Path(head.patch).name, head.date, head.kept)
    patch = Path(head.patch)
    try:
        if patch.read_text(encoding="utf-8") != head.text:
            log.warning("%s has changed since; the session uses the text that it contains", patch)
    except (OSError, ValueError):
        log.warning("%s no longer exists; the session uses the text that it contains", patch)
    now = versions()
    others = [f"{name} {was}, here {now.get(name)}" for name, was in head.versions.items() if now.get(name) != was]
    if others:
        log.warning("recorded with %s: expect small differences", "; ".join(others))


def _say(session: Path, outcome: ReplayOutcome) -> None:
    done = (
        f"{outcome.seconds:.3f} s, {outcome.iterations} iterations, {outcome.notes} notes, "
        f"{outcome.points} points drawn"
    )
    if not outcome.ended:
        log.warning("%s is incomplete, as after a crash: replayed to its last line", session)
    if outcome.difference:
        log.warning("differs from the recording: %s (in total %s)", outcome.difference, done)
    else:
        log.info("identical: %s", done)
