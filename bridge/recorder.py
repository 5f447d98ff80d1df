"""A file of a training run: layers as gases over time, in H5MD, as the gas simulator writes.

    /particles/<layer>                      neurons are particles
        /position/{value (T, K, D), step, time}      rows of the weight, float32
        /velocity/{value (T, K, D), step, time}      rows of the gradient, as the optimizer got it
        /id/{value (T, K), step, time}               number of the row
    /observables/<quantity> of <layer>      value, error (T,), step, time; see `QUANTITIES`
    /observables/loss                       and whatever else is given

Time is counted in steps. `dsmc inspect FILE` and `dsmc plot FILE` explain and draw it,
`dsmc.trajectory.read_observables` and `read_frame` read it. Rows become permanent at a commit
(`dsmc.hdf5`): after a crash the file is as of the last one.
"""

import math
import os
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bridge import thermometer
from bridge.kinetic_step import KineticStep
from bridge.layer_stats import LayerStats
from bridge.layers import Layer
from bridge.neurons import gases
from bridge.sharding import is_sharded
from bridge.similarity import similarity
from dsmc import hdf5, summary
from dsmc.entropy import FEWEST_PARTICLES, Estimate

QUANTITIES = {
    "mean_similarity": "mean of |cos(w_i, w_j)| over the pairs of neurons",
    "maximum_similarity": "largest |cos(w_i, w_j)|",
    "participation": "participation ratio of the weights' singular values",
    "kinetic_temperature": "sum |g_i - <g>|^2 / (D (N - 1)) of the gradients",
    "h_excess": "excess of H over Maxwell's distribution (D > 3: in three dimensions)",
    "pairs": "accepted pairs in the last collision",
    "energy_ratio": "sum |g*|^2 / sum |g|^2 in the last collision",
    "cosine": "cos(g*, g) in the last collision",
}
Row = dict[str, Estimate]
_UNKNOWN = Estimate(math.nan, math.nan)
_LONGEST_BOUNDARY = 8192  # dimensions of a box whose boundaries fit in an attribute


