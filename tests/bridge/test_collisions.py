"""Collisions as values: what they refuse, and what they tell the user to do instead."""

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from bridge.address import EVALUATIONS, ROUNDS, Address  # noqa: E402
from bridge.collisions import (  # noqa: E402
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from bridge.outcome import Outcome  # noqa: E402
from dsmc import draws  # noqa: E402

GOOD = [
    (SoftCollision, {}),
    (SoftCollision, {"coll_coef": 0, "diagonal": False, "normalize": "rowsum", "max_gain": None}),
    (SoftCollision, {"coll_coef": 3.0, "normalize": "mean", "allow_quadratic": True}),
    (HardCollision, {"coll_coef": 0.0}),
    (HardCollision, {"coll_coef": 1.0, "overlap": "matching", "max_gain": 1.0}),
    (HardCollision, {"partners": 0.5, "overlap": "mean"}),
    (NTCCollision, {}),
    (NTCCollision, {"rate": 3, "pairing": "sequential", "scatter": "isotropic", "cells": 4}),
    (NTCCollision, {"restitution": 0.0}),
    (PairPotential, {}),
    (PairPotential, {"strength": 0.0}),
]

BAD = [
    (SoftCollision, {"coll_coef": -0.1}, "coll_coef = -0.1: must be a finite number >= 0; 0 "),
    (SoftCollision, {"coll_coef": float("nan")}, "coll_coef = nan"),
    (SoftCollision, {"coll_coef": float("inf")}, "coll_coef = inf"),
    (SoftCollision, {"coll_coef": True}, "coll_coef = True"),
    (SoftCollision, {"coll_coef": "0.1"}, "coll_coef = '0.1'"),
    (SoftCollision, {"diagonal": None}, "diagonal = None: must be True or False"),
    (SoftCollision, {"normalize": "rows"}, 'must be "mean" or "rowsum" or None'),
    (SoftCollision, {"max_gain": 0.5}, "max_gain = 0.5: .* None stands for no limit"),
    (SoftCollision, {"allow_quadratic": 1}, "allow_quadratic = 1"),
    (HardCollision, {}, "exactly one of them; partners=0.5"),
    (HardCollision, {"coll_coef": 0.5, "partners": 1.0}, "exactly one of them"),
    (HardCollision, {"coll_coef": 1.5}, "coll_coef = 1.5: must be a finite number between 0 and 1"),
    (HardCollision, {"partners": -1}, "partners = -1"),
    (HardCollision, {"partners": 1, "overlap": None}, 'overlap = None: must be "sum" or "mean" or'),
    (NTCCollision, {"rate": -1.0}, "rate = -1.0"),
    (NTCCollision, {"pairing": "random"}, 'must be "disjoint" or "sequential"'),
    (NTCCollision, {"scatter": "isotropc"}, 'must be "line-of-centres" or "isotropic"'),
    (NTCCollision, {"restitution": 1.5}, "restitution = 1.5: .* between 0 and 1; 1 is elastic"),
    (NTCCollision, {"restitution": 0.5, "scatter": "isotropic"}, "isotropic scattering is elastic"),
    (NTCCollision, {"cells": 0}, r"cells = 0: .*between 1 and 16; take log2\(N\) - 5"),
    (NTCCollision, {"cells": 2.0}, "cells = 2.0"),
    (PairPotential, {"strength": -1e-3}, "strength = -0.001"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options"), GOOD)
def test_a_collision_is_a_frozen_value(kind, options):
    collision = kind(**options)
    assert collision == kind(**options)
    assert hash(collision) == hash(kind(**options))
    assert dataclasses.asdict(collision).items() >= options.items()
    with pytest.raises(dataclasses.FrozenInstanceError):
        collision.strength = 1.0


@pytest.mark.parametrize(("kind", "options", "message"), BAD)
def test_a_value_without_a_meaning_is_refused_by_name(kind, options, message):
    with pytest.raises(ValueError, match=message) as refused:
        kind(**options)
    assert str(refused.value).startswith(kind.__name__)


def test_an_address_names_seed_parameter_step_and_gas_to_the_engine():
    address = Address(seed=7, step=11, parameter=3, evaluation=2)
    assert address.engine(gas=5) == draws.Address(draws.key(7, 3), 11, 5)
    assert address.part(9) == 2 * ROUNDS + 9


def test_no_two_rounds_share_a_part_and_none_leaves_its_24_bits():
    parts = {Address(0, 0, 0, e).part(r) for e in range(3) for r in range(ROUNDS)}
    assert len(parts) == 3 * ROUNDS
    assert Address(0, 0, 0, EVALUATIONS - 1).part(ROUNDS - 1) == 2**24 - 1
    for address, round in ((Address(0, 0, 0), ROUNDS), (Address(0, 0, 0, EVALUATIONS), 0)):
        with pytest.raises(ValueError, match="must lie between 0 and"):
            address.part(round)


def test_the_outcome_measures_energy_and_momentum():
    """Row 1 doubled: energy 1 -> 4 of 1 + 4, momentum changed by 1 of 1 + 2."""
    before = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]]) * 1e30
    after = before.clone()
    after[0, 0] *= 2.0
    measured = Outcome(1, 1).measured(before, after)
    assert float(measured.energy_ratio) == pytest.approx(8.0 / 5.0, rel=1e-6)
    assert float(measured.momentum_error) == pytest.approx(1.0 / 3.0, rel=1e-6)
    zero = Outcome().measured(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2))
    assert (float(zero.energy_ratio), float(zero.momentum_error)) == (1.0, 0.0)
