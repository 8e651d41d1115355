"""Reads picture files as pixels; their size is checked before decoding.

All picture files of models and engine are read here. This module does not import torch.
"""

from __future__ import annotations

import io
import stat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".gif", ".avif"}
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "PPM", "GIF", "AVIF")
"""Formats that Pillow decodes itself; for others, such as EPS, it would start external programs."""
MOST_PX = 200_000_000  # as the largest cameras; 0.6 GB decoded
WHITE = 255, 255, 255

Image.MAX_IMAGE_PIXELS = None  # `read` checks MOST_PX; Pillow's own limit would print warnings to stderr

Pixels = NDArray[np.uint8]
"""uint8 [H, W, 3], red green blue, rows from the top."""


class PictureError(ValueError):
    """A file that is not a readable picture, or a folder without pictures; the message names its path."""


def read(path: Path, paper: tuple[int, int, int] = WHITE) -> Pixels:
    """Reads a picture file as uint8 [H, W, 3]: EXIF orientation applied, transparency composited over `paper` (RGB).

    Of an animation, the first picture. Raises PictureError for a file that is not a readable picture, and for one of
    more than 200 million pixels, which is not decoded.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a FIFO would wait for a writer, /dev/zero has no end
            raise PictureError(f"{path}: not a regular file")
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PX:
                raise PictureError(f"{path}: {width} x {height} pixels, expected at most {MOST_PX:,} pixels")
            image.load()
            return np.array(_opaque(_upright(image), paper), np.uint8)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"{path}: not a picture (expected {', '.join(sorted(SUFFIXES))})") from None
    except OSError as error:
        raise PictureError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # decoders raise many kinds for damaged files
        raise PictureError(f"{path}: cannot be read ({error or type(error).__name__})") from error


def is_picture(path: Path) -> bool:
    """Whether name and header of a file are those of a still picture that `read` supports, without decoding it."""
    if path.suffix.lower() not in SUFFIXES or not path.is_file():  # a *.mjpeg file has a JPEG header but is a video
        return False
    try:
        with Image.open(path, formats=FORMATS) as image:
            return getattr(image, "n_frames", 1) == 1 or image.format == "MPO"
    except Exception:  # damaged headers raise many kinds
        return False


def _upright(image: Image.Image) -> Image.Image:
    """Applies the EXIF orientation; damaged EXIF is ignored."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the parser of EXIF raises many kinds
        return image


def _opaque(image: Image.Image, paper: tuple[int, int, int]) -> Image.Image:
    """Converts to 8-bit RGB. Raises ValueError for floating-point pixels."""
    if image.mode.startswith("I"):  # 16 bits of grey; Pillow would clip instead of scaling
        return Image.fromarray((np.clip(np.asarray(image, np.int64), 0, 65535) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers, expected 8 or 16 bits")
    if image.mode == "CMYK" and image.info.get("icc_profile"):
        try:
            ink = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
            shown = ImageCms.profileToProfile(image, ink, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return shown or image.convert("RGB")
        except ImageCms.PyCMSError:
            return image.convert("RGB")
    if image.has_transparency_data:
        laid = Image.new("RGBA", image.size, (*paper, 255))
        laid.alpha_composite(image.convert("RGBA"))
        return laid.convert("RGB")
    return image.convert("RGB")
