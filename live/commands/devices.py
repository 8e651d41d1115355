"""`arabesque devices`: lists MIDI ports and cameras."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from live.midi import MidiError
from live.midi.loop import measure, suggestion
from live.midi.port import PortInfo, choose, list_ports, open_port
from live.transport.clock import Clock
from live.video.reader import cameras


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns 0, also without any ports, or 1 if --loop measures nothing."""
    parser = argparse.ArgumentParser(
        prog="arabesque devices",
        description="Lists the MIDI ports of this machine, as --midi takes them, and its cameras, as a patch's Camera "
        "does (they have names on Linux only; elsewhere they are 0, 1, 2 …).",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    loop = "play notes on port OUT, measure when they return as MIDI on port IN, and suggest a --delay"
    parser.add_argument("--loop", nargs=2, metavar=("OUT", "IN"), help=loop)
    given = parser.parse_args(argv)
    if given.loop:
        return _loop(*given.loop)
    ports, seen = list_ports(), cameras()
    found = [asdict(port) for port in ports]
    found += [{"index": number, "name": name, "direction": "camera", "system": "V4L2"} for number, name in seen]
    text = json.dumps(found, indent=2) if given.json else _text(ports, seen)
    sys.stdout.write(text + "\n")
    return 0


def _loop(out_name: str, in_name: str) -> int:
    from live.midi.rtmidi_port import RtInput

    inputs = [port for port in list_ports() if port.direction == "in"]
    chosen = choose(in_name, [port.name for port in inputs])
    try:
        if chosen is None:
            there = ", ".join(port.name for port in inputs) or "none"
            raise MidiError(f"no MIDI input matches {in_name!r} (inputs: {there})")
        out, source = open_port(out_name), inputs[chosen]
        try:
            measured = measure(out, lambda received: RtInput.named(source.system, source.name, received), Clock())
        finally:
            out.close()
    except MidiError as error:
        sys.stderr.write(f"arabesque devices --loop: {error}\n")
        return 1
    for velocity, seconds in measured.items():
        sys.stdout.write(f"velocity {velocity:3}: {seconds * 1000.0:6.1f} ms\n")
    sys.stdout.write(suggestion(out_name, measured) + "\n")
    return 0


def _text(ports: list[PortInfo], seen: list[tuple[int, str]]) -> str:
    lines: list[str] = []
    for direction, title in (("out", "MIDI out (--midi NUMBER or --midi NAME)"), ("in", "MIDI in")):
        found = [port for port in ports if port.direction == direction]
        lines.append(title)
        lines += [f"  {port.index:3}  {port.name}  ({port.system})" for port in found] or ["  none"]
    lines += ["Also: virtual (creates a port), sound (the built-in piano), silent", "Cameras"]
    lines += [f"  {number:3}  {name}" for number, name in seen] or ["  none"]
    return "\n".join(lines)
