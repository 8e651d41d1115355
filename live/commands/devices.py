"""`arabesque devices`: lists MIDI ports and cameras."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from live.midi.port import PortInfo, list_ports
from live.video.reader import cameras


def main(argv: list[str] | None = None) -> int:
    """The command; always 0, since a machine without ports is no error."""
    parser = argparse.ArgumentParser(
        prog="arabesque devices",
        description="Lists the MIDI ports of this machine, as --midi takes them, and its cameras, as a patch's Camera "
        "does (they have names on Linux only; elsewhere they are 0, 1, 2 …).",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args(argv)
    ports, seen = list_ports(), cameras()
    found = [asdict(port) for port in ports]
    found += [{"index": number, "name": name, "direction": "camera", "system": "V4L2"} for number, name in seen]
    text = json.dumps(found, indent=2) if given.json else _text(ports, seen)
    sys.stdout.write(text + "\n")
    return 0


def _text(ports: list[PortInfo], seen: list[tuple[int, str]]) -> str:
    lines: list[str] = []
    for direction, title in (("out", "MIDI out (--midi NUMBER or --midi NAME)"), ("in", "MIDI in")):
        found = [port for port in ports if port.direction == direction]
        lines.append(title)
        lines += [f"  {port.index:3}  {port.name}  ({port.system})" for port in found] or ["  none"]
    lines += ["Also: virtual (a port of our own), sound (the built-in piano), silent", "Cameras"]
    lines += [f"  {number:3}  {name}" for number, name in seen] or ["  none"]
    return "\n".join(lines)
