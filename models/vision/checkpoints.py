"""Published checkpoints of image networks: read from a file, or downloaded once to the user's cache."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from torch import Tensor

from models.files.download import DownloadError, Received, download


class VisionError(Exception):
    """Weights of an image network cannot be read or downloaded; the message names the file or address."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A public file: its address, the first digits of its SHA-256, and its maximum size."""

    address: str
    sha256: str
    most: int  # bytes


VGG16 = Checkpoint("https://download.pytorch.org/models/vgg16-397923af.pth", "397923af", 600_000_000)
SQUEEZENET = Checkpoint("https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth", "b8a52dc0", 6_000_000)


def cache() -> Path:
    """The user's cache folder."""
    return platformdirs.user_cache_path("arabesque", appauthor=False)


def place(checkpoint: Checkpoint) -> Path:
    """The path of the downloaded file in the cache."""
    return cache() / checkpoint.address.rpartition("/")[2]


def fetch(checkpoint: Checkpoint, *, told: Received | None = None) -> Path:
    """The cached file, downloaded first if necessary. Raises VisionError if the download fails."""
    path = place(checkpoint)
    if path.is_file():
        return path
    try:
        download(checkpoint.address, path, most=checkpoint.most, sha256=checkpoint.sha256, on_progress=told)
    except (DownloadError, OSError) as error:
        raise VisionError(f"{error}; a local copy can be given by its path") from None
    return path


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of an .npz or .pth file by name, read without executing code. Raises VisionError."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return {name: torch.from_numpy(file[name]) for name in file.files}
        held: Any = torch.load(path, map_location="cpu", weights_only=True)
        return {str(name): tensor for name, tensor in held.items() if isinstance(tensor, Tensor)}
    except FileNotFoundError:
        raise VisionError(f"{path}: no such file") from None
    except (OSError, ValueError, RuntimeError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise VisionError(f"{path}: not a readable weights file ({str(error).partition(chr(10))[0]})") from None
    except Exception as error:  # torch passes on pickle's errors for objects it refuses to load
        raise VisionError(f"{path}: not a readable weights file ({type(error).__name__})") from None