class Recorder(hdf5.Writer):
    """Writes what the layers of a KineticStep do; a context manager.

        with Recorder("training.h5", kinetic, every=20) as recorder:
            for x, y in loader:
                ...
                optimizer.step()
                recorder.step(loss=loss)

    every : steps between two rows
    neurons : of each layer, evenly spread, whose rows are written; 0 for observables only
    overwrite : replace a file that is there

    A row costs what `similarity` of every layer does, N² D. Pairs, energy ratio and cosine are
    known to a KineticStep with stats=True only. Of a layer that lies on several ranks a rank
    records its own part: give every rank a file of its own, or record on one.
    Raises OSError naming the path and the cure (exists, disk full …).
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        kinetic: KineticStep,
        *,
        every: int = 1,
        neurons: int = 64,
        overwrite: bool = False,
    ):
        _check_whole("every", every, 1, "1 writes a row at every step")
        _check_whole("neurons", neurons, 0, "0 writes no weights")
        self._kinetic, self._every, self._neurons = kinetic, every, neurons
        self._frames: dict[str, hdf5.Rows] = {}
        self._observed: dict[str, hdf5.Rows] = {}
        self._latest = -1  # step of the last row
        self._growing = hdf5.create(path, overwrite)
        self.path = self._growing.path
        _write_head(self._growing.root, kinetic, every)
        self._growing.commit()

    def step(self, **values: float | Tensor) -> None:
        """Write a row if it is time for one; call it after `optimizer.step()`.

        values : () numbers of this step, such as loss=…, accuracy=…; read only if written
        """
        if self._kinetic.step % self._every == 0:
            self.record(**values)

    def record(self, **values: float | Tensor) -> None:
        """Write a row now, once for each step of the optimizer (a scaler may leave one out).

        values : () numbers, such as loss=…, accuracy=…
        """
        if self._kinetic.step == self._latest:
            return
        _check_names(values)
        self._latest = self._kinetic.step
        for name, value in values.items():
            self._observe(name, name.replace("_", " "), _number(value))
        measured = self._kinetic.stats if self._kinetic.measures else {}
        for name, layer in _layers_by_name(self._kinetic).items():
            weight, grad = _rows(layer)
            told = _observables(weight, grad, measured.get(layer.name))
            for quantity, found in told.items():
                self._observe(f"{quantity} of {name}", QUANTITIES[quantity], found)
            if self._neurons:
                self._track(name, weight, grad)
        self._growing.commit_if_due()

    def _observe(self, name: str, description: str, found: Estimate) -> None:
        if name not in self._observed:
            group = self._growing.root.require_group(f"observables/{name}")
            group.attrs["unit"], group.attrs["description"] = "1", description
            rows = self._observed[name] = hdf5.Rows()
            for column in ("value", "error"):
                rows.column(group, column, (), "f8").attrs["unit"] = "1"
            _count_steps(rows, group)
        row = {"value": found.value, "error": found.error}
        self._observed[name].append(row | self._moment())

    def _track(self, name: str, weight: Tensor, grad: Tensor) -> None:
        """Write some rows of the layer; all its gases one after the other."""
        position, velocity = weight.flatten(0, 1), grad.flatten(0, 1)
        count = min(self._neurons, len(position))
        chosen = np.linspace(0, len(position) - 1, count).round().astype(np.int64)
        if name not in self._frames:
            group = self._growing.root.require_group(f"particles/{name}")
            self._frames[name] = _frame_columns(group, count, position.shape[1])
        rows = torch.from_numpy(chosen).to(position.device)
        row = {
            "position": position[rows].float().cpu().numpy(),
            "velocity": velocity[rows].float().cpu().numpy(),
            "id": chosen,
        }
        self._frames[name].append(row | self._moment())

    def _moment(self) -> dict[str, int]:
        return {"time": self._latest, "step": self._latest}


def _observables(weight: Tensor, grad: Tensor, stats: LayerStats | None) -> Row:
    """The quantities of one layer that have a meaning.

    weight, grad : (E, N, D)
    """
    alike = similarity(weight)
    row = {
        "mean_similarity": _number(alike.mean),
        "maximum_similarity": _number(alike.maximum),
        "participation": _number(alike.participation),
        "kinetic_temperature": _number(np.mean([thermometer.temperature(gas) for gas in grad])),
    }
    _, neurons, length = grad.shape
    if neurons >= FEWEST_PARTICLES and length >= 3:
        row["h_excess"] = _entropy(grad)
    if stats is not None:
        row |= {name: _number(getattr(stats, name)) for name in ("pairs", "energy_ratio", "cosine")}
    return row


def _number(value: float | Tensor) -> Estimate:
    """A number whose error is not known."""
    value = value.detach() if isinstance(value, Tensor) else value
    return Estimate(float(value), math.nan)


def _entropy(grad: Tensor) -> Estimate:
    """Mean excess of H of the gases; NaN where gradients are equal, or none."""
    try:
        found = [thermometer.entropy(gas) for gas in grad]
    except ValueError:
        return _UNKNOWN
    errors = np.array([each.error for each in found])
    error = math.sqrt(float(errors @ errors)) / len(found)
    return Estimate(float(np.mean([each.value for each in found])), error)


def _rows(layer: Layer) -> tuple[Tensor, Tensor]:
    """Weight and gradient (E, N, D); NaN where there is no gradient."""
    weight = layer.weight.detach()
    grad = layer.weight.grad
    if grad is None or grad.layout is not torch.strided:
        grad = torch.full_like(weight, math.nan)
    plain = [x.to_local() if is_sharded(x) else x for x in (weight, grad.detach())]
    return tuple(gases(x, layer.layout) for x in plain)


def _layers_by_name(kinetic: KineticStep) -> dict[str, Layer]:
    """The layers that have neurons; one that collides twice is there once."""
    return {
        layer.name.replace("/", "."): layer
        for layer in kinetic.layers
        if layer.layout.has_rows(layer.weight)
    }


def _frame_columns(group: Any, neurons: int, length: int) -> hdf5.Rows:
    """The columns of `/particles/<layer>`, and a box without edges."""
    box = group.require_group("box")
    box.attrs["dimension"] = length
    if length <= _LONGEST_BOUNDARY:
        box.attrs["boundary"] = np.full(length, b"none")
    frame = hdf5.Rows()
    for name in ("position", "velocity"):
        values = frame.column(group, f"{name}/value", (neurons, length), "f4")
        values.attrs["unit"] = "1"
    frame.column(group, "id/value", (neurons,), "i8", **hdf5.PACKED)
    _count_steps(frame, group["position"])
    for name in ("velocity", "id"):
        group[name]["step"], group[name]["time"] = frame.step, frame.time
    return frame


def _count_steps(rows: hdf5.Rows, group: Any) -> None:
    """Columns `time` and `step` in this group; time is counted in steps."""
    rows.clock(group)
    rows.time.attrs["unit"] = "step"


def _write_head(root: Any, kinetic: KineticStep, every: int) -> None:
    provenance = summary.provenance(kinetic.seed, torch.get_num_threads(), precision="float32")
    head = root.create_group("h5md")
    head.attrs["version"] = np.array([1, 1], dtype=np.int32)
    head.create_group("author").attrs["name"] = "dsmc-bridge"
    creator = head.create_group("creator")
    creator.attrs["name"], creator.attrs["version"] = "dsmc-bridge", provenance["version"]
    told = {
        "torch": str(torch.__version__),
        "optimizer": type(kinetic.optimizer).__name__,
        "collisions": "; ".join(sorted({repr(layer.collision) for layer in kinetic.layers})),
        "every": every,
    }
    hdf5.write_origin(root, "", provenance | told)


def _check_names(values: dict[str, Any]) -> None:
    """Names become names of groups."""
    for name in values:
        if not name.isidentifier():
            raise ValueError(
                f"a recorded value is called {name!r}: letters, digits and underscores only; "
                f"call it {''.join(c if c.isalnum() else '_' for c in name)!r}"
            )


def _check_whole(name: str, value: Any, lowest: int, cure: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise ValueError(
            f"Recorder: {name} = {value!r}: must be a whole number >= {lowest}; {cure}"
        )
