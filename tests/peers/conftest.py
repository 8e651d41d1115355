"""Tests with other people's programs: skipped where a program is missing, failed where CI must have it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest
from programs import MONITOR, PATIENCE_S, Dump, Program

Peer = Callable[[str, str], str]


@pytest.fixture
def peer() -> Peer:
    """`peer("oscsend", "liblo-tools")` gives the program's path, or skips and names the Debian package to install."""

    def find(program: str, package: str) -> str:
        path = shutil.which(program)
        if path is None:
            sentence = f"{program} is missing (Debian package {package})"
            if os.environ.get("ARABESQUE_REQUIRE_PEERS"):
                pytest.fail(sentence)
            pytest.skip(sentence)
        return path

    return find


@pytest.fixture
def oscdump(peer: Peer) -> Iterator[Dump]:
    dump = Dump(peer("oscdump", "liblo-tools"))
    yield dump
    dump.close()


@pytest.fixture
def display(peer: Peer, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an X server with one screen, 640x480 pixels or what is asked for by a parameter."""
    size = getattr(request, "param", "640x480")
    program = peer("Xvfb", "xvfb")
    read, write = os.pipe()
    command = [program, "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        try:
            with os.fdopen(read) as number:
                yield f":{number.readline().strip()}"
        finally:
            server.terminate()


Jack = Callable[[], Program]
Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs that are ended with the test."""
    running: list[Program] = []

    def begin(*command: str) -> Program:
        running.append(Program(command))
        return running[-1]

    yield begin
    for program in reversed(running):
        if program.process.returncode is None:
            # Asked, not killed: JACK's registry holds eight servers, and one killed stays in it for ever.
            program.end(signal.SIGTERM)


@pytest.fixture
def jack(peer: Callable[[str, str], str], start: Start, monkeypatch: pytest.MonkeyPatch) -> Jack:
    """Starts a JACK server of this test's own, without a sound card."""
    # Few names, since a server that a test kills is forgotten only when another takes its name.
    server = f"arabesque-test-{os.getpid() % 4}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server)
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    command = [peer("jackd", "jackd2"), "-n", server, "-r", "-S", "-d", "dummy", "-r", "48000", "-p", "128"]
    wait = peer("jack_wait", "jackd2")

    def serve() -> Program:
        program = start(*command)
        subprocess.run([wait, "-w", "-t", "30"], check=True, capture_output=True, timeout=PATIENCE_S)
        return program

    return serve


@pytest.fixture
def monitor(peer: Callable[[str, str], str], jack: Jack, start: Start) -> Callable[[], Program]:
    """Starts jack_midi_dump, an independent receiver, on a server that runs."""
    jack()
    dump, ports = peer("jack_midi_dump", "jackd2"), peer("jack_lsp", "jackd2")

    def listen() -> Program:
        program = start("stdbuf", "-oL", dump, "-a")
        while MONITOR not in subprocess.run([ports], check=True, capture_output=True, text=True).stdout:
            assert program.process.poll() is None
        return program

    return listen
