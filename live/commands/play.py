"""`arabesque [PATCH] …`: plays a patch."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from importlib.metadata import version
from pathlib import Path

from live.commands.names import MEANINGS
from live.engine.stop_signals import StopSignals
from live.engine.terminal import StatusStream, log_to, wants_colour
from live.gallery.arguments import add_kiosk_arguments, kiosk_options
from live.midi import MidiError
from live.midi.output.delay import Delay
from live.net.allow import Allow
from live.net.source_rule import SourceRule
from live.net.token import TokenError, read_token
from live.service.arguments import add_arguments, check_arguments, start_log_file
from live.system.heap import set_up_heap

log = logging.getLogger("live.commands.play")

DEFAULT_PATCH = "trio"
DEVICE_VARIABLE = "ARABESQUE_DEVICE"
"""Read by `models.compute.device`, which imports torch."""
ALONE = (
    "draw in the window, press F2 and play on the keys A to L; F1 shows all keys, Q stops",
    "the control page moves everything, on a phone too with --host 0.0.0.0",
    "next: arabesque duet (it answers your playing), sketch, mirror; arabesque --help tells the rest",
)
"""What to try, told to a person who names no patch."""


def make_parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:9} {meaning}" for name, meaning in MEANINGS.items())
    parser = argparse.ArgumentParser(
        prog="arabesque",
        description="Plays a patch: neural models that perform live, with every parameter controllable over OSC.",
        epilog=f"other commands (arabesque COMMAND --help):\n{commands}\n\n"
        "examples:\n"
        "  arabesque                                       a painter, a draughtsman and a piano, in a window\n"
        '  arabesque --midi "*Roland*"                     on a MIDI port, by any part of its name\n'
        "  arabesque --set /piano/temperature=0.8 --seed 3 less random, and another performance\n"
        "  arabesque my_piece.py --record tonight.mid      your own patch, recorded as a MIDI file",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "patch",
        nargs="?",
        help=f"a Python file, or the name of a patch that comes with Arabesque (default: {DEFAULT_PATCH})",
    )
    sound = parser.add_argument_group("output")
    sound.add_argument(
        "--midi",
        metavar="PORT",
        help="MIDI output: part of a port's name, its number in `arabesque devices`, `virtual` to create a port, "
        "`sound` for the built-in piano, or `silent`",
    )
    sound.add_argument(
        "--delay",
        action="append",
        default=[],
        metavar="PORT=MS",
        help="delay of the instrument on a port from message to sound: milliseconds, or a TOML file with delays by "
        "velocity for player pianos; notes are sent that much earlier (may be repeated; `devices --loop` measures it)",
    )
    sound.add_argument(
        "--soundfont",
        metavar="FILE",
        help="an .sf2 or .sf3 file for the built-in sound (needs the extra arabesque[soundfont])",
    )
    sound.add_argument(
        "--record",
        type=Path,
        metavar="FILE.mid",
        help="write the performance to a MIDI file, which is complete at any time",
    )
    sound.add_argument(
        "--record-session",
        type=Path,
        metavar="FILE",
        help="record all inputs, including every change of a parameter, for `arabesque replay FILE`",
    )
    sound.add_argument(
        "--record-video",
        type=Path,
        metavar="FILE.mp4",
        help="record the stage to a video file (.mp4, .mov, .mkv) without sound; it stays readable after a crash",
    )
    sound.add_argument("--render", type=Path, metavar="FILE.wav", help="at the end, write the performance as sound")
    sound.add_argument(
        "--offline",
        action="store_true",
        help="do not play, only --record, --render or --record-video, as fast as possible (needs --seconds)",
    )
    control = parser.add_argument_group("control")
    control.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="ADDRESS=VALUE",
        dest="settings",
        help="set a parameter at the start, such as /piano/temperature=0.8 (may be repeated)",
    )
    control.add_argument(
        "--midi-in",
        action="append",
        default=[],
        metavar="PORT",
        help="MIDI inputs to open: part of a name, `virtual` to create one, `none` (may be repeated; default: all)",
    )
    control.add_argument(
        "--player", type=Path, metavar="FILE.mid", help="play this MIDI file as the performer, also with --offline"
    )
    control.add_argument("--clock-in", metavar="PORT", help="follow the MIDI clock of this input; `auto` for any")
    control.add_argument("--link", action="store_true", help="share the tempo by Ableton Link (extra arabesque[link])")
    control.add_argument("--clock-out", metavar="PORT", help="send MIDI clock to this port")
    control.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="the same seed gives the same performance (default: the patch's, or a random one, which is logged)",
    )
    control.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address that OSC and the control page listen on (default: %(default)s, this machine only; "
        "0.0.0.0 for the whole network)",
    )
    control.add_argument(
        "--osc-port",
        type=port,
        metavar="N",
        help="the port that OSC listens on, UDP and TCP (default: 9000, or the next free one)",
    )
    control.add_argument(
        "--http-port",
        type=port,
        metavar="N",
        help="the port of the control page and of OSCQuery (default: 9080, or the next free one)",
    )
    control.add_argument("--no-http", action="store_true", help="no control page and no OSCQuery")
    control.add_argument(
        "--token",
        metavar="TEXT",
        help="token that the control page and OSC senders on other machines must give; every user of this machine can "
        "read it on the command line",
    )
    control.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="the same, read from the first line of a file; or set ARABESQUE_TOKEN in the environment",
    )
    control.add_argument(
        "--allow",
        metavar="NETWORKS",
        help="accept messages only from these addresses and this machine, such as 192.168.1.0/24,10.0.0.7",
    )
    control.add_argument(
        "--files",
        action="append",
        default=[],
        metavar="PLACE",
        help="folder of pictures and videos, or address of streams such as rtsp://192.168.1.20, that messages may also "
        "name (may be repeated; always allowed: the patch's folder, the working directory, the local network)",
    )
    control.add_argument(
        "--osc-out",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="also send every note and change to this address (may be repeated)",
    )
    control.add_argument("--no-osc", action="store_true", help="no OSC input")
    state = control.add_mutually_exclusive_group()
    state.add_argument("--fresh", action="store_true", help="do not restore the values saved before a crash")
    state.add_argument(
        "--resume", action="store_true", help="restore the values of the last show, also after a regular end"
    )
    control.add_argument("--no-reload", action="store_true", help="do not reload the patch file when it changes")
    running = parser.add_argument_group("running")
    running.add_argument("--seconds", type=float, metavar="N", help="stop after this many seconds")
    running.add_argument(
        "--device", metavar="NAME", help="of the painter and other networks that gain by a GPU: cpu, cuda or mps"
    )
    running.add_argument("--headless", action="store_true", help="no window and no running line; changes are logged")
    add_arguments(parser)
    add_kiosk_arguments(parser)
    running.add_argument("--verbose", "-v", action="store_true", help="log more, with times")
    running.add_argument("--version", action="version", version=f"arabesque {version('arabesque')}")
    return parser


def main(argv: list[str]) -> int:
    """Plays until Ctrl-C, SIGTERM, /engine/stop or the end of --seconds; returns the exit status."""
    set_up_heap()
    signals = StopSignals()
    signals.install()
    parser = make_parser()
    given = parser.parse_args(argv)
    terminal = _log(given.verbose)
    check_arguments(parser, given)
    start_log_file(given)
    settings = (*_clocks(given), *(_setting(parser, text) for text in given.settings))
    targets = tuple(_target(parser, text) for text in given.osc_out)
    if given.seconds is not None and not given.seconds > 0:
        parser.error("--seconds: expected more than 0")
    if given.seed is not None and not 0 <= given.seed < 2**31:
        parser.error(f"--seed: expected a whole number from 0 to {2**31 - 1}")
    if given.offline and (given.seconds is None or not (given.record or given.render or given.record_video)):
        parser.error("--offline needs --seconds, and --record, --render or --record-video")

    if given.patch is None and not (given.headless or given.offline):
        for line in ALONE:
            log.info("%s", line)

    if not given.offline:
        log.info("loading %s", given.patch or DEFAULT_PATCH)
    if given.device:
        os.environ[DEVICE_VARIABLE] = given.device
    # These modules import torch, so they are imported only after the command line was parsed.
    from live.engine.options import Options
    from live.engine.performance import perform

    options = Options(
        seed=given.seed,
        midi=given.midi,
        midi_in=tuple(port for port in given.midi_in or ["auto"] if port != "none"),
        player=given.player,
        delays=tuple(_delay(parser, text) for text in given.delay),
        soundfont=given.soundfont,
        record=given.record,
        record_video=given.record_video,
        session=given.record_session,
        osc=None if given.no_osc else (given.host, given.osc_port),
        osc_out=targets,
        http=None if given.no_http else (given.host, given.http_port),
        token=_token(parser, given),
        allow=_allow(parser, given.allow),
        files=_files(parser, given.files),
        restore="never" if given.fresh else "always" if given.resume else "after a crash",
        settings=settings,
        service=given.service,
        alerts=tuple(given.alert),
        watch=not given.no_reload,
        **kiosk_options(parser, given),
    )
    return perform(
        given.patch or DEFAULT_PATCH,
        options,
        seconds=given.seconds,
        offline=given.offline,
        headless=given.headless,
        render=given.render,
        on_stop=signals.register,
        terminal=terminal,
    )


def port(text: str) -> int:
    """The number of a UDP or TCP port; 0 takes any free one."""
    number = int(text)
    if not 0 <= number < 65536:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text}")
    return number


def _setting(parser: argparse.ArgumentParser, text: str) -> tuple[str, str]:
    address, equals, value = text.partition("=")
    if not equals or not address.startswith("/"):
        parser.error(f"--set {text}: expected ADDRESS=VALUE, such as /piano/temperature=0.8")
    return address, value


def _delay(parser: argparse.ArgumentParser, text: str) -> tuple[str, str]:
    port, found, delay = text.rpartition("=")
    try:
        Delay.read(delay)
    except MidiError as error:
        parser.error(f"--delay {text}: {error}")
    return (port if found else "*"), delay


def _clocks(given: argparse.Namespace) -> list[tuple[str, str]]:
    """The settings (address, value) that the clock's options stand for."""
    followed = [("/clock/source", "midi"), ("/clock/in", given.clock_in)] if given.clock_in else []
    shared = [("/clock/source", "link")] if given.link else []
    return [*followed, *shared, *([("/clock/out", given.clock_out)] if given.clock_out else [])]


