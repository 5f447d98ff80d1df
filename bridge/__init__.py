"""The optimizer bridge: gradients of neurons collide as the velocities of particles do.

>>> optimizer = torch.optim.AdamW(model.parameters())
>>> kinetic = bridge.KineticStep(optimizer, [model.fc.weight], bridge.NTCCollision())

The training loop stays as it is. The package translates parameters and gradients into particles and
back; collisions are those of `dsmc`. It needs PyTorch, which the gas simulator does not.
"""

from importlib.util import find_spec

if find_spec("torch") is None:
    raise ImportError(
        "bridge needs PyTorch, which is not installed here: pip install torch",
        name="torch",
    )

from bridge.address import Address
from bridge.collisions import HardCollision, NTCCollision, PairPotential, SoftCollision
from bridge.functional import collide_gradients, push_weights
from bridge.kinetic_step import KineticStep
from bridge.layer_stats import LayerStats
from bridge.neurons import Layout
from bridge.outcome import CollisionWarning, Outcome
from bridge.recorder import Recorder
from bridge.similarity import Similarity, similarity

__all__ = [
    "Address",
    "CollisionWarning",
    "HardCollision",
    "KineticStep",
    "LayerStats",
    "Layout",
    "NTCCollision",
    "Outcome",
    "PairPotential",
    "Recorder",
    "Similarity",
    "SoftCollision",
    "collide_gradients",
    "push_weights",
    "similarity",
]
