"""Reads drawings from NumPy's .npz files without running code from their pickles.

The official Sketch-RNN files contain object arrays, which NumPy stores as pickles; loading a pickle can run any
program. This reader replaces the four names that such a file needs by inert classes, which only collect shapes and
bytes, and rejects all other names.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

LARGEST = 2 * 1024**3  # bytes of one array, unpacked
NUMBERS = frozenset(kind + size for kind, sizes in (("i", "1248"), ("u", "1248"), ("f", "248")) for size in sizes)


class FileError(ValueError):
    """A file of drawings that cannot be read; the message is the reason."""


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file by name; object arrays become 1-D object arrays of plain arrays.

    Raises FileError for a file that is broken, too large, or contains anything but arrays of numbers and text.
    """
    found: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.filename.endswith(".npy"):
                    continue
                if info.file_size > LARGEST:
                    raise FileError(f"{info.filename} is larger than {LARGEST:,} bytes")
                found[info.filename[:-4]] = _array(archive.read(info))
    except FileError:
        raise
    except Exception as error:  # broken zips, headers and pickles raise many kinds
        raise FileError(
            f"not a readable .npz file ({str(error).partition(chr(10))[0] or type(error).__name__})"
        ) from error
    return found


def _array(data: bytes) -> NDArray[Any]:
    file = io.BytesIO(data)
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise FileError(f"an array of the unknown version {version}")
    shape, _, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)
    if not dtype.hasobject:
        if math.prod(shape) * dtype.itemsize > LARGEST:
            raise FileError(f"an array of the shape {shape}")
        file.seek(0)
        plain: NDArray[Any] = npy.read_array(file, allow_pickle=False)
        return plain
    whole = _Reader(file, encoding="latin1").load()
    items = [part.array() for part in whole.items()] if isinstance(whole, _Array) else None
    if items is None:
        raise FileError("an array of something other than arrays")
    held = np.empty(len(items), object)
    for place, item in enumerate(items):
        held[place] = item
    return held


class _Reader(pickle.Unpickler):
    """Unpickler that maps the names of an array of arrays to inert classes and rejects all others."""

    def find_class(self, module: str, name: str) -> Any:
        plain = module.replace("numpy._core", "numpy.core")
        match plain, name:
            case "numpy.core.multiarray", "_reconstruct":
                return _reconstruct
            case "numpy", "ndarray":
                return _Array
            case "numpy", "dtype":
                return _Dtype
            case "_codecs", "encode":
                return _encode
        raise FileError(f"holds a pickle that asks for {module}.{name}; such files can run programs and are not read")


def _reconstruct(kind: object, shape: object, code: object) -> _Array:
    del shape, code  # always placeholders; the real shape is in the state
    if kind is not _Array:
        raise FileError("holds a pickle of something other than arrays")
    return _Array()


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise FileError(f"holds bytes in the encoding {encoding}")
    return text.encode("latin1")


class _Dtype:
    """Stand-in for a dtype: its name and byte order."""

    def __init__(self, name: str, *_: object) -> None:
        self.name, self.order = name, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1] if state[1] in ("<", ">") else "="

    def numbers(self) -> np.dtype[Any]:
        if self.name not in NUMBERS:
            raise FileError(f"holds arrays of {self.name!s}, where numbers were expected")
        return np.dtype(self.order + self.name)


class _Array:
    """Stand-in for an array: its pickled state of shape, dtype, and bytes or a list of objects."""

    state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def items(self) -> list[_Array]:
        held = self.state[4] if len(self.state) == 5 else None
        if not isinstance(held, list) or not all(isinstance(item, _Array) for item in held):
            raise FileError("holds an array of something other than arrays")
        return held

    def array(self) -> NDArray[Any]:
        if len(self.state) != 5 or not isinstance(self.state[2], _Dtype):
            raise FileError("holds a broken array")
        _, shape, dtype, fortran, raw = self.state
        data = raw.encode("latin1") if isinstance(raw, str) else raw
        flat = np.frombuffer(data, dtype.numbers())
        flat = flat.astype(flat.dtype.newbyteorder("="), copy=False)
        return flat.reshape(shape, order="F" if fortran else "C")
