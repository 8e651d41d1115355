"""Framing of packets in a stream of bytes: OSC 1.0's length prefix, and OSC 1.1's SLIP (RFC 1055)."""

from __future__ import annotations

from typing import Final, Protocol

from live.osc.packet import MAX_BYTES

END: Final = b"\xc0"
ESCAPE: Final = b"\xdb"
ESCAPED_END: Final = b"\xdb\xdc"
ESCAPED_ESCAPE: Final = b"\xdb\xdd"


class FramingError(ValueError):
    """Bytes that neither framing explains; the start of the next packet is unknown."""


class Framing(Protocol):
    """One direction of a stream: bytes in as they come, whole packets out."""

    def feed(self, part: bytes) -> list[bytes]:
        """The packets that are complete with these bytes. Raises FramingError; nothing can be read after that."""
        ...

    def frame(self, packet: bytes) -> bytes:
        """A packet as it is written to the stream."""
        ...


def framing_of(first: int) -> Framing:
    """The framing that a stream beginning with this byte has.

    A length below 65,536 begins with a zero byte. SLIP begins with END; old senders, which put END only after a packet,
    begin with the packet itself.
    """
    return Slip() if first in (END[0], *b"/#") else LengthPrefix()


class LengthPrefix:
    """Four bytes, big-endian, then as many bytes as they say."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, part: bytes) -> list[bytes]:
        """The packets that are complete; FramingError for a length that no packet has."""
        rest = self._rest
        rest += part
        packets: list[bytes] = []
        begin = 0
        while len(rest) - begin >= 4:
            size = int.from_bytes(rest[begin : begin + 4], "big")
            if size > MAX_BYTES:
                raise FramingError(
                    f"expected the length of a packet, up to {MAX_BYTES} bytes, or SLIP; got {size} "
                    "(OSC over TCP has four bytes of length before each packet, or C0 around it)"
                )
            if len(rest) - begin - 4 < size:
                break
            if size:
                packets.append(bytes(rest[begin + 4 : begin + 4 + size]))
            begin += 4 + size
        del rest[:begin]
        return packets

    def frame(self, packet: bytes) -> bytes:
        """The length, and the packet."""
        return len(packet).to_bytes(4, "big") + packet


class Slip:
    """END before and after each packet; what looks like END or ESCAPE within is escaped."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, part: bytes) -> list[bytes]:
        """The packets that are complete; FramingError where one would be longer than any packet."""
        *whole, self._rest = (self._rest + part).split(END)
        if len(self._rest) > 2 * MAX_BYTES:
            raise FramingError(f"no end of a packet after {len(self._rest)} bytes; expected C0 after each")
        # in this order: the first cannot make what the second looks for
        return [one.replace(ESCAPED_END, END).replace(ESCAPED_ESCAPE, ESCAPE) for one in whole if one]

    def frame(self, packet: bytes) -> bytes:
        """The packet, escaped, between two ENDs."""
        return END + packet.replace(ESCAPE, ESCAPED_ESCAPE).replace(END, ESCAPED_END) + END
