"""The program that receives from MIDI inputs: a process of its own, so that each message is timed on arrival.

Neither the interpreter lock of a busy engine nor a driver that hangs or crashes delays it. It writes one JSON list a
line to standard output: `["midi", device, time, hex]` with times of the Clock, which all processes of one machine read
alike; `["opened" or "lost", device]`, `["error", sentence]`, and `["here"]` to each `ping`. It ends with its input.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading

from live.midi.input.input_set import VIRTUAL, InputSet
from live.midi.port import parse_port
from live.system.realtime import request_realtime
from live.transport.clock import Clock

PING, QUIT = b"ping\n", b"quit\n"


def main(argv: list[str] | None = None) -> int:
    """The program."""
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
        # An engine that reads nothing must not block the drivers' threads.
        with contextlib.suppress(OSError):
            os.write(sink, json.dumps(parts).encode() + b"\n")

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
        message=lambda device, at_s, data: say("midi", device, at_s, data.hex()),
        report=say,
    )
    request_realtime()
    wake, ended = threading.Condition(), threading.Event()

    def read() -> None:
        while True:
            data = os.read(sys.stdin.fileno(), 4096)
            if PING.strip() in data:
                say("here")
            if not data or QUIT.strip() in data:
                break
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
    with contextlib.suppress(Exception):  # whatever a driver raises
        others.close()
    # JACK crashes when it is unloaded after its server died.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
