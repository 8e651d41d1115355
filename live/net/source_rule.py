"""Restricts the files and network addresses that a sender may name as a source of pictures.

The patch and the command line may name any. Values from OSC, HTTP, MIDI, presets or cues are restricted to the folders
of the show and the hosts of its network: otherwise any peer could make the engine read a private file or request a page
of another machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from live.net.allow import Allow
from live.net.own_addresses import LOCAL_SUFFIXES

SCHEMES = ("http", "https", "rtsp", "rtmp", "rtp", "srt", "tcp", "udp")
"""The schemes of stream addresses."""


class SourceRule:
    """The folders and streams that a sender may name.

    `places` are further permitted folders, or addresses such as rtsp://camera.example.org with all of their paths. The
    check only compares names, so it never waits for a disk or a name server; the readers check that a file is a regular
    file.
    """

    def __init__(self, folders: Sequence[Path], places: Sequence[str] = (), allow: Allow | None = None) -> None:
        """Raises ValueError for a place that is neither a folder nor an address."""
        self._allow = allow if allow is not None else Allow()
        self._folders = [folder for folder in map(Path.absolute, folders) if folder != Path(folder.anchor)]
        self._streams: set[tuple[str, str]] = set()
        self._trusted: set[str] = set()
        for place in places:
            if "://" in place:
                self._streams.add(_server(place))
            elif Path(place).expanduser().is_dir():
                self._folders.append(Path(place).expanduser().absolute())
            else:
                raise ValueError(f"expected a folder, or an address such as rtsp://192.168.1.20, got {place}")

    def trust(self, text: str) -> None:
        """Permits exactly this source from now on, because the patch or the command line names it."""
        self._trusted.add(text.strip())

    def check(self, text: str) -> None:
        """Raises ValueError for a file outside the folders, and for a stream from another network.

        A relative name without .. is permitted: a file of the show, or the name of a camera or painting.
        """
        text = text.strip()
        if text in self._trusted:
            return
        if "://" in text:
            self._check_stream(text)
        else:
            self._check_file(text)

    def _check_file(self, text: str) -> None:
        try:
            path = Path(text).expanduser()
        except RuntimeError:  # ~ with an unknown user name
            path = Path(text).absolute()
        outside = path.is_absolute() and not any(path.is_relative_to(folder) for folder in self._folders)
        if outside or ".." in path.parts:
            there = ", ".join(str(folder) for folder in self._folders)
            raise ValueError(
                f"expected a file below {there} without .. in its path (--files FOLDER permits another), got {text!r}"
            )

    def _check_stream(self, text: str) -> None:
        scheme, server = _server(text)
        host = urlsplit(text).hostname or ""
        local = "." not in host and host[:1].isalpha()  # 2130706433 and 0x7f000001 are addresses, too
        if not (
            (scheme, server) in self._streams
            or local
            or host.endswith(tuple(f".{domain}" for domain in LOCAL_SUFFIXES))
            or self._allow.reaches(host)
        ):
            admit = f"--files {scheme}://{server} permits it"
            raise ValueError(f"expected a stream in this network ({admit}), got {text!r}")


def _server(address: str) -> tuple[str, str]:
    """Scheme and host with port, in lower case. Raises ValueError for anything but the address of a stream."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        raise ValueError(f"expected an address such as rtsp://192.168.1.20/live, got {address!r}") from None
    if parts.scheme not in SCHEMES or not parts.hostname or not address.isprintable() or {" ", "\\"} & set(address):
        raise ValueError(f"expected an address that begins with {', '.join(SCHEMES)}, got {address!r}")
    return parts.scheme, f"{parts.hostname}{port}"
