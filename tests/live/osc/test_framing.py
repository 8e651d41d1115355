"""SLIP and length-prefixed framing of a byte stream, cut at any position."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc import slip

from live.osc.framing import FramingError, LengthPrefix, Slip, framing_of
from live.osc.packet import MAX_BYTES

PACKETS = st.lists(st.binary(min_size=1, max_size=60), max_size=5)


@settings(max_examples=60, deadline=None)
@given(PACKETS, st.sampled_from([LengthPrefix, Slip]), st.lists(st.integers(0, 400), max_size=6))
def test_decoded_packets_equal_the_encoded_ones(
    packets: list[bytes], kind: type[LengthPrefix | Slip], cuts: list[int]
) -> None:
    stream = b"".join(kind().frame(packet) for packet in packets)
    reader = kind()
    heard: list[bytes] = []
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for begin, end in itertools.pairwise(places):
        heard += reader.feed(stream[begin:end])
    assert heard == packets


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=60))
def test_slip_agrees_with_python_osc(packet: bytes) -> None:
    assert slip.decode(Slip().frame(packet)) == packet
    assert Slip().feed(slip.encode(packet)) == [packet]


@pytest.mark.parametrize(
    ("first", "kind"), [(0x00, LengthPrefix), (0xC0, Slip), (0x2F, Slip), (0x23, Slip), (0x47, LengthPrefix)]
)
def test_the_first_byte_determines_the_framing(first: int, kind: type) -> None:
    assert type(framing_of(first)) is kind


def test_slip_without_a_leading_end_byte() -> None:
    assert Slip().feed(b"/ab\0,\0\0\0\xc0/cd\0,\0\0\0\xc0") == [b"/ab\0,\0\0\0", b"/cd\0,\0\0\0"]


def test_an_http_request_is_answered_with_an_explanation() -> None:
    with pytest.raises(FramingError, match="expected the length of a packet"):
        LengthPrefix().feed(b"GET / HTTP/1.1\r\n")


def test_a_packet_without_end_is_discarded() -> None:
    reader = Slip()
    for _ in range(2):
        reader.feed(MAX_BYTES * b"x")
    with pytest.raises(FramingError, match="no end of a packet"):
        reader.feed(b"x")
