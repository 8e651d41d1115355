"""Reads many UDP packets with one system call, Linux's recvmmsg.

Each system call in Python releases the interpreter lock, and with other busy threads it takes up to 5 ms to get it
back. Packet by packet, a full socket would then not be emptied as fast as it fills, and the newest packets would be
lost. This call keeps the lock, which is possible because it never waits.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from typing import Final

from live.osc.subscriptions import Peer

AT_ONCE: Final = 64
_ADDRESS_BYTES: Final = 128
_KNOWN: Final = 256
_FAMILIES: Final = {socket.AF_INET: slice(4, 8), socket.AF_INET6: slice(8, 24)}


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _MsgHdr(ctypes.Structure):  # struct msghdr of <sys/socket.h>
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _MsgHdr), ("size", ctypes.c_uint32))


class BatchReceiver:
    """Reads up to 64 packets at once, each cut to `longest` bytes. Raises OSError if the system does not support it."""

    def __init__(self, udp: socket.socket, longest: int) -> None:
        if sys.platform != "linux":
            raise OSError(errno.ENOSYS, "recvmmsg exists on Linux only")
        try:
            self._call = ctypes.PyDLL(None, use_errno=True).recvmmsg  # unlike CDLL, it keeps the interpreter
        except AttributeError:
            raise OSError(errno.ENOSYS, "no recvmmsg") from None
        self._socket = udp
        self._packets = ctypes.create_string_buffer(longest * AT_ONCE)  # pages are allocated only when written
        self._names = ctypes.create_string_buffer(_ADDRESS_BYTES * AT_ONCE)
        self._packet_at = [ctypes.addressof(self._packets) + number * longest for number in range(AT_ONCE)]
        self._name_at = [ctypes.addressof(self._names) + number * _ADDRESS_BYTES for number in range(AT_ONCE)]
        self._vectors = (_Vector * AT_ONCE)(*(_Vector(at, longest) for at in self._packet_at))
        self._messages = (_Message * AT_ONCE)()
        for number, message in enumerate(self._messages):
            message.header.name = self._name_at[number]
            message.header.vectors = ctypes.pointer(self._vectors[number])
            message.header.vector_count = 1
        self._known: dict[bytes, Peer] = {}

    def take(self, most: int) -> list[tuple[bytes, Peer]]:
        """The packets waiting in the socket, in order, at most `most` and 64. Raises OSError as `recvfrom` does."""
        wanted = min(most, AT_ONCE)
        for number in range(wanted):
            self._messages[number].header.name_size = _ADDRESS_BYTES
        count = self._call(self._socket.fileno(), self._messages, wanted, socket.MSG_DONTWAIT, None)
        if count < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return [self._read(number) for number in range(count)]

    def _read(self, number: int) -> tuple[bytes, Peer]:
        message = self._messages[number]
        name = ctypes.string_at(self._name_at[number], message.header.name_size)
        peer = self._known.get(name)
        if peer is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            peer = self._known[name] = _peer(name)
        return ctypes.string_at(self._packet_at[number], message.size), peer


def _peer(name: bytes) -> Peer:
    family = socket.AddressFamily(int.from_bytes(name[:2], sys.byteorder))
    return socket.inet_ntop(family, name[_FAMILIES[family]]), int.from_bytes(name[2:4], "big")
