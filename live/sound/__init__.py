"""The built-in piano: `sound_port` plays it live, `render` writes it to a file."""

from __future__ import annotations

import os

# Tones are rendered by small matrix products, which must use one core only, since other threads must not be late. The
# BLAS library reads these variables when it is first loaded, so they are set before numpy is imported here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class SoundError(Exception):
    """Sound cannot be played or written; the message is one sentence for the user."""
