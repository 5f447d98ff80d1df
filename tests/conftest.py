"""Settings of the whole test run."""

import os

import pytest
from hypothesis import settings

# Pictures are drawn into files; no test needs a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

# The same examples in every run: a failure repeats. The first call of a kernel compiles it, so that
# a deadline would judge the compiler.
settings.register_profile("dsmc", derandomize=True, deadline=None)
settings.load_profile("dsmc")


@pytest.fixture(autouse=True, scope="session")
def one_thread_for_each_test():
    """Tests run side by side: small gases, of which there are many, take one core each."""
    from dsmc import simulation

    simulation.PER_THREAD = 10_000
