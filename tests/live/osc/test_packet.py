"""Parses OSC packets: the examples of the OSC 1.0 specification, and arbitrary bytes."""

from __future__ import annotations

import contextlib
import math
import struct
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from live.osc.packet import (
    MAX_ARGUMENTS,
    MAX_DEPTH,
    Bang,
    Bundle,
    Message,
    MidiBytes,
    PacketError,
    Rgba,
    TimeTag,
    ahead_s,
    parse,
)

OSCILLATOR = bytes.fromhex("2f6f7363696c6c61746f722f342f6672657175656e637900 2c660000 43dc0000")
FOO = bytes.fromhex(
    "2f666f6f00000000 2c69697366660000 000003e8 ffffffff 68656c6c6f000000 3f9df3b6 40b5b22d",
)


def text(words: str) -> bytes:
    raw = words.encode()
    return raw + b"\0" * (4 - len(raw) % 4)


def bundle(*elements: bytes, tag: int = 1) -> bytes:
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def nested(depth: int, inner: bytes) -> bytes:
    for _ in range(depth):
        inner = bundle(inner)
    return inner


def test_first_example_of_the_specification() -> None:
    assert parse(OSCILLATOR) == Message("/oscillator/4/frequency", (440.0,))


def test_second_example_of_the_specification() -> None:
    said = parse(FOO)
    assert isinstance(said, Message)
    assert said.address == "/foo"
    assert said.arguments[:3] == (1000, -1, "hello")
    assert said.arguments[3:] == pytest.approx((1.234, 5.678), rel=1e-7)


@pytest.mark.parametrize(
    ("tags", "data", "arguments"),
    [
        ("i", "80000000", (-(2**31),)),
        ("f", "3f800000", (1.0,)),
        ("s", b"data\0\0\0\0".hex(), ("data",)),
        ("S", b"OSC\0".hex(), ("OSC",)),
        ("b", "00000005 0102030405000000", (b"\1\2\3\4\5",)),
        ("b", "00000000", (b"",)),
        ("h", "7fffffffffffffff", (2**63 - 1,)),
        ("d", "3ff8000000000000", (1.5,)),
        ("t", "0000000000000001", (TimeTag(1),)),
        ("c", "00000041", ("A",)),
        ("r", "ff800001", (Rgba(255, 128, 0, 1),)),
        ("m", "01903c40", (MidiBytes(1, 0x90, 60, 64),)),
        ("TFNI", "", (True, False, None, Bang.IMPULSE)),
        ("i[ff]i", "00000001 3f800000 40000000 00000002", (1, (1.0, 2.0), 2)),
        ("[[i]T][]", "00000003", (((3,), True), ())),
        ("", "", ()),
    ],
)
def test_each_type(tags: str, data: str, arguments: tuple[object, ...]) -> None:
    assert parse(text("/a") + text("," + tags) + bytes.fromhex(data)) == Message("/a", arguments)


def test_no_type_tags_and_no_data_is_a_message_without_arguments() -> None:
    assert parse(text("/panic")) == Message("/panic", ())


def test_bundles_hold_messages_and_bundles() -> None:
    inner = bundle(FOO, tag=7 << 32)
    assert parse(bundle(OSCILLATOR, inner)) == Bundle(1, (parse(OSCILLATOR), Bundle(7 << 32, (parse(FOO),))))
    assert parse(bundle()) == Bundle(1, ())


