"""The process that receives from MIDI inputs and measures the arrival time of each message.

Neither the interpreter lock of a busy engine nor a driver that hangs or crashes delays it. It writes one JSON list a
line to standard output: `["midi", device, time, hex]` with times of the Clock, which all processes of one machine read
alike; `["opened" or "lost", device]`, `["error", sentence]`, and `["here"]` to each `ping`. It ends with its input.
Keys that are struck also go to the sender processes whose addresses it has read in a line `keys PORT WORD …`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading

from live.midi.input.device_name import plain_name
from live.midi.input.input_set import VIRTUAL, InputSet
from live.midi.input.message import ON
from live.midi.key_datagrams import KeySender, StruckKey
from live.midi.port import parse_port
from live.system.realtime import request_realtime, request_realtime_thread
from live.transport.clock import Clock

PING, QUIT = b"ping\n", b"quit\n"
_KEYS = b"keys "


def keys_line(addresses: str) -> bytes:
    """The line that names the addresses to which keys are passed directly."""
    return _KEYS + addresses.encode() + b"\n"


def main(argv: list[str] | None = None) -> int:
    """Runs the process until its standard input ends; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="live.midi.input.listener", description="Receives MIDI for the engine that started it."
    )
    parser.add_argument("--in", dest="ports", action="append", default=[], help="a pattern as in Keys(...) of a patch")
    parser.add_argument("--again", action="store_true", help="after a crash; makes no difference here")
    parser.add_argument("--engine", type=int, default=0, help="the process that started it")
    given = parser.parse_args(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    clock, sink = Clock(), sys.stdout.fileno()
    with contextlib.suppress(OSError, AttributeError):  # not on Windows before Python 3.12
        os.set_blocking(sink, False)

    def say(*parts: object) -> None:
        # An engine that does not read must not block the drivers' threads.
        with contextlib.suppress(OSError):
            os.write(sink, json.dumps(parts).encode() + b"\n")

    direct = KeySender()
    urgent: set[int] = set()

    def receive(device: str, at_s: float, data: bytes) -> None:
        if threading.get_ident() not in urgent:  # a driver's thread
            urgent.add(threading.get_ident())
            request_realtime_thread()
        if len(data) == 3 and data[0] & 0xF0 == ON and data[2] > 0:
            direct.send(StruckKey(at_s, plain_name(device), (data[0] & 0x0F) + 1))
        say("midi", device, at_s, data.hex())

    from live.midi.rtmidi_port import PortNames, RtInput

    others = PortNames()
    own = [(VIRTUAL, parse_port(text).text) for text in given.ports if parse_port(text).kind == "virtual"]
    inputs = InputSet(
        [text for text in given.ports if parse_port(text).kind != "virtual"],
        clock,
        names=lambda: [*own, *others()],
        open_input=lambda port, received: (
            RtInput.virtual(port.name, received)
            if port.system == VIRTUAL
            else RtInput.named(port.system, port.name, received, port.occurrence)
        ),
        message=receive,
        report=say,
    )
    request_realtime()
    wake, ended = threading.Condition(), threading.Event()

    def read() -> None:
        rest, data = b"", b" "
        while data and QUIT.strip() not in data:
            data = os.read(sys.stdin.fileno(), 4096)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line == PING.strip():
                    say("here")
                elif line.startswith(_KEYS):
                    direct.set_addresses(line[len(_KEYS) :].decode("ascii", "replace"))
        ended.set()
        with wake:
            wake.notify()

    threading.Thread(target=read, name="commands", daemon=True).start()
    while not ended.is_set():
        inputs.scan()
        with wake:
            if not ended.is_set():
                clock.wait(inputs.scan_at_s, wake)
    inputs.close()
    with contextlib.suppress(Exception):  # a driver may raise anything
        others.close()
    # JACK crashes when it is unloaded after its server died.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
