"""Downloads a file over HTTP: atomic, limited in size, and resumed after an interruption."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

CHUNK = 1 << 16
TIMEOUT_S = 20.0  # without a byte received
ATTEMPTS = 4
SCHEMES = "http://", "https://"

Received = Callable[[int, int | None], None]
"""Called with the number of bytes received so far and the total, None if the server does not state it."""


class DownloadError(Exception):
    """A download that failed; the message is one sentence with the address and the reason."""


def download(
    address: str,
    path: Path,
    *,
    most: int,
    sha256: str | None = None,
    on_progress: Received | None = None,
) -> None:
    """Downloads `address` to `path`, at most `most` bytes.

    An incomplete download is kept as NAME.part, and the next call requests only the rest; after a broken connection
    the function itself makes up to `ATTEMPTS` attempts. `sha256` is the expected checksum in hex, or its first digits.
    Raises DownloadError when the download fails, OSError when the file cannot be written.
    """
    if not address.startswith(SCHEMES):
        raise DownloadError(f"{address}: not an http address")
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in reversed(range(ATTEMPTS)):
        had = part.stat().st_size if part.exists() else 0
        try:
            _fetch(address, part, most, on_progress)
            break
        except urllib.error.HTTPError as error:
            if error.code == 416 and had:  # NAME.part is complete, or the file on the server changed
                part.unlink()
                if left:
                    continue
            raise DownloadError(f"{address}: the server says {error.code} {error.reason}") from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            came = part.stat().st_size if part.exists() else 0
            if left and came > had:  # bytes arrived: another attempt may succeed
                continue
            reason = getattr(error, "reason", None) or error
            kept = f"; {came:,} bytes are kept, and the same command resumes there" if came else ""
            raise DownloadError(f"{address}: cannot be fetched ({reason}): is this machine online?{kept}") from None
    if sha256 is not None:
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if not found.startswith(sha256):
            part.unlink()
            raise DownloadError(f"{address}: damaged or changed: expected SHA-256 {sha256}, got {found}")
    part.replace(path)


def _fetch(address: str, part: Path, most: int, on_progress: Received | None) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"User-Agent": "arabesque", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        begin = _begin(answer.headers.get("Content-Range"))
        if answer.status != 206 or begin != have:
            have = 0  # the server ignored the range and sends the whole file
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        if total is not None and total > most:
            raise DownloadError(f"{address}: {total:,} bytes, expected at most {most:,}")
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            while chunk := answer.read(CHUNK):
                have += len(chunk)
                if have > most:
                    file.close()
                    part.unlink()
                    raise DownloadError(f"{address}: more than {most:,} bytes")
                file.write(chunk)
                if on_progress is not None:
                    on_progress(have, total)
        if total is not None and have < total:
            raise http.client.IncompleteRead(b"", total - have)


def _begin(content_range: str | None) -> int | None:
    """The first byte of a Content-Range such as "bytes 100-199/200"; None if there is none."""
    unit, _, rest = (content_range or "").partition(" ")
    begin = rest.partition("-")[0]
    return int(begin) if unit == "bytes" and begin.isdigit() else None