@pytest.mark.parametrize(
    ("packet", "sentence"),
    [
        (b"", "0 bytes"),
        (b"/a\0", "3 bytes"),
        (b"/abc", "has no end"),
        (b"abc\0", "begins with /"),
        (text("/a") + b"\0\0\0\1", "without type tags"),
        (text("/a") + text(",i"), "needs 4 bytes, not 0"),
        (text("/a") + text(",i") + bytes(8), "needs 4 bytes, not 8"),
        (text("/a") + text(",s"), "the data ends"),
        (text("/a") + text(",s") + b"endl", "a text has no end"),
        (text("/a") + text(",T") + bytes(4), "4 bytes are left over"),
        (text("/a") + text(",iQf") + bytes(12), "unknown type tag 'Q'"),
        (text("/a") + text(",b") + b"\xff\xff\xff\xfc", "a blob claims -4 bytes"),
        (text("/a") + text(",b") + b"\x7f\xff\xff\xff" + bytes(4), "a blob claims 2147483647 bytes"),
        (text("/a") + text(",c") + b"\0\0\xd8\0", "is not the code of a character"),
        (text("/a") + text(",[i") + bytes(4), "without ]"),
        (text("/a") + text(",i]") + bytes(4), "without ["),
        (text("/a") + text("," + "[" * 17 + "]" * 17), "deep"),
        (text("/a") + text("," + "T" * (MAX_ARGUMENTS + 1)), "more than 4096 arguments"),
        (b"#bundle\0" + bytes(4), "a bundle begins"),
        (b"#bundel\0" + bytes(8), "a bundle begins"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", -4), "claims -4 bytes"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 0), "claims 0 bytes"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 3) + b"/a\0\0", "claims 3 bytes"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 400) + text("/a"), "claims 400 bytes, with 4 left"),
        (nested(MAX_DEPTH + 1, OSCILLATOR), "deep"),
        (nested(1_200, OSCILLATOR), "deep"),
        (bytes(70_000), "70000 bytes"),
    ],
)
def test_invalid_packets_are_refused_with_a_reason(packet: bytes, sentence: str) -> None:
    with pytest.raises(PacketError, match=sentence.replace("[", "\\[")):
        parse(packet)


def test_a_nesting_of_sixteen_is_still_read() -> None:
    assert isinstance(parse(nested(MAX_DEPTH, OSCILLATOR)), Bundle)


def test_text_that_is_not_utf8_is_read_with_replacements() -> None:
    assert parse(text("/a") + text(",s") + b"\xff\xfea\0") == Message("/a", ("\ufffd\ufffda",))


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
float32 = st.floats(width=32, allow_nan=False)
plain = st.one_of(
    st.tuples(st.just("i"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("h"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("f"), float32),
    st.tuples(st.just("d"), st.floats(allow_nan=False)),
    st.tuples(st.just("s"), words),
    st.tuples(st.just("b"), st.binary(min_size=1, max_size=20)),
    st.tuples(st.just("T"), st.just(True)),
    st.tuples(st.just("F"), st.just(False)),
    st.tuples(st.just("N"), st.none()),
)
addresses = st.text("abc/*[]{}0", max_size=20).map(lambda rest: "/" + rest)


@settings(deadline=None)
@given(addresses, st.lists(plain, max_size=12), st.lists(plain, max_size=3))
def test_packets_of_python_osc_are_read_correctly(
    address: str, arguments: list[tuple[str, object]], array: list[tuple[str, object]]
) -> None:
    builder = OscMessageBuilder(address)
    for tag, value in arguments:
        builder.add_arg(value, tag)
    builder.add_arg([value for _, value in array], [tag for tag, _ in array])
    expected = (*(value for _, value in arguments), tuple(value for _, value in array))
    built = builder.build()
    assert parse(built.dgram) == Message(address, expected)
    outer = OscBundleBuilder(1.5)
    outer.add_content(built)
    outer.add_content(built)
    said = parse(outer.build().dgram)
    assert isinstance(said, Bundle)
    assert said.elements == (Message(address, expected),) * 2


nonsense = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [
                *(b"/a\0\0", b"/*a*\0\0\0\0", b"#bundle\0", b"\0\0\0\1", b"\0\0\0\x10", b"\xff\xff\xff\xfc"),
                *(b",i\0\0", b",s\0\0", b",b\0\0", b",[[\0", b",]Q\0", b"\x7f\xf0\0\0", b"\0\0\0\0", b",ifs"),
                *(b"dhtm", b"\0\0\0\x14"),
            ]
        ),
        max_size=60,
    ).map(b"".join),
)


@settings(max_examples=400, deadline=None)
@given(nonsense)
@example(b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc")
def test_any_bytes_either_parse_or_raise_a_packet_error(packet: bytes) -> None:
    with contextlib.suppress(PacketError):
        assert isinstance(parse(packet), Message | Bundle)


@pytest.mark.parametrize(
    "packet",
    [
        text("/a") + text("," + "[]" * 2_000),
        bundle(*[text("/a")] * 4_096),
        bundle(*[bundle()] * 3_000),
        text("/" + "a" * 65_000),
        text("/a") + text("," + "Q" * 60_000),
    ],
)
def test_the_largest_packets_are_read_quickly(packet: bytes) -> None:
    before = time.process_time()
    with contextlib.suppress(PacketError):
        parse(packet[:65_532])
    assert time.process_time() - before < 2.0  # milliseconds in truth; two seconds would be an attack


UNIX_2026 = 1_790_000_000.0


def tag(unix_s: float) -> int:
    return int((unix_s + 2_208_988_800.0) % 2**32 * 2**32)


@pytest.mark.parametrize("now_s", [UNIX_2026, 2_085_978_495.0])  # the second is the last before 32 bits are full
def test_timetags_are_dates(now_s: float) -> None:
    assert ahead_s(1, now_s) == 0.0
    assert ahead_s(0, now_s) == 0.0
    assert ahead_s(tag(now_s - 5.0), now_s) == 0.0
    assert ahead_s(tag(now_s + 2.5), now_s) == pytest.approx(2.5, abs=1e-5)
    assert not math.isnan(ahead_s(2**64 - 1, now_s))


def test_a_clock_that_starts_at_1970_is_in_the_past_and_not_in_the_next_century() -> None:
    assert ahead_s(int(UNIX_2026) << 32, UNIX_2026) == 0.0


def test_a_far_date_stays_far() -> None:
    assert ahead_s(tag(UNIX_2026 + 86_400 * 365), UNIX_2026) > 86_400 * 364
