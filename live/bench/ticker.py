"""A program that sends MIDI clock with known errors: prints `begin TIME`, then sends start and jittered ticks.

Usage: ticker.py TEMPO TICKS JITTER_MS. Times are those of Clock, which is common to all processes of a machine.
"""

from __future__ import annotations

import random
import sys
import time

from live.midi import MidiError
from live.midi.rtmidi_port import RtPort
from live.system.realtime import request_realtime
from live.transport.clock import Clock
from live.transport.tick_tracker import PER_BEAT

CLIENT = "Arabesque ticker"
LEAD_S = 3.0
"""Pause in which the receiver finds the port."""
SPIN_S = 0.002


def main(argv: list[str]) -> int:
    """Sends the ticks; prints a sentence and returns 1 if no port can be opened."""
    tempo_bpm, ticks, jitter_s = float(argv[0]), int(argv[1]), float(argv[2]) / 1000.0
    try:
        port = RtPort.virtual("out", client=CLIENT)
    except MidiError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    request_realtime()
    clock, dice = Clock(), random.Random(1)
    begin_s = clock.now() + LEAD_S
    sys.stdout.write(f"begin {begin_s!r}\n")
    sys.stdout.flush()
    for number in range(ticks):
        due_s = begin_s + number * 60.0 / tempo_bpm / PER_BEAT + dice.uniform(-jitter_s, jitter_s)
        time.sleep(max(0.0, due_s - SPIN_S - clock.now()))
        while clock.now() < due_s:
            pass
        if number == 0:
            port.send(b"\xfa")
        port.send(b"\xf8")
    port.send(b"\xfc")
    port.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
