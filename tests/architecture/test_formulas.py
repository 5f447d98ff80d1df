"""Formulas stand alone, and loops are dumb.

A law is a branch-free formula inside the factory `laws` of a law module. A stage gathers, calls
laws and scatters back: no transcendental call, no power, no pi, no physical constant.
"""

import ast

import pytest

from tests.architecture.source import Module, functions, hold, modules

LAW_MODULES = {
    "cross_section", "entering", "exchange", "parabola", "poisson", "reflection", "scatter",
}  # fmt: skip
STAGES = {
    "batch", "cells", "census", "collide", "crossings", "disjoint", "drift", "encounters", "fall",
    "inflow", "moments", "pairs", "partners", "repulsion", "step", "turning", "velocities", "walls",
}  # fmt: skip

BOUND = {
    "dsmc/device/laws.py",
    "dsmc/device/fused/laws.py",
}  # where laws get their elementary functions

LOOPS = ast.For | ast.While | ast.comprehension
BRANCHES = ast.If | ast.IfExp | ast.Match
FORMULA_CALLS = {
    "sqrt", "cbrt", "hypot", "norm", "exp", "expm1", "log", "log1p", "log2", "log10",
    "pow", "power", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "asin", "acos",
    "atan", "atan2", "sinh", "cosh", "tanh", "gamma", "lgamma", "gammaln", "erf", "erfc", "erfinv",
}  # fmt: skip
CONSTANTS = {"pi", "math.tau", "np.tau", "BOLTZMANN", "AVOGADRO", "k_B"}

ENGINE = modules("dsmc")


def is_law_module(module: Module) -> bool:
    """True for the modules of laws."""
    return module.name.removeprefix("dsmc.") in LAW_MODULES


def is_stage(module: Module) -> bool:
    """True for the modules whose loops hold no formula, on the host and on the device."""
    on_device = module.path.startswith("dsmc/device/") and module.path not in BOUND
    return module.name.removeprefix("dsmc.") in STAGES or on_device


def is_pi(value: object) -> bool:
    """True for pi and 2 pi written as a number."""
    return isinstance(value, float) and min(abs(value - 3.14159), abs(value - 6.28318)) < 1e-4


def control_flow_in_laws(module: Module) -> list[str]:
    """Loops and branches inside the functions that a factory `laws` makes."""
    complaints = []
    for factory in (f for f in functions(module.tree) if f.name == "laws"):
        for law in (f for f in functions(factory) if f is not factory):
            for node in ast.walk(law):
                if isinstance(node, LOOPS | BRANCHES):
                    place = law if isinstance(node, ast.comprehension) else node
                    complaints.append(module.at(place, f"law {law.name}: no loops, no branches"))
    return complaints


def formulas_in_loops(module: Module) -> list[str]:
    """Transcendental calls, powers, pi and physical constants."""
    complaints = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in FORMULA_CALLS:
                complaints.append(module.at(node, f"{name}() belongs to a law"))
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow):
            complaints.append(module.at(node, "** belongs to a law"))
        elif isinstance(node, ast.Name | ast.Attribute):
            name = getattr(node, "attr", getattr(node, "id", ""))
            if {name, ast.unparse(node)} & CONSTANTS:
                complaints.append(module.at(node, f"{name} belongs to a law or a table"))
        elif isinstance(node, ast.Constant) and is_pi(node.value):
            complaints.append(module.at(node, "pi belongs to a law"))
    return complaints


def test_laws_have_no_loops_and_no_branches():
    hold(control_flow_in_laws, filter(is_law_module, ENGINE))


def test_law_modules_make_their_laws_in_a_factory():
    laws = [module for module in ENGINE if is_law_module(module)]
    without = [m.path for m in laws if "laws" not in {f.name for f in functions(m.tree)}]
    assert not without


def test_loops_contain_no_formulas():
    hold(formulas_in_loops, filter(is_stage, ENGINE))


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        ("return where(g > 0.0, 1.0 / g, 0.0)", True),
        ("if g > 0.0:\n            return 1.0 / g\n        return 0.0", False),
        ("return 1.0 / g if g > 0.0 else 0.0", False),
        ("return sum(g for _ in range(3))", False),
        ("while g > 1.0:\n            g = 0.5 * g\n        return g", False),
    ],
)
def test_a_branch_in_a_law_is_noticed(body, allowed):
    text = f"def laws(where):\n    def inverse(g):\n        {body}\n    return inverse\n"
    assert (not control_flow_in_laws(Module("dsmc/scatter.py", text))) is allowed


@pytest.mark.parametrize(
    "line",
    [
        "speed = np.sqrt(square)",
        "rate = square**0.5",
        "rate **= 2",
        "area = math.pi * diameter * diameter",
        "angle = math.tau * u",
        "area = 3.141592653589793 * diameter * diameter",
        "energy = 1.5 * BOLTZMANN * temperature",
        "energy = species.BOLTZMANN * temperature",
    ],
)
def test_a_formula_in_a_loop_is_noticed(line):
    text = f"def collide(rows):\n    for row in rows:\n        {line}\n"
    assert formulas_in_loops(Module("dsmc/collide.py", text))


def test_a_plain_loop_passes():
    text = "for row in range(n):\n    x[row] += v[row] * dt / tau\n    e += 0.5 * m * v[row]\n"
    assert not formulas_in_loops(Module("dsmc/drift.py", text))
    assert is_stage(Module("dsmc/drift.py", text))
    assert is_stage(Module("dsmc/device/drift.py", text))
