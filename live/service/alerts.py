"""Alerts: what an operator elsewhere must know, as OSC, as a webhook's JSON, or as a mail."""

from __future__ import annotations

import json
import logging
import queue
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from live.system.sentence import message

log = logging.getLogger(__name__)

Kind = Literal["problem", "solved", "note"]
WAITING_AT_MOST: Final = 100
"""Alerts that wait for a slow network; past that new ones are dropped."""
SEND_WITHIN_S: Final = 20.0
MAIL: Final = "mailto:"
SENDMAIL: Final = ("/usr/sbin/sendmail", "/usr/lib/sendmail")
"""Where the system's mailer is, besides the folders of PATH."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: its kind, the sentence, the machine, the show, and the wall clock's date."""

    kind: Kind
    sentence: str
    machine: str
    show: str
    date: str


class AlertError(ValueError):
    """A target that alerts cannot be sent to."""


class Alerts:
    """Sends each alert to all targets, on a thread of its own; a target that fails is logged, and not tried again.

    A target is `https://…` or `http://…`, which gets a POST with the alert as JSON, or `mailto:ADDRESS`, which gets a
    mail through the system's own sendmail program. Raises AlertError for anything else.
    """

    def __init__(self, targets: Sequence[str] = ()) -> None:
        for target in targets:
            check_target(target)
        self._targets = tuple(targets)
        self._waiting: queue.Queue[Alert | None] = queue.Queue(WAITING_AT_MOST)
        self._thread: threading.Thread | None = None
        self.failed = 0
        """How many could not be sent."""

    def send(self, alert: Alert) -> None:
        """Sends an alert soon; returns at once."""
        if not self._targets:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self.failed += 1

    def close(self, within_s: float = 2.0) -> None:
        """Sends what waits, for so long at most."""
        if self._thread is None:
            return
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(within_s)

    def _run(self) -> None:
        while (alert := self._waiting.get()) is not None:
            for target in self._targets:
                try:
                    _sender(target)(alert)
                except (OSError, subprocess.SubprocessError, ValueError) as error:
                    self.failed += 1
                    log.warning("the alert to %s was not sent: %s", target, message(error))


def check_target(target: str) -> None:
    """Raises AlertError for a target of another kind, or an address that could be an option of the mailer."""
    if target.startswith(("https://", "http://")):
        return
    address = target.removeprefix(MAIL)
    if address == target or "@" not in address or address.startswith("-") or any(c.isspace() for c in address):
        raise AlertError(f"expected https://…, http://… or mailto:NAME@HOST, got {target}")


def _sender(target: str) -> Callable[[Alert], None]:
    return (lambda alert: _mail(target.removeprefix(MAIL), alert)) if target.startswith(MAIL) else (
        lambda alert: _post(target, alert)
    )


def _post(url: str, alert: Alert) -> None:
    """Posts the alert as JSON. Raises OSError (URLError) where the server refuses or does not answer."""
    fields = {
        "kind": alert.kind,
        "text": alert.sentence,  # the field that chat systems show
        "machine": alert.machine,
        "show": alert.show,
        "date": alert.date,
    }
    request = urllib.request.Request(
        url, json.dumps(fields).encode(), {"Content-Type": "application/json", "User-Agent": "arabesque"}
    )
    with urllib.request.urlopen(request, timeout=SEND_WITHIN_S):
        pass


def _mail(address: str, alert: Alert) -> None:
    """Hands a mail to the system's mailer. Raises OSError where there is none or it refuses."""
    mailer = shutil.which("sendmail") or next((place for place in SENDMAIL if shutil.which(place)), None)
    if mailer is None:
        raise OSError("this machine has no sendmail program")
    subject = f"{alert.show}: {alert.kind}"
    text = f"To: {address}\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n"
    text += f"{alert.sentence}\n\n{alert.show} on {alert.machine}, {alert.date}\n"
    done = subprocess.run(
        [mailer, "-i", address], input=text.encode(), capture_output=True, timeout=SEND_WITHIN_S, check=False
    )
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace").strip() or f"sendmail ended with {done.returncode}")


def machine_name() -> str:
    """This machine's name, without its domain."""
    return socket.gethostname().partition(".")[0]
