"""Alerts over HTTP and by the system's mailer."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from live.service.alerts import Alert, AlertError, Alerts, check_target

ALERT = Alert("problem", "piano: its thread has ended — schade", "box", "foyer", "2026-11-29 12.00.00")
PATIENCE_S = 30.0


class Hook(ThreadingHTTPServer):
    """Takes what is posted; refuses as long as `refuses`."""

    daemon_threads = True
    refuses = False

    def __init__(self) -> None:
        self.posted: queue.Queue[dict[str, str]] = queue.Queue()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/json"
        self.server.posted.put(json.loads(body))
        self.send_response(500 if self.server.refuses else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_webhook_gets_the_alert_as_json(hook: Hook) -> None:
    alerts = Alerts([hook.url])
    alerts.send(ALERT)
    assert hook.posted.get(timeout=PATIENCE_S) == {
        "kind": "problem",
        "text": ALERT.sentence,
        "machine": "box",
        "show": "foyer",
        "date": ALERT.date,
    }
    alerts.close(PATIENCE_S)
    assert alerts.failed == 0


def test_a_webhook_that_refuses_is_logged_and_the_others_get_the_alert(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    hook.refuses = True
    with Hook() as second:
        thread = threading.Thread(target=second.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        alerts = Alerts([hook.url, "http://127.0.0.1:1/nobody", second.url])
        alerts.send(ALERT)
        alerts.close(PATIENCE_S)
        assert second.posted.get(timeout=PATIENCE_S)["text"] == ALERT.sentence
        second.shutdown()
        thread.join()
    assert alerts.failed == 2
    assert "HTTP Error 500" in caplog.text


def test_a_mail_goes_through_the_systems_mailer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailer = tmp_path / "sendmail"
    mailer.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat > {tmp_path}/mail\n')
    mailer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    alerts = Alerts(["mailto:curator@example.org"])
    alerts.send(ALERT)
    alerts.close(PATIENCE_S)
    assert (tmp_path / "arguments").read_text().strip() == "-i curator@example.org"
    head, _, body = (tmp_path / "mail").read_text().partition("\n\n")
    assert head.splitlines()[:2] == ["To: curator@example.org", "Subject: foyer: problem"]
    assert body == f"{ALERT.sentence}\n\nfoyer on box, {ALERT.date}\n"


@pytest.mark.parametrize(
    "target",
    ["ftp://host", "mailto:nobody", "mailto:-oQ@host", "mailto:a b@host", "mailto:a@b\nBcc:x@y", "curator@host", ""],
)
def test_other_targets_are_refused(target: str) -> None:
    with pytest.raises(AlertError, match="expected https"):
        check_target(target)
