"""Settings for all tests."""

import os

# Two threads on two busy cores wait for each other in a small sum. numpy and torch read this when they are imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
