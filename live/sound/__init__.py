"""A built-in piano, for those who have no synth: `player` sounds it live, `render` writes it to a file."""

from __future__ import annotations

import os

# Tones are rendered by small matrix products beside threads that must not be late: they get one core, not all.
# The library below numpy reads this when it is first loaded, so it is said before anything here imports numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class SoundError(Exception):
    """Sound cannot be made; the message is the sentence a person needs."""
