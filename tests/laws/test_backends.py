"""A law is written once: bound to NumPy or torch it gives what the compiled kernels compute.

Rounding: a dozen operations, and elementary functions that differ by some units in the last place.
"""

import inspect
import math

import numpy as np
import pytest

from dsmc import cross_section, reflection, scatter
from dsmc.compiled import CPUDispatcher

MODULES = (cross_section, reflection, scatter)
TOLERANCE = 2e-14
# Which arguments may be negative: components of vectors, dot products, cosines.
SIGNED = {
    "deflect": (0, 1, 2, 3),
    "deflect_row": (1, 3),
    "isotropic": (1,),
    "line_of_centres": (0,),
    "mirror": (2,),
    "mirrored_line_of_centres": (1,),
    "cosine_force": (2,),
    "centre_of_mass": (0, 1),
}
N = 400


def bind(module, functions):
    """The laws of a module over a backend: {name: law}."""
    names = inspect.signature(module.laws).parameters
    return vars(module.laws(*[functions(name) for name in names]))


LAWS = [(module, name) for module in MODULES for name in bind(module, lambda n: getattr(np, n))]
IDS = [f"{module.__name__}.{name}" for module, name in LAWS]
# A law that only sets up a model, such as thermal_speed, stays plain Python.
COMPILED = [
    pytest.param(module, name, id=f"{module.__name__}.{name}")
    for module, name in LAWS
    if isinstance(getattr(module, name), CPUDispatcher)
]


def arguments(name, law, random):
    """Numbers between 0 and 1 suit every law: speeds, cosines, uniforms, shares, exponents.

    A third of the rows has a zero first argument, such as no relative velocity.
    """
    parameters = list(inspect.signature(law).parameters)
    values = random.uniform(0.05, 0.95, size=(len(parameters), N))
    for position in SIGNED.get(name, ()):
        values[position] *= random.choice([-1.0, 1.0], N)
    if not parameters[0].startswith("u"):
        values[0, : N // 3] = 0.0
    return values


def stacked(result):
    """A scalar law gives (N,), a vector law (components, N)."""
    parts = result if isinstance(result, tuple) else (result,)
    return np.stack([np.broadcast_to(np.asarray(part, float), (N,)) for part in parts])


def compiled_values(law, values):
    return np.array([np.atleast_1d(law(*row)) for row in values.T]).T


def agree(measured, expected):
    np.testing.assert_allclose(measured, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize(("module", "name"), LAWS, ids=IDS)
def test_a_law_bound_to_arrays_is_the_compiled_law(module, name):
    """No division by zero and no invalid operation either: the branches not taken are safe."""
    random = np.random.default_rng(20261121)
    law = bind(module, lambda n: getattr(np, n))[name]
    values = arguments(name, law, random)
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        measured = stacked(law(*values))
    agree(measured, compiled_values(getattr(module, name), values))


@pytest.mark.parametrize(("module", "name"), COMPILED)
def test_a_compiled_law_is_its_python_source(module, name):
    random = np.random.default_rng(20261122)
    law = getattr(module, name)
    values = arguments(name, law.py_func, random)
    agree(compiled_values(law, values), compiled_values(law.py_func, values))


@pytest.mark.parametrize(("module", "name"), LAWS, ids=IDS)
def test_a_law_bound_to_tensors_is_the_compiled_law(module, name):
    torch = pytest.importorskip("torch")

    def functions(n):
        if n == "copysign":  # torch takes no number as its first argument
            return lambda x, y: torch.copysign(torch.as_tensor(x, dtype=y.dtype), y)
        if n == "power":
            return torch.pow
        return getattr(torch, n)

    random = np.random.default_rng(20261123)
    law = bind(module, functions)[name]
    values = arguments(name, law, random)
    measured = law(*[torch.from_numpy(row.copy()) for row in values])
    parts = measured if isinstance(measured, tuple) else (measured,)
    assert {part.dtype for part in parts} == {torch.float64}
    measured = stacked(tuple(part.numpy() for part in parts))
    agree(measured, compiled_values(getattr(module, name), values))


def test_a_law_with_a_wrong_constant_is_noticed():
    """The twin: deflection with 2 pi off by 1e-12."""
    random = np.random.default_rng(20261124)
    law = bind(scatter, lambda n: getattr(np, n))["deflect"]
    values = random.uniform(0.05, 0.95, size=(5, N))
    wrong = values.copy()
    wrong[4] *= 1.0 + 1e-12 / (2.0 * math.pi)
    with pytest.raises(AssertionError):
        agree(stacked(law(*wrong)), compiled_values(scatter.deflect, values))
