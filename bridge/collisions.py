"""Collisions of neurons as frozen values: which rule, and how strong. They hold no state.

Reference modes, the two rules of the paper to the letter: `SoftCollision`, `HardCollision`.
Engine modes, what the gas engine itself does: `NTCCollision`, `PairPotential`.

    M. Feng, Y. Huang, Y. Fu, S. Wang, J. Yan, KO: Kinetics-inspired Neural Optimizer with PDE
    Simulation Approaches.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

Normalize = Literal["mean", "rowsum"]
Overlap = Literal["sum", "mean", "matching"]
Pairing = Literal["disjoint", "sequential"]
Scatter = Literal["line-of-centres", "isotropic"]

MOST_BITS = 16  # of a SimHash: 65536 cells


@dataclass(frozen=True)
class SoftCollision:
    """Repulsion by similarity (Alg. 2): g* = g - coll_coef S g, S = cos(w, w) ∘ cos(g, g).

    coll_coef : strength c >= 0; the result is a descent direction iff c < 1/λ_max(S)
    diagonal : keep S_ii = 1 (the paper); False leaves a neuron's own gradient alone
    normalize : None (the paper), "mean" divides the sum over partners by their number, "rowsum"
        divides row i by Σ_j |S_ij|
    max_gain : largest |g*| / |g| of a tensor; None for no limit (the paper)
    allow_quadratic : accept the N² cost above 4096 neurons
    """

    coll_coef: float = 0.1
    diagonal: bool = True
    normalize: Normalize | None = None
    max_gain: float | None = 2.0
    allow_quadratic: bool = False

    def __post_init__(self) -> None:
        """Refuse values without a meaning."""
        _check_number(self, "coll_coef", 0.0, cure="0 switches the collisions off")
        _check_flag(self, "diagonal")
        _check_choice(self, "normalize", get_args(Normalize), none="the paper's plain sum")
        _check_max_gain(self)
        _check_flag(self, "allow_quadratic")


@dataclass(frozen=True)
class HardCollision:
    """Random elastic scattering of the pairs above a threshold (Alg. 1, eqs. 5-8).

    Give exactly one of the first two:

    coll_coef : pairs with g_r exp(-w_r) / g_r^max > 1 - coll_coef collide; between 0 and 1
    partners : the threshold is the one that gives a neuron this many partners on average
    overlap : several partners of a neuron: "sum" adds all changes (the paper), "mean" divides the
        change of a pair by the larger number of partners of the two, "matching" lets a neuron
        collide once at most
    max_gain : largest |g*| / |g| of a tensor; None for no limit (the paper)
    allow_quadratic : accept the N² cost above 4096 neurons
    """

    coll_coef: float | None = None
    partners: float | None = None
    overlap: Overlap = "sum"
    max_gain: float | None = 2.0
    allow_quadratic: bool = False

    def __post_init__(self) -> None:
        """Refuse values without a meaning."""
        if (self.coll_coef is None) == (self.partners is None):
            raise ValueError(
                f"HardCollision: coll_coef = {self.coll_coef!r}, partners = {self.partners!r}: "
                'give exactly one of them; partners=0.5, overlap="matching" is a safe start'
            )
        if self.coll_coef is not None:
            _check_number(self, "coll_coef", 0.0, 1.0, cure="at 1 every pair that can collide does")
        if self.partners is not None:
            _check_number(self, "partners", 0.0, cure="0 switches the collisions off")
        _check_choice(self, "overlap", get_args(Overlap))
        _check_max_gain(self)
        _check_flag(self, "allow_quadratic")


@dataclass(frozen=True)
class NTCCollision:
    """No-time-counter collisions of the gas engine: momentum is conserved, and energy at e = 1.

    rate : expected collisions per neuron and step; above 1 in several rounds
    pairing : "disjoint" (a neuron collides once a round) or "sequential" (that of a gas; CPU only)
    scatter : "line-of-centres" (hard spheres with mirror images, lowers |cos|) or "isotropic"
    restitution : e between 0 and 1, for line-of-centres
    cells : None, or the number of bits of a SimHash; only neurons with equal bits then meet
    """

    rate: float = 1.0
    pairing: Pairing = "disjoint"
    scatter: Scatter = "line-of-centres"
    restitution: float = 1.0
    cells: int | None = None

    def __post_init__(self) -> None:
        """Refuse values without a meaning."""
        _check_number(self, "rate", 0.0, cure="0 switches the collisions off")
        _check_choice(self, "pairing", get_args(Pairing))
        _check_choice(self, "scatter", get_args(Scatter))
        _check_number(self, "restitution", 0.0, 1.0, cure="1 is elastic")
        if self.restitution != 1.0 and self.scatter == "isotropic":
            raise ValueError(
                f"NTCCollision: restitution = {self.restitution!r}: isotropic scattering is "
                'elastic; leave it at 1, or give scatter="line-of-centres"'
            )
        whole = isinstance(self.cells, int) and not isinstance(self.cells, bool)
        if self.cells is not None and not (whole and 1 <= self.cells <= MOST_BITS):
            raise ValueError(
                f"NTCCollision: cells = {self.cells!r}: must be None (one cell) or a whole number "
                f"of bits between 1 and {MOST_BITS}; take log2(N) - 5 for about 32 neurons a cell"
            )


@dataclass(frozen=True)
class PairPotential:
    """Repulsion of neurons by U = Σ cos²(w_i, w_j), applied to the weights after the base step.

    strength : in units of the group's learning rate, >= 0
    """

    strength: float = 1e-2

    def __post_init__(self) -> None:
        """Refuse values without a meaning."""
        _check_number(self, "strength", 0.0, cure="0 switches the potential off")


Collision = SoftCollision | HardCollision | NTCCollision | PairPotential


def _check_number(value: Any, field: str, lowest: float, highest=math.inf, *, cure: str) -> None:
    """Refuse what is not a finite number from lowest to highest."""
    found = getattr(value, field)
    number = isinstance(found, int | float) and not isinstance(found, bool)
    if number and math.isfinite(found) and lowest <= found <= highest:
        return
    allowed = f"between {lowest:g} and {highest:g}" if highest < math.inf else f">= {lowest:g}"
    raise ValueError(_message(value, field, f"must be a finite number {allowed}; {cure}"))


def _check_choice(
    value: Any, field: str, choices: tuple[str, ...], none: str | None = None
) -> None:
    """Refuse what is not among the choices; `none` says what None stands for, if allowed."""
    found = getattr(value, field)
    if (isinstance(found, str) and found in choices) or (found is None and none is not None):
        return
    allowed = " or ".join(f'"{choice}"' for choice in choices)
    allowed += f" or None ({none})" if none else ""
    raise ValueError(_message(value, field, f"must be {allowed}"))


def _check_flag(value: Any, field: str) -> None:
    """Refuse what is neither True nor False."""
    if not isinstance(getattr(value, field), bool):
        raise ValueError(_message(value, field, "must be True or False"))


def _check_max_gain(value: Any) -> None:
    """Refuse a limit below 1: it would shrink gradients that nothing has collided with."""
    if value.max_gain is not None:
        _check_number(value, "max_gain", 1.0, cure="None stands for no limit")


def _message(value: Any, field: str, complaint: str) -> str:
    return f"{type(value).__name__}: {field} = {getattr(value, field)!r}: {complaint}"
