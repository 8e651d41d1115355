"""Picture files as pixels, bounded before they are decoded: photos, paintings, and still pictures for a camera.

Everything that reads a picture from a disk reads it here. Torch is not imported, so the engine may use it.
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
"""Formats that Pillow decodes by itself; others, such as EPS, would start programs."""
MOST_PX = 200_000_000  # the largest cameras have as many; decoded, they are 0.6 GB
WHITE = 255, 255, 255

Image.MAX_IMAGE_PIXELS = None  # MOST_PX is checked instead: Pillow's own limit begins with warnings on stderr

Pixels = NDArray[np.uint8]
"""[H, W, 3], red green blue."""


class PictureError(ValueError):
    """A file that is no picture, or a folder without any: one sentence with its path."""


def read(path: Path, paper: tuple[int, int, int] = WHITE) -> Pixels:
    """The pixels of a picture file [H, W, 3]: upright, in 8 bits, transparency laid on `paper`.

    Of an animation this is the first picture. Raises PictureError where there is no picture, and for pictures of more
    than 200 million pixels, which are not decoded.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a FIFO would wait for a writer, /dev/zero has no end
            raise PictureError(f"{path}: not a regular file")
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PX:
                raise PictureError(f"{path}: {width} x {height} pixels; pictures of at most {MOST_PX:,} are read")
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
    """Whether a file's name and first bytes are those of a still picture that `read` knows; nothing is decoded."""
    if path.suffix.lower() not in SUFFIXES or not path.is_file():  # JPEG data in a *.mjpeg is a film
        return False
    try:
        with Image.open(path, formats=FORMATS) as image:
            return getattr(image, "n_frames", 1) == 1 or image.format == "MPO"
    except Exception:  # whatever a damaged header raises
        return False


def _upright(image: Image.Image) -> Image.Image:
    """Turned and mirrored as its EXIF orientation says; damaged EXIF says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the parser of EXIF raises many kinds
        return image


def _opaque(image: Image.Image, paper: tuple[int, int, int]) -> Image.Image:
    """As RGB of 8 bits. Raises ValueError for what has no colours to show."""
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
