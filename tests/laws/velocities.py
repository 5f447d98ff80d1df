"""Velocities that a law must survive: none, along axes, nearly along axes, huge and tiny."""

import numpy as np
import pytest
from hypothesis import strategies as st

EPS = float(np.finfo(np.float64).eps)

# Squares of these magnitudes are far from under- and overflow.
EXPONENTS = st.integers(-100, 100)

# The limits that random words can give, and anything between.
UNIFORMS = st.one_of(
    st.sampled_from([2.0**-53, 0.25, 0.5, 0.75, 1.0 - 2.0**-53]),
    st.floats(2.0**-53, 1.0 - 2.0**-53),
)
COSINES = st.one_of(st.sampled_from([-1.0, -1.0 + EPS, 0.0, 1.0 - EPS, 1.0]), st.floats(-1.0, 1.0))
COMPONENTS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-8, -1e-8, 1e-16]), st.floats(-1.0, 1.0)
)


@st.composite
def vectors(draw, dimension=3, zero=True, exponents=EXPONENTS):
    """(D,) vectors: length 10^k, along or nearly along an axis, a diagonal, or anywhere."""
    shape = np.array(draw(st.lists(COMPONENTS, min_size=dimension, max_size=dimension)))
    kind = draw(st.sampled_from(["any", "axis", "near an axis"]))
    if kind != "any":
        axis = draw(st.integers(0, dimension - 1))
        shape *= 0.0 if kind == "axis" else 1e-9
        shape[axis] = draw(st.sampled_from([1.0, -1.0]))
    length = np.linalg.norm(shape)
    if length < 1e-6:
        shape = np.zeros(dimension)
        if not zero:
            shape[-1] = -1.0
        length = 1.0
    return shape / length * 10.0 ** draw(exponents)


def dot(a, b) -> float:
    """a . b with 64 bits of mantissa, so that the measurement adds no rounding of its own."""
    return float(np.dot(np.asarray(a, np.longdouble), np.asarray(b, np.longdouble)))


def relative(value, tolerance: float):
    """Equal to within `tolerance` of the value, however small (approx alone grants 1e-12)."""
    return pytest.approx(value, rel=tolerance, abs=0.0)
