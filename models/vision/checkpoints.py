"""Published checkpoints of networks that learned to see: read from a file, or fetched once to the user's cache."""

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
    """Weights of a network that sees which cannot be had: one sentence with the file or address."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A public file: where it lies, how its SHA-256 begins, how large it may be at most."""

    address: str
    sha256: str
    most: int  # bytes


VGG16 = Checkpoint("https://download.pytorch.org/models/vgg16-397923af.pth", "397923af", 600_000_000)
SQUEEZENET = Checkpoint("https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth", "b8a52dc0", 6_000_000)


def cache() -> Path:
    """The folder of this user for what can be fetched again."""
    return platformdirs.user_cache_path("arabesque", appauthor=False)


def place(checkpoint: Checkpoint) -> Path:
    """Where the file is kept once it was fetched."""
    return cache() / checkpoint.address.rpartition("/")[2]


def fetch(checkpoint: Checkpoint, *, told: Received | None = None) -> Path:
    """The file, downloaded if it is not there yet. Raises VisionError where that does not work."""
    path = place(checkpoint)
    if path.is_file():
        return path
    try:
        download(checkpoint.address, path, most=checkpoint.most, sha256=checkpoint.sha256, on_progress=told)
    except (DownloadError, OSError) as error:
        raise VisionError(f"{error}; a copy of your own can be named by its path") from None
    return path


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of an .npz or .pth file by name; no code in it is run. Raises VisionError where it cannot be read."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return {name: torch.from_numpy(file[name]) for name in file.files}
        held: Any = torch.load(path, map_location="cpu", weights_only=True)
        return {str(name): tensor for name, tensor in held.items() if isinstance(tensor, Tensor)}
    except FileNotFoundError:
        raise VisionError(f"{path}: there is no such file") from None
    except (OSError, ValueError, RuntimeError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise VisionError(f"{path}: not weights that can be read ({str(error).partition(chr(10))[0]})") from None
    except Exception as error:  # torch raises pickle's own errors for what it will not load
        raise VisionError(f"{path}: not weights that can be read ({type(error).__name__})") from None
