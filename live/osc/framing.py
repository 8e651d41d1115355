"""Framing of packets in a byte stream: the length prefix of OSC 1.0, and SLIP (RFC 1055) of OSC 1.1."""

from __future__ import annotations

from typing import Final, Protocol

from live.osc.packet import MAX_BYTES

END: Final = b"\xc0"
ESCAPE: Final = b"\xdb"
ESCAPED_END: Final = b"\xdb\xdc"
ESCAPED_ESCAPE: Final = b"\xdb\xdd"


class FramingError(ValueError):
    """Bytes that are invalid in both framings; the start of the next packet is unknown."""


class Framing(Protocol):
    """Framing of one direction of a stream: from received bytes to complete packets."""

    def feed(self, part: bytes) -> list[bytes]:
        """Returns the packets completed by these bytes. Raises FramingError; the stream is then unusable."""
        ...

    def frame(self, packet: bytes) -> bytes:
        """A packet with its framing."""
        ...


def framing_of(first: int) -> Framing:
    """The framing of a stream that begins with this byte.

    A length below 65,536 begins with a zero byte. SLIP begins with END; old senders, which put END only after a packet,
    begin with the packet itself.
    """
    return Slip() if first in (END[0], *b"/#") else LengthPrefix()


class LengthPrefix:
    """The length of a packet as four big-endian bytes, then the packet (OSC 1.0)."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, part: bytes) -> list[bytes]:
        """Returns the packets completed by these bytes. Raises FramingError for an invalid length."""
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
        """The packet with its length."""
        return len(packet).to_bytes(4, "big") + packet


class Slip:
    """END before and after each packet; END and ESCAPE within a packet are escaped (RFC 1055)."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, part: bytes) -> list[bytes]:
        """Returns the packets completed by these bytes. Raises FramingError for a packet that is too long."""
        *whole, self._rest = (self._rest + part).split(END)
        if len(self._rest) > 2 * MAX_BYTES:
            raise FramingError(f"no end of a packet after {len(self._rest)} bytes; expected C0 after each")
        # in this order, so that the first replacement does not create matches of the second
        return [one.replace(ESCAPED_END, END).replace(ESCAPED_ESCAPE, ESCAPE) for one in whole if one]

    def frame(self, packet: bytes) -> bytes:
        """The escaped packet between two ENDs."""
        return END + packet.replace(ESCAPE, ESCAPED_ESCAPE).replace(END, ESCAPED_END) + END
