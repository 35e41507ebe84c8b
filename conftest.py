"""What holds for each test: one thread a process, no window, the same random numbers."""

import os

import pytest

os.environ |= {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}


@pytest.fixture(autouse=True)
def seed(request):
    """Where torch is loaded, its random numbers do not depend on the tests before."""
    import sys

    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
