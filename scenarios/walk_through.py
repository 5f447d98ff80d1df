# %% [markdown]
# # Two runs, their results and their files
#
# A gas of two temperatures relaxes to Maxwell's distribution. We run it twice, open what it wrote,
# hold it against the exact curves, and ask whether the two runs agree. Works in Jupyter and VS Code
# cell by cell, and as a script: `python scenarios/walk_through.py [DIR]`.

# %%
import importlib.util
import sys
import tempfile
from pathlib import Path

import numpy as np

import dsmc
from dsmc.compare import compare, compatible
from dsmc.result import deviation, format_measured
from viz.pictures import draw

given = [word for word in sys.argv[1:] if not word.startswith("-")]
folder = Path(
    given[0] if len(sys.argv) == 2 and given else tempfile.mkdtemp(prefix="walk_through_")
)

# %% [markdown]
# ## Run
# The shipped scenario with fewer particles. Fields are not sampled in a homogeneous gas unless they
# are asked for.

# %%
SMALL = {
    "initial.particles": 20_000,
    "domain.cells": [20],
    "run.collisions": 4,
    "sample.fields_every": 2,
}

for seed in (1, 2):
    scenario = dsmc.load("relaxation", SMALL | {"run.seed": seed})
    with dsmc.Simulation(scenario, output=folder / f"seed{seed}", overwrite=True) as simulation:
        simulation.run()

# %% [markdown]
# ## Open
# The result comes back from the files, also while a run goes on or after it was killed. In a
# notebook the last line shows the closing table.

# %%
result = dsmc.open(folder / "seed1")
print(result)
result  # noqa: B018

# %% [markdown]
# ## Series
# Values, errors and, where one is known, the exact curve: here the excess of Boltzmann's H.

# %%
excess = result.series["h_excess"]
sigmas = deviation(excess.value, excess.error, excess.reference)
print(excess)
print(f"largest deviation from the exact curve: {np.nanmax(np.abs(sigmas)):.1f} sigmas")

# %% [markdown]
# ## Fields
# One value and one error per cell, averaged over the run; x runs fastest.

# %%
temperature = result.fields["temperature"]
print(temperature)
print(f"cell 0, x = {temperature.axes[0][0]:.2g} m: {temperature.value[0]:.1f} K")

# %% [markdown]
# ## Verdicts

# %%
for verdict in result.verdicts:
    told = "pass" if verdict.passed else "FAIL"
    measured = format_measured(verdict.measured, verdict.error)
    print(f"{told}  {verdict.quantity}: {measured}, exactly {verdict.reference:.5g}")

# %% [markdown]
# ## Compare
# Do two seeds agree? The most significant difference comes first. On the command line:
# `dsmc compare DIR/seed1 DIR/seed2`.

# %%
rows = compare(result, dsmc.open(folder / "seed2"))
for row in rows[:5]:
    print(f"{row.quantity:20s} {row.z:+.2f} sigmas at {row.where}, p = {row.p:.2g}")
print("compatible" if compatible(rows) else "not compatible")

# %% [markdown]
# ## Labelled arrays, if xarray is installed

# %%
if importlib.util.find_spec("xarray"):
    print(result.to_xarray()["moment_4"].isel(time=-1))

# %% [markdown]
# ## Pictures

# %%
for picture in draw(result, folder / "seed1"):
    print(picture)
