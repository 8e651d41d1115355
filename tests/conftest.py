"""Settings for all tests."""

import os

from hypothesis import settings

# Two threads on two busy cores wait for each other in a small sum. numpy and torch read this when they are imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# On a busy machine one example takes longer than Hypothesis' 200 ms now and then; tests assert no wall-clock time.
settings.register_profile("arabesque", deadline=None)
settings.load_profile("arabesque")
