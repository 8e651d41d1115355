"""A program that receives MIDI on its own port and prints each message as `TIME HEX`.

Times are those of Clock, which is common to all processes of a machine. Ends when its standard input ends.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from live.midi import MidiError
from live.midi.rtmidi_port import RtInput
from live.transport.clock import Clock

CLIENT = "Arabesque receiver"


def main() -> int:
    """Prints `ready` once the port is open; otherwise prints a sentence and returns 1."""
    clock = Clock()

    def heard(event: tuple[list[int], float], _: Any) -> None:
        now_s = clock.now()
        os.write(1, f"{now_s!r} {bytes(event[0]).hex()}\n".encode())

    try:
        port = RtInput.virtual("in", heard, CLIENT)
    except MidiError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while os.read(0, 4096):
        pass
    port.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
