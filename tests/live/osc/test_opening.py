"""Opens the OSC sockets that the command line requests, and reports those that cannot be opened."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from live.engine.options import Options
from live.net.allow import Allow
from live.osc.opening import is_loopback, open_osc
from live.osc.output import OscOutput
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock

HTTP = ("127.0.0.1", 0)


class Opened:
    """The sockets that `open_osc` opened, and the error messages."""

    def __init__(self, options: Options) -> None:
        self.sentences: list[str] = []
        tree = Tree(Clock())
        self.server: OscServer | None = open_osc(
            tree, tree.clock, OscOutput(tree, tree.clock), options, self.sentences.append
        )

    def close(self) -> None:
        if self.server is not None:
            self.server.close()


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    one = Opened(request.param)
    yield one
    one.close()


@pytest.mark.parametrize("opened", [Options(osc=("127.0.0.1", 0))], indirect=True)
def test_udp_and_tcp_have_the_same_port(opened: Opened) -> None:
    assert opened.server is not None
    assert opened.server.tcp is not None
    assert opened.server.port == opened.server.tcp.port
    assert opened.sentences == []


@pytest.mark.parametrize("opened", [Options(osc=None)], indirect=True)
def test_osc_can_be_disabled(opened: Opened) -> None:
    assert opened.server is None


@pytest.mark.parametrize("opened", [Options(osc=None, http=HTTP)], indirect=True)
def test_the_control_page_alone_needs_no_socket(opened: Opened) -> None:
    assert opened.server is not None
    assert (opened.server.udp, opened.server.tcp) == (None, None)


@pytest.mark.parametrize("opened", [Options(osc=None, osc_out=(("127.0.0.1", 9),))], indirect=True)
def test_a_sending_only_engine_does_not_listen_on_tcp(opened: Opened) -> None:
    assert opened.server is not None
    assert opened.server.udp is not None
    assert opened.server.tcp is None


@pytest.mark.parametrize("http", [None, HTTP])
def test_a_taken_udp_port_is_reported_and_the_page_is_served(http: tuple[str, int] | None) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        opened = Opened(Options(osc=("127.0.0.1", port), http=http))
        (sentence,) = opened.sentences
        assert f"UDP port {port}" in sentence
        assert "--osc-port" in sentence
        assert (opened.server is None) is (http is None)
        opened.close()


def test_a_taken_tcp_port_is_reported_and_udp_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        opened = Opened(Options(osc=("127.0.0.1", port)))
        (sentence,) = opened.sentences
        assert f"TCP port {port}" in sentence
        assert "OSC over UDP only" in sentence
        assert opened.server is not None
        assert opened.server.udp is not None
        opened.close()


def test_a_second_engine_takes_the_next_free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:  # TCP alone is enough to move on
        port = other.getsockname()[1]
        monkeypatch.setattr("live.osc.opening.USUAL_PORT", port)
        opened = Opened(Options(osc=("127.0.0.1", None)))
        assert opened.sentences == []
        assert opened.server is not None
        assert opened.server.tcp is not None
        assert port < opened.server.port == opened.server.tcp.port
        opened.close()


def test_with_a_token_the_log_says_how_to_send_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    opened = Opened(Options(osc=("0.0.0.0", 0), token="tosca"))
    opened.close()
    assert "/token TEXT" in caplog.text
    assert "tosca" not in caplog.text


@pytest.mark.parametrize(("allow", "warned"), [(Allow(), True), (Allow.parse("192.168.1.0/24"), False)])
def test_open_ports_without_a_token_are_reported(allow: Allow, warned: bool, caplog: pytest.LogCaptureFixture) -> None:
    opened = Opened(Options(osc=("0.0.0.0", 0), allow=allow))
    opened.close()
    assert ("open to the network" in caplog.text) is warned


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.168.1.7", False), ("x", False)],
)
def test_loopback_needs_no_warning(host: str, own: bool) -> None:
    assert is_loopback(host) is own
