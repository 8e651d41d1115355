"""A MIDI device with keys and faders: sends the messages that it reads, in hexadecimal, over its own port.

Usage: fader_box.py NAME. Several messages in a line go out one after the other; `wait SECONDS` stands between them.
"""

from __future__ import annotations

import sys
import time

import rtmidi

port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=sys.argv[1])
port.open_virtual_port("out")
sys.stdout.write("ready\n")
sys.stdout.flush()
for line in sys.stdin:
    words = iter(line.split())
    for word in words:
        if word == "wait":
            time.sleep(float(next(words)))
        else:
            port.send_message(bytes.fromhex(word))
port.close_port()
