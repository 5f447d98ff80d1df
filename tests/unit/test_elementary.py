"""Elementary functions against the library, at the ends of their ranges and between."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc.elementary import cosine, exp_2, exponential, log_2, power, sine

EPS = np.finfo(float).eps
ANGLES = st.floats(-7.0, 7.0)


@given(st.floats(1e-300, 1e300))
def test_the_logarithm_is_right_to_its_last_digits(x):
    assert log_2(x) == pytest.approx(math.log2(x), rel=4 * EPS, abs=2 * EPS)


@given(st.floats(-1000.0, 1000.0))
def test_powers_of_two_are_right_to_their_last_digits(x):
    assert exp_2(x) == pytest.approx(2.0**x, rel=4 * EPS)


@given(st.floats(1e-300, 1e300), st.floats(0.0, 1.0))
def test_a_power_errs_by_the_rounding_of_its_exponent(base, exponent):
    expected = base**exponent
    assert power(base, exponent) == pytest.approx(
        expected, rel=(8 + abs(math.log2(expected))) * EPS
    )


@given(st.floats(-690.0, 0.0))
def test_an_exponential_errs_by_the_rounding_of_its_exponent(x):
    assert exponential(x) == pytest.approx(math.exp(x), rel=(8 - 2.0 * x) * EPS)


def test_the_ends_of_powers_and_exponentials():
    assert power(0.0, 1.0) < 1e-300
    assert power(0.0, 0.0) == power(7.5, 0.0) == exponential(0.0) == 1.0
    assert exponential(-1e6) == pytest.approx(2.0**-1000, rel=EPS)
    for wrong in (math.inf, math.nan):
        assert math.isnan(power(wrong, 0.5))
        assert math.isnan(exponential(-wrong))


@given(ANGLES)
def test_sine_and_cosine_are_right_to_their_last_digits(x):
    assert abs(sine(x) - math.sin(x)) <= EPS
    assert abs(cosine(x) - math.cos(x)) <= EPS
    assert abs(sine(x) ** 2 + cosine(x) ** 2 - 1.0) <= 2 * EPS


@pytest.mark.parametrize("quarters", range(-8, 9))
def test_the_axes_themselves(quarters):
    """The nearest number to an axis is off it by half its last digit."""
    x = quarters * math.pi / 2
    assert abs(cosine(x) - math.cos(x)) <= 1e-3 * EPS or abs(math.cos(x)) > 0.5
    assert abs(sine(x) - math.sin(x)) <= 1e-3 * EPS or abs(math.sin(x)) > 0.5