def _target(parser: argparse.ArgumentParser, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        parser.error(f"--osc-out {text}: expected HOST:PORT, such as 127.0.0.1:9001")
    return host, int(port)


def _allow(parser: argparse.ArgumentParser, text: str | None) -> Allow:
    try:
        return Allow() if text is None else Allow.parse(text)
    except ValueError as error:
        parser.error(f"--allow: {error}")


def _files(parser: argparse.ArgumentParser, places: list[str]) -> tuple[str, ...]:
    try:
        SourceRule([], places)
    except ValueError as error:
        parser.error(f"--files: {error}")
    return tuple(places)


def _token(parser: argparse.ArgumentParser, given: argparse.Namespace) -> str | None:
    try:
        return read_token(given.token, given.token_file, os.environ)
    except TokenError as error:
        parser.error(str(error))


def _log(verbose: bool) -> StatusStream | None:
    """Sets the log up; returns the stream of the running line, if standard error is a terminal."""
    stream = StatusStream(sys.stderr)
    pattern = "%(asctime)s %(levelname)s %(message)s" if verbose else "arabesque: %(message)s"
    level = logging.DEBUG if verbose else logging.INFO
    log_to(stream, level, pattern, colour=wants_colour(sys.stderr, os.environ))
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    return stream if sys.stderr.isatty() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
