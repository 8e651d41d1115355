"""The addresses and names of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.net import own_addresses
from live.net.own_addresses import REFRESH_S, OwnAddresses, own_names
from live.transport.clock import VirtualClock


def test_an_address_that_comes_later_is_noticed_and_one_that_goes_is_forgotten() -> None:
    clock, addresses, reads = VirtualClock(), ["127.0.0.1", "192.168.1.5"], [0]

    def read() -> list[str]:
        reads[0] += 1
        return addresses

    own = OwnAddresses(clock, read)
    assert "192.168.1.5" in own
    assert "10.0.0.9" not in own
    addresses[1:] = ["10.0.0.9"]
    assert "10.0.0.9" not in own  # the list is not read again for every packet of a stranger
    assert reads == [1]
    clock.advance(REFRESH_S)
    assert "10.0.0.9" in own
    assert "192.168.1.5" not in own
    assert reads == [2]


def test_a_machine_is_called_by_its_name_below_local_and_searched_domains(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("# by hand\nnameserver 192.168.1.1\nsearch studio.example conservatory.example.\n", "utf-8")
    monkeypatch.setattr(own_addresses, "RESOLVER", resolver)
    monkeypatch.setattr("socket.gethostname", lambda: "VM")
    names = own_names("0.0.0.0")
    assert {"localhost", "vm", "vm.local", "vm.fritz.box", "vm.studio.example", "vm.conservatory.example"} <= names
    assert "vm.evil.example" not in names
