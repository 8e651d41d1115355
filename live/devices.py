"""`arabesque devices`: what this machine has to play to and to listen to."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from live.midi.ports import PortInfo, list_ports


def main(argv: list[str] | None = None) -> int:
    """The command; 0 always: a machine without ports is no error."""
    parser = argparse.ArgumentParser(
        prog="arabesque devices", description="Lists the MIDI ports of this machine, as --midi takes them."
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args(argv)
    ports = list_ports()
    text = json.dumps([asdict(port) for port in ports], indent=2) if given.json else _text(ports)
    sys.stdout.write(text + "\n")
    return 0


def _text(ports: list[PortInfo]) -> str:
    lines: list[str] = []
    for direction, title in (("out", "MIDI out (--midi NUMBER or --midi NAME)"), ("in", "MIDI in")):
        found = [port for port in ports if port.direction == direction]
        lines.append(title)
        lines += [f"  {port.index:3}  {port.name}  ({port.system})" for port in found] or ["  none"]
    lines += ["Also: virtual (a port of our own), sound (the built-in piano), silent"]
    return "\n".join(lines)
