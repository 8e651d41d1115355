"""The protocol of sd_notify(3)."""

from __future__ import annotations

import os
import socket
from typing import Any

from live.service.notify import SOCKET, WATCHDOG, WATCHDOG_PROCESS, Notifier


def test_states_arrive_as_one_datagram(ears: Any) -> None:
    notifier = ears.notifier(12.5)
    notifier.send("READY=1", "STATUS=playing")
    assert ears.heard() == [["READY=1", "STATUS=playing"]]
    assert (notifier.supervised, notifier.watchdog_s) == (True, 12.5)


def test_helper_processes_do_not_inherit_the_supervisors_variables(ears: Any) -> None:
    environment = {SOCKET: ears.address, WATCHDOG: "1000000", WATCHDOG_PROCESS: str(os.getpid()), "HOME": "/"}
    Notifier(environment)
    assert environment == {"HOME": "/"}


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    assert Notifier({WATCHDOG: "1000000", WATCHDOG_PROCESS: str(os.getpid() + 1)}).watchdog_s == 0.0
    assert Notifier({WATCHDOG: "1000000", WATCHDOG_PROCESS: str(os.getpid())}).watchdog_s == 1.0


def test_an_abstract_socket_is_found() -> None:
    """systemd in containers uses names that begin with a null byte, written as @."""
    name = f"arabesque-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        notifier = Notifier({SOCKET: "@" + name})
        notifier.send("WATCHDOG=1")
        assert listening.recv(100) == b"WATCHDOG=1"


def test_nothing_is_sent_without_a_supervisor_or_after_it_has_gone(ears: Any) -> None:
    alone = Notifier({})
    alone.send("READY=1")
    assert not alone.supervised
    notifier = ears.notifier()
    ears.close()
    notifier.send("READY=1")  # raises nothing
