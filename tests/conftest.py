"""Settings of the whole test run."""

import os

from hypothesis import settings

# Pictures are drawn into files; no test needs a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

# The same examples in every run: a failure repeats. The first call of a kernel compiles it, so that
# a deadline would judge the compiler.
settings.register_profile("dsmc", derandomize=True, deadline=None)
settings.load_profile("dsmc")
