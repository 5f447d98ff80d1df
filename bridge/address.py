"""Where a training run draws a random number: nothing to save, the same on every rank and device.

seed, parameter -> key of the engine; step -> step; gas (expert, group of a convolution) -> cell;
evaluation of the closure and round of collisions -> part.
"""

from typing import NamedTuple

from dsmc import draws

ROUNDS = 64  # of one evaluation that have numbers of their own
EVALUATIONS = 2**18  # of one step: the part of a draw has 24 bits


class Address(NamedTuple):
    """One collision of one parameter; stream and index are added at the draw."""

    seed: int
    step: int
    parameter: int  # number of the tensor among those that collide
    evaluation: int = 0  # of the closure within this step

    def engine(self, gas: int = 0) -> draws.Address:
        """The engine's address of one gas of this parameter."""
        return draws.Address(draws.key(self.seed, self.parameter), self.step, gas)

    def part(self, round: int = 0) -> int:
        """The part of a draw: evaluation and round."""
        for name, value, end in (
            ("round", round, ROUNDS),
            ("evaluation", self.evaluation, EVALUATIONS),
        ):
            if not 0 <= value < end:
                raise ValueError(f"{name} = {value}: must lie between 0 and {end - 1}")
        return self.evaluation * ROUNDS + round
