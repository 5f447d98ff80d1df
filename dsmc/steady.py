"""Whether a flow is steady: when averages may begin, and whether they may stand.

What is watched are numbers of the whole gas: how many particles it has, their momentum and energy
by component, the same weighted with the longest waves that fit into the box, and what every patch
of the faces receives. Slow flows show in the waves long before they show in a cell.

The means over batches of five samples (which are merged as the record grows) are looked at whenever
it has grown by 15 %. The flow is called steady if

    1. the record is at least three relaxation times of the slowest mode long (`slow_modes`),
    2. no number has a significant slope over the later half of the record, and
    3. none is told to be in its transient by MSER-5, which would leave out more than this half
       (White, Simulation 69, 323, 1997; White and Robinson, J. Simulation 4, 268, 2010), and has a
       slope of more than three standard errors.

MSER alone takes the slow fluctuations of a gas for a transient, and a slope alone does not see one
that is over; the noise of a slope contains the correlation of neighbouring parts. The conservative
combination is that every number must have settled. Averages begin at the next step.

A transient that is hidden in the noise cannot be seen. Whenever the averages have doubled, their
own record is looked at for a slope: noise falls as they grow, and where a drift comes out they are
begun anew. What remains is a bias below the standard error that is told.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc.blocks import Blocks
from dsmc.slow_modes import slowest_time
from dsmc.statistics import student_quantile

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

SLOWEST = 3.0  # relaxation times of the slowest mode before a flow may be called steady
BATCH = 5  # samples of a batch at first
CAPACITY = 512  # batches that are kept at most
FEWEST = 32  # batches that a verdict needs: 16 parts in the later half of the record
GROWTH = 1.15  # of the record from one look to the next
PARTS = 16  # of a record, through whose means a line is laid
FALSE_ALARM = 0.05  # chance that a look finds a slope in a steady flow: averages begin later
DRIFT = 0.005  # the same once there are averages, which would be lost
DOUBTFUL = 3.0  # standard errors of a slope that bear out what MSER says
WAVES = 2  # along each axis
FACES = 6  # rows of a wall tally that are watched one by one; of more the sum


def mser(x: np.ndarray) -> np.ndarray:
    """Batches to leave out at the start by the marginal standard error rule, (J,).

    The d that makes sum_(i >= d) (x_i - mean)^2 / (n - d)^2 least: the squared error of the mean of
    what is left, as if it were independent. The last tenth of the record is no candidate.

    x : (n, J) batch means
    """
    n = len(x)
    kept = np.arange(n, 0, -1)[:, None]
    x = x - x.mean(axis=0)
    sums, squares = (np.cumsum(y[::-1], axis=0)[::-1] for y in (x, x**2))
    return ((squares - sums**2 / kept) / kept**2)[: n - n // 10].argmin(axis=0)


def slope(x: np.ndarray) -> np.ndarray:
    """Slope of a line through the means of 16 parts of a record, in its standard errors, (J,).

    The variance of the residuals is multiplied by 1 + 2 r, r their correlation from part to part
    where it is positive; two parameters of the line lower r by 2/16.

    x : (n, J) batch means, n >= 16; a remainder is left out at the start
    """
    length = len(x) // PARTS
    parts = x[-length * PARTS :].reshape(PARTS, length, -1).mean(axis=1)
    parts = parts - parts.mean(axis=0)
    time = np.arange(PARTS) - 0.5 * (PARTS - 1)
    found = time @ parts / (time @ time)
    residuals = parts - time[:, None] * found
    squares = (residuals**2).sum(axis=0)
    products = (residuals[1:] * residuals[:-1]).sum(axis=0)
    r = np.divide(products, squares, out=np.zeros(squares.shape), where=squares > 0.0) + 2.0 / PARTS
    error = np.sqrt((1.0 + 2.0 * np.maximum(r, 0.0)) * squares / (PARTS - 2) / (time @ time))
    return np.divide(np.abs(found), error, out=np.zeros(error.shape), where=error > 0.0)


def significant(numbers: int, chance: float = FALSE_ALARM) -> float:
    """Standard errors that the steepest of so many slopes exceeds by chance, in a steady flow."""
    return student_quantile(chance / max(1, numbers), PARTS - 2.0)


def is_settled(x: np.ndarray) -> bool:
    """Whether every number of a record has left its transient before the middle of the record.

    x : (n, J) batch means
    """
    slopes = slope(x[len(x) // 2 :])
    in_transient = (mser(x) > len(x) / 2) & (slopes > DOUBTFUL)
    return not (in_transient.any() or (slopes > significant(x.shape[1])).any())


def is_level(x: np.ndarray) -> bool:
    """Whether no number of a record has a significant slope over the whole of it.

    x : (n, J) batch means
    """
    return not (slope(x) > significant(x.shape[1], DRIFT)).any()


class Watch:
    """Looks at a flow sample by sample, and tells when averages are to begin, or to begin anew.

    every : steps between samples
    begun : step from which averages are taken; None until the flow is steady
    restarts : how often a drift made the averages begin anew
    """

    def __init__(self, scenario: Scenario, every: int, walls: int):
        self._basis = waves(scenario)
        self._weights = np.array([molecule.mass for molecule in scenario.molecules])
        self._rows = walls if walls <= FACES else 1
        numbers = len(self._basis) * 7 + self._rows * 5
        self._soonest = SLOWEST * slowest_time(scenario) / (scenario.time_step * every)  # samples
        self.record = Blocks((numbers,), CAPACITY, length=BATCH)
        self.open, self.received = np.zeros(numbers), np.zeros((walls, 5))
        self.samples = 0
        self.begun: int | None = None
        self.restarts = 0

    def observe(self, step: int, sums: np.ndarray, received: np.ndarray) -> bool:
        """Take a sample in step `step`; True if averages are to begin (anew) with the next step.

        sums : (cells, S, moments.COLUMNS) of this step
        received : (walls, 5 or more) what each wall has received: hits, momentum, energy …
        """
        received = received[:, :5]
        self.open += self._numbers(sums, received)
        self.received = received.copy()
        self.samples += 1
        length = self.record.length
        if self.samples - self.record.count * length < length:
            return False
        self.record.push(self.open / length)
        self.open[:] = 0.0
        return self._look(step + 1)

    def _look(self, following: int) -> bool:
        """Whether averages are to begin with step `following`."""
        batches = self.record.means[: self.record.count]
        if len(batches) < FEWEST or not self._has_grown():
            return False
        if self.begun is None:
            if self.samples < self._soonest or not is_settled(batches):
                return False
        elif is_level(batches):
            return False
        else:
            self.restarts += 1
        self.begun = following
        self.samples = 0
        self.record.begin()
        self.open[:] = 0.0
        return True

    def _has_grown(self) -> bool:
        """Whether the record is again longer, by 15 % before the averages, by a factor 2 then."""
        growth = GROWTH if self.begun is None else 2.0
        now, before = (
            math.floor(math.log(samples / BATCH, growth))
            for samples in (self.samples, self.samples - self.record.length)
        )
        return now > before

    @property
    def level(self) -> bool:
        """Whether the record of the averages shows no drift."""
        batches = self.record.means[: self.record.count]
        return self.begun is not None and (len(batches) < PARTS or is_level(batches))

    def _numbers(self, sums: np.ndarray, received: np.ndarray) -> np.ndarray:
        """The numbers that are watched, (J,)."""
        gas = np.column_stack(
            [sums[:, :, 0].sum(axis=1), np.einsum("csk,s->ck", sums[:, :, 1:7], self._weights)]
        )
        walls = received - self.received
        if self._rows < len(walls):
            walls = walls.sum(axis=0)
        return np.concatenate([np.einsum("wc,ck->wk", self._basis, gas).ravel(), walls.ravel()])

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {
            "record": self.record.state(),
            "open": self.open,
            "received": self.received,
            "samples": self.samples,
            "begun": -1 if self.begun is None else self.begun,
            "restarts": self.restarts,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.record.restore(state["record"])
        self.open[:], self.received = state["open"], state["received"]
        self.samples, self.restarts = int(state["samples"]), int(state["restarts"])
        begun = int(state["begun"])
        self.begun = None if begun < 0 else begun


def waves(scenario: Scenario) -> np.ndarray:
    """One, and the longest waves along every axis, in every cell: (1 + waves, cells).

    cos(pi k x / L), k = 1 and 2, between faces; cos and sin of 2 pi x / L in a periodic box.
    """
    cells = scenario.cells[::-1]  # z, y, x: x runs fastest
    found = [np.ones(cells)]
    for axis, count in enumerate(scenario.cells):
        if count == 1:
            continue
        faces = np.array(scenario.faces[axis]) / scenario.lengths[axis]
        x = 0.5 * (faces[1:] + faces[:-1])
        periodic = getattr(scenario.boundaries, "xyz"[axis]).low.kind == "periodic"
        shapes = [np.cos(math.pi * k * x) for k in range(1, WAVES + 1)]
        if periodic:
            shapes = [np.cos(2.0 * math.pi * x), np.sin(2.0 * math.pi * x)]
        place = [1] * len(cells)
        place[len(cells) - 1 - axis] = count
        found += [np.broadcast_to(shape.reshape(place), cells) for shape in shapes]
    return np.stack([wave.ravel() for wave in found])
