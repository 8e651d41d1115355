"""Settings for all tests."""

import os

# Two threads of one small sum on two busy cores wait for each other. Read when numpy and torch are loaded, not later.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
