"""What holds for all tests."""

import os

# Two BLAS threads on two busy cores wait for each other; this counts only before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
