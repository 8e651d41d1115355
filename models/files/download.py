"""Fetches a file over HTTP: whole or not at all, never larger than allowed, going on where it stopped."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

CHUNK = 1 << 16
PATIENCE_S = 20.0  # without a byte
ATTEMPTS = 4
SCHEMES = "http://", "https://"

Received = Callable[[int, int | None], None]
"""Hears how many bytes there are, and of how many where the server says."""


class DownloadError(Exception):
    """A file that could not be fetched: one sentence with the address and what went wrong."""


def download(
    address: str,
    path: Path,
    *,
    most: int,
    sha256: str | None = None,
    told: Received | None = None,
    patience_s: float = PATIENCE_S,
) -> None:
    """Writes what lies at `address` to `path`, of at most `most` bytes.

    What arrived of it stays beside it as NAME.part, and the next call (or attempt: a broken connection is tried a few
    times) asks for the rest only. `sha256` is its checksum, or how that begins. Raises DownloadError, one sentence,
    where it does not work; OSError where it cannot be written.
    """
    if not address.startswith(SCHEMES):
        raise DownloadError(f"{address}: not an http address")
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in reversed(range(ATTEMPTS)):
        had = part.stat().st_size if part.exists() else 0
        try:
            _fetch(address, part, most, told, patience_s)
            break
        except urllib.error.HTTPError as error:
            if error.code == 416 and had:  # there is nothing after what we have, or it is another file by now
                part.unlink()
                if left:
                    continue
            raise DownloadError(f"{address}: the server says {error.code} {error.reason}") from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            came = part.stat().st_size if part.exists() else 0
            if left and came > had:  # something arrived: worth another attempt
                continue
            reason = getattr(error, "reason", None) or error
            kept = f"; {came:,} bytes are kept, and the same command goes on from there" if came else ""
            raise DownloadError(f"{address}: cannot be fetched ({reason}): is this machine online?{kept}") from None
    if sha256 is not None:
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if not found.startswith(sha256):
            part.unlink()
            raise DownloadError(f"{address}: damaged or changed: its SHA-256 is {found}, and {sha256} was expected")
    part.replace(path)


def _fetch(address: str, part: Path, most: int, told: Received | None, patience_s: float) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"User-Agent": "arabesque", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=patience_s) as answer:
        begin = _begin(answer.headers.get("Content-Range"))
        if answer.status != 206 or begin != have:
            have = 0  # the server sends all of it
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        if total is not None and total > most:
            raise DownloadError(f"{address}: {total:,} bytes, and at most {most:,} were expected")
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            while chunk := answer.read(CHUNK):
                have += len(chunk)
                if have > most:
                    file.close()
                    part.unlink()
                    raise DownloadError(f"{address}: more than {most:,} bytes")
                file.write(chunk)
                if told is not None:
                    told(have, total)
        if total is not None and have < total:
            raise http.client.IncompleteRead(b"", total - have)


def _begin(content_range: str | None) -> int | None:
    """Where a part begins, of "bytes 100-199/200"."""
    unit, _, rest = (content_range or "").partition(" ")
    begin = rest.partition("-")[0]
    return int(begin) if unit == "bytes" and begin.isdigit() else None
