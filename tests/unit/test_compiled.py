"""Compilation: variants change one law and nothing else, the cache is never stale, teams share."""

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.codegen import JITCPUCodegen

import dsmc
from dsmc import compiled
from dsmc.compiled import variant
from dsmc.cross_section import like_pairs
from dsmc.moments import BLOCKS, CHUNKS, GLOBAL_COLUMNS, add_chunks, add_rows
from dsmc.scatter import speed
from tests.unit.argon import tables

PACKAGE = Path(dsmc.__file__).parent
MEAN_SPEED = 7  # column of the sums


# ------------------------------------------------------------------------------ variants


def summed(kernel) -> np.ndarray:
    """Sums of `add_rows`, `add_chunks` or a variant over two molecules at speeds 5 and 13."""
    phase = np.array([[0.5, 3.0, 4.0, 0.0], [0.5, 0.0, 5.0, 12.0]])
    sums = np.zeros((CHUNKS, BLOCKS, 1, GLOBAL_COLUMNS))
    if "thread" in inspect.signature(kernel.py_func).parameters:
        kernel(0, 1, phase, None, 1, np.zeros(3), sums)
    else:
        kernel(phase, None, 0, 2, 1, np.zeros(3), sums[0])
    return sums.sum(axis=(0, 1))[0]


def test_a_variant_computes_with_another_law_and_leaves_the_original_alone():
    def squared(square):
        return square

    before = summed(add_rows)
    assert before[MEAN_SPEED] == 18.0
    found = summed(variant(add_rows, speed=squared))
    assert found[MEAN_SPEED] == 5.0**2 + 13.0**2
    np.testing.assert_array_equal(np.delete(found, MEAN_SPEED), np.delete(before, MEAN_SPEED))
    np.testing.assert_array_equal(summed(add_rows), before)
    assert speed(49.0) == 7.0


def test_a_variant_keeps_the_options_of_its_kernel():
    copy = variant(add_chunks, speed=speed.py_func)
    assert copy.targetoptions.items() >= add_chunks.targetoptions.items()
    assert copy.targetoptions["nogil"]
    assert type(variant(add_rows, speed=speed.py_func)) is type(add_rows)


def test_a_law_that_no_kernel_uses_is_refused():
    with pytest.raises(KeyError, match="add_rows does not use like_pairs"):
        variant(add_rows, like_pairs=like_pairs)


def test_the_engine_around_its_own_laws_is_the_engine():
    """A variant built from the law it replaces gives the same run, bit for bit."""
    scenario = dsmc.Scenario(
        **tables(run__steps=10, sample__quantities=["temperature"], sample__fields_every=0)
    )
    ends = []
    for laws in (None, {"like_pairs": like_pairs.py_func}):
        with dsmc.Simulation(scenario, threads=2, laws=laws) as simulation:
            simulation.run()
            ends.append((np.array(simulation.particles.velocity), simulation.collisions))
    assert ends[0][1] == ends[1][1] > 100
    np.testing.assert_array_equal(ends[0][0], ends[1][0])


def test_a_variant_of_the_engine_reaches_laws_at_any_depth():
    with pytest.raises(KeyError, match="does not use no_such_law"):
        scenario = dsmc.Scenario(**tables())
        dsmc.Simulation(scenario, laws={"no_such_law": like_pairs, "like_pairs": like_pairs})


# ------------------------------------------------------------------------------ the cache


def test_a_variant_of_the_packages_own_laws_is_compiled_once_and_for_all():
    """Built anew, as in another process, it is read; the original has its own place."""
    sums = summed(add_chunks), summed(compiled._rebuilt(add_chunks, {"speed": like_pairs})[0])
    again, _ = compiled._rebuilt(add_chunks, {"speed": like_pairs})
    np.testing.assert_array_equal(summed(again), sums[1])
    assert sums[0][MEAN_SPEED] != sums[1][MEAN_SPEED]
    assert sum(again.stats.cache_hits.values()) == 1
    foreign, _ = compiled._rebuilt(add_chunks, {"speed": like_pairs.py_func})
    np.testing.assert_array_equal(summed(foreign), sums[1])
    assert foreign.stats.cache_path is None


def test_what_only_kernels_call_is_compiled_with_them_alone(monkeypatch):
    """Neither it nor a variant of it has code of its own: from Python a kernel calls it."""
    compiled_to_code, add = [], JITCPUCodegen._add_module

    def noted(codegen, module):
        compiled_to_code.append(module.name)
        return add(codegen, module)

    monkeypatch.setattr(JITCPUCodegen, "_add_module", noted)
    nested, _ = compiled._rebuilt(add_rows, {"speed": like_pairs})
    for part in (add_rows, nested, like_pairs):
        assert part.stats.cache_path is None
    np.testing.assert_array_equal(summed(nested)[MEAN_SPEED], 0.5 * (25 * 24 + 169 * 168))
    assert like_pairs(3.0) == 3.0
    assert compiled_to_code and all("enter" in name for name in compiled_to_code)


def directory_of(package: Path, cache: Path) -> str:
    """Name of the cache directory that a copy of the package chooses."""
    done = subprocess.run(
        [sys.executable, "-c", "from dsmc import compiled; print(compiled.CACHE_DIRECTORY)"],
        cwd=package.parent,
        env=os.environ | {"PYTHONPATH": str(package.parent), "DSMC_CACHE_DIR": str(cache)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found = Path(done.stdout.strip())
    assert found.parent == cache
    return found.name


def test_an_edited_source_gets_a_new_cache(tmp_path):
    """A law in another file than the kernel, or a file of a subpackage: no old code is reused."""
    package = tmp_path / "dsmc"
    ignored = shutil.ignore_patterns("__pycache__", "shipped")
    shutil.copytree(PACKAGE, package, ignore=ignored)
    names = [directory_of(package, tmp_path)]
    for source in ("scatter.py", "scenario/__init__.py"):
        file = package / source
        file.write_text(file.read_text() + "# edited\n")
        names.append(directory_of(package, tmp_path))
    assert len(set(names)) == 3
    shutil.copytree(PACKAGE, package, ignore=ignored, dirs_exist_ok=True)
    assert directory_of(package, tmp_path) == names[0]


def test_the_cache_goes_where_it_can_be_written(tmp_path, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    monkeypatch.setenv("DSMC_CACHE_DIR", str(tmp_path / "own"))
    assert Path(compiled._cache_directory()).parent == tmp_path / "own"
    monkeypatch.setenv("DSMC_CACHE_DIR", str(blocked))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Path(compiled._cache_directory()).parent == tmp_path / "dsmc-bridge"
