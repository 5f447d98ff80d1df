"""Kernels and arguments on a page: what a thread finds there is what it was given."""

from typing import NamedTuple

import numpy as np
import pytest
from numba.core.caching import NullCache

from dsmc.compiled import COMPILED, kernel, variant
from dsmc.scatter import centre_of_mass
from dsmc.shares import PAGE, call, noting
from dsmc.sort import list_slabs
from dsmc.step import advance_slabs

pytestmark = pytest.mark.skipif(not COMPILED, reason="plain Python calls a kernel itself")


def new_page():
    return np.zeros(PAGE, np.uint8)


class Things(NamedTuple):
    """Arguments of every kind that kernels have."""

    numbers: np.ndarray
    factor: float
    nothing: None
    pair: tuple[int, float]


@kernel
def add_up(thread, things, precise, flag, out):
    total = things.factor * (things.pair[0] + things.pair[1])
    for number in things.numbers:
        total += number
    if things.nothing is None and flag:
        out[thread] = total + precise + thread


@kernel
def mean_velocity(thread, out):
    out[thread] = centre_of_mass(1.0, 3.0, 0.25, 0.75)


def own_centre(v_i, v_j, share_i, share_j):
    """The law of a caller, a wrong one."""
    return 0.5 * (v_i + v_j)


@kernel
def take(function, page, thread):
    """Call what is on a page, as a thread of a team does."""
    return call(function, page, thread)


@pytest.mark.parametrize("number", [np.float32, np.float64, np.int32])
def test_arguments_come_back_as_they_were_written(number):
    page, out = new_page(), np.zeros(3)
    things = Things(np.arange(5, dtype=number), 0.5, None, (3, 4.5))
    function = noting(add_up)(page, things, 1e-300, True, out)
    for thread in range(3):
        assert take(function, page.ctypes.data, thread) == 0
    assert out.tolist() == [13.75, 14.75, 15.75]


def test_a_page_keeps_what_it_was_given_last():
    page, one, other = new_page(), np.zeros(1), np.zeros(1)
    things = Things(np.zeros(1), 1.0, None, (0, 0.0))
    first = noting(add_up)(page, things, 1.0, True, one)
    second = noting(add_up)(page, things, 2.0, True, other)
    assert first == second  # the same function: only the page differs
    take(first, page.ctypes.data, 0)
    assert (one[0], other[0]) == (0.0, 2.0)


def test_a_variant_has_a_function_of_its_own():
    page, out = new_page(), np.zeros(2)

    other = variant(mean_velocity, centre_of_mass=own_centre)
    for thread, share in enumerate((mean_velocity, other)):
        take(noting(share)(page, out), page.ctypes.data, thread)
    assert out.tolist() == [2.5, 2.0]


def test_arguments_that_do_not_fit_are_refused():
    @kernel
    def nothing(thread, arguments):
        pass

    too_many = tuple(np.zeros(1) for _ in range(PAGE // 56 + 1))  # seven words for an array
    with pytest.raises(TypeError, match="bytes"):
        noting(nothing)(new_page(), too_many)


def test_what_is_cached_of_a_share_has_its_name_and_its_laws():
    """The cache goes by name: two shares with one name would get each other's code."""
    shares = advance_slabs, list_slabs, variant(advance_slabs, centre_of_mass=own_centre)
    names = {noting(share).py_func.__qualname__ for share in shares}
    assert len(names) == len(shares)
    assert isinstance(noting(add_up)._cache, NullCache)  # its source may change
    assert not isinstance(noting(advance_slabs)._cache, NullCache)
