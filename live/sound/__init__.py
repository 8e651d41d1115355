"""The built-in piano: `sound_port` plays it live, `render` writes it to a file."""

from __future__ import annotations

import os

# Tones are rendered by small matrix products beside threads that must not be late: they get one core, not all.
# The library below numpy reads this when it is first loaded, so it is said before anything here imports numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class SoundError(Exception):
    """Sound cannot be played or written; the message is one sentence for the user."""
