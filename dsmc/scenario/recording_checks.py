"""What the keys of [sample] and [output] must fulfil together with those of the flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsmc import quantities
from dsmc.faces import PASSED
from dsmc.scenario.boundaries import Boundaries
from dsmc.scenario.domain import AXES, Domain, uneven_cells
from dsmc.scenario.messages import Problem, shown
from dsmc.scenario.recording import Output, Sample
from dsmc.scenario.sections import Collisions, Run


def named(sample: Sample) -> Iterator[Problem]:
    """Every requested quantity is known."""
    for place, name in enumerate(sample.quantities or ()):
        if name not in quantities.QUANTITIES:
            close = quantities.nearest(name)
            yield Problem(
                f"sample.quantities[{place}]",
                shown(name),
                f"unknown quantity; known: {', '.join(quantities.QUANTITIES)}",
                f'did you mean "{close}"?' if close else "choose one of them",
            )


def measured(
    sample: Sample, boundaries: Boundaries, collisions: Collisions, domain: Domain, initial: Any
) -> Iterator[Problem]:
    """Every requested quantity can be measured in this run."""
    kinds = set(_kinds(boundaries, domain))
    graded = kinds != {"periodic"} or initial.kind in ("riemann", "shear-wave")
    has = quantities.Measurable(
        fields=graded if sample.fields_every is None else sample.fields_every > 0,
        walls=kinds != {"periodic"},
        flows=bool(sample.planes) or bool(kinds & set(PASSED)),
        collisions=collisions.scheme != "none",
        wave=initial.kind == "shear-wave",
    )
    for place, name in enumerate(sample.quantities or ()):
        if name not in quantities.QUANTITIES:
            continue
        reason = quantities.why_not(name, has)
        if reason:
            keys = {"fields_every": "sample.fields_every = 10", "planes": "one [[sample.planes]]"}
            cures = [f"for instance {key}, or " for word, key in keys.items() if word in reason]
            yield Problem(
                f"sample.quantities[{place}]",
                shown(name),
                f"cannot be measured here: {reason}",
                "".join(cures) + "remove it",
            )


def _kinds(boundaries: Boundaries, domain: Domain) -> Iterator[str]:
    """The kinds of all faces and of the patches upon them."""
    for axis in AXES[: len(domain.length_m)]:
        faces = getattr(boundaries, axis)
        for face in filter(None, (faces.low, faces.high)):
            yield face.kind
            yield from (patch.kind for patch in getattr(face, "patches", ()))


def steady(sample: Sample, run: Run) -> Iterator[Problem]:
    """Averages that wait for a steady flow, and the errors that end a run."""
    if sample.start == "steady" and sample.fields_every == 0:
        allowed = "the cells are what a steady flow is told by: sample.fields_every is 0"
        cure = "sample.fields_every = 10, or sample.start = 1000"
        yield Problem("sample.start", shown(sample.start), allowed, cure)
    if run.until == "steady" and not sample.targets:
        allowed = 'missing: run.until = "steady" ends the run when these errors are reached'
        cure = "for instance [sample.targets] wall_shear = 0.01, a relative standard error"
        yield Problem("sample.targets", "", allowed, cure)


def targets(sample: Sample) -> Iterator[Problem]:
    """Targets are relative errors of known averages over time."""
    for name, value in (sample.targets or {}).items():
        path = f"sample.targets.{name}"
        if isinstance(value, bool) or not (isinstance(value, int | float) and 0 < value < 1):
            allowed = "must be a relative standard error, between 0 and 1"
            yield Problem(path, shown(value), allowed, f"{name} = 0.01")
        if name not in quantities.QUANTITIES:
            close = quantities.nearest(name)
            allowed = f"unknown quantity; known: {', '.join(quantities.QUANTITIES)}"
            cure = f'did you mean "{close}"?' if close else "choose one of them"
            yield Problem(path, shown(value), allowed, cure)
        elif not {"field", "wall", "flow"} & set(quantities.QUANTITIES[name].kinds):
            allowed = "a target is the error of an average over time: in cells, at walls, of flows"
            cure = "for instance temperature = 0.01, wall_shear = 0.01 or mass_flow = 0.01"
            yield Problem(path, shown(value), allowed, cure)


def reachable(
    sample: Sample, boundaries: Boundaries, collisions: Collisions, domain: Domain, initial: Any
) -> Iterator[Problem]:
    """What targets are of is measured in this run."""
    names = tuple(sample.targets or ())
    asked = sample.model_copy(update={"quantities": names})
    for problem in measured(asked, boundaries, collisions, domain, initial):
        name = names[int(problem.path[len("sample.quantities[") : -1])]
        path = f"sample.targets.{name}"
        yield Problem(path, shown(sample.targets[name]), problem.allowed, problem.cure)


def frames(sample: Sample, output: Output) -> Iterator[Problem]:
    """A frame of the fields averages over whole samples."""
    if not output.fields or sample.fields_every is None:
        return
    if sample.fields_every == 0:
        allowed = "the cell fields are not sampled: sample.fields_every is 0"
        cure = "sample.fields_every = 10, or remove output.fields"
        yield Problem("output.fields", shown(output.fields), allowed, cure)
    elif output.fields % sample.fields_every:
        allowed = f"must be a multiple of sample.fields_every = {sample.fields_every}"
        nearest_fit = max(1, round(output.fields / sample.fields_every)) * sample.fields_every
        yield Problem("output.fields", shown(output.fields), allowed, f"fields = {nearest_fit}")


def wall_cells(sample: Sample, domain: Domain, boundaries: Boundaries) -> Iterator[Problem]:
    """Walls have cells along them in two and three dimensions."""
    if not sample.wall_cells:
        return
    axes = AXES[: len(domain.length_m)]
    if len(axes) == 1:
        allowed = "a wall of a one-dimensional box is one cell"
        yield Problem("sample.wall_cells", "true", allowed, "remove it")
    elif all(getattr(boundaries, axis).low.kind == "periodic" for axis in axes):
        allowed = "every boundary is periodic: there is no wall"
        yield Problem("sample.wall_cells", "true", allowed, "remove it")


def planes(sample: Sample, domain: Domain, boundaries: Boundaries) -> Iterator[Problem]:
    """Planes lie inside the box, and no two have one name."""
    for number, plane in enumerate(sample.planes):
        path = f"sample.planes[{number}]"
        axis = AXES.index(plane.axis)
        if axis >= len(domain.length_m):
            known = ", ".join(AXES[: len(domain.length_m)])
            allowed = f"the box has {len(domain.length_m)} dimensions: must be one of {known}"
            yield Problem(f"{path}.axis", shown(plane.axis), allowed, f"choose one of {known}")
            continue
        length = domain.length_m[axis]
        if not 0.0 < plane.position_m < length:
            allowed = f"must lie inside the box, between 0 and {length:g} m"
            cure = f"position_m = {0.5 * length:g}"
            yield Problem(f"{path}.position_m", shown(plane.position_m), allowed, cure)
    yield from _once("sample.planes", [plane.name for plane in sample.planes])


def distributions(sample: Sample, domain: Domain, run: Run) -> Iterator[Problem]:
    """Velocities are counted in cells of the box that are sampled, each once."""
    cells: list[tuple[int, ...]] = []
    for number, entry in enumerate(sample.distributions):
        path = f"sample.distributions[{number}]"
        if sample.fields_every == 0:
            allowed = "velocities are counted with the cell fields, and sample.fields_every is 0"
            yield Problem(path, "", allowed, "sample.fields_every = 10, or remove it")
        if entry.range_m_s is not None and not entry.range_m_s[0] < entry.range_m_s[1]:
            allowed, cure = "must be the lowest, then the highest component", "exchange the two"
            yield Problem(f"{path}.range_m_s", shown(list(entry.range_m_s)), allowed, cure)
        point, lengths = entry.position_m, domain.length_m
        inside = len(point) == len(lengths) == len(domain.cells)
        if not inside or not all(0.0 <= x <= end for x, end in zip(point, lengths, strict=True)):
            allowed = f"must be a point in the box, {len(lengths)} numbers up to its lengths"
            cure = f"position_m = {shown([0.5 * end for end in lengths])}"
            yield Problem(f"{path}.position_m", shown(list(point)), allowed, cure)
            continue
        if any(domain.gradings) and [*uneven_cells(domain, run)]:
            continue  # reported there: which cells these are is not known
        cell = domain.place_of(point)
        if cell in cells:
            allowed = f"lies in the same cell as sample.distributions[{cells.index(cell)}]"
            yield Problem(f"{path}.position_m", shown(list(point)), allowed, "remove one of them")
        cells.append(cell)
    yield from _once("sample.distributions", [entry.name for entry in sample.distributions])


def _once(path: str, names: list[str | None]) -> Iterator[Problem]:
    """Each name occurs once and can be printed."""
    for number, name in enumerate(names):
        if name is not None and name in names[:number]:
            cure = "give each its own name, or none"
            yield Problem(f"{path}[{number}].name", shown(name), "each name may occur once", cure)
        if name is not None and not name.isprintable():
            allowed, cure = "must be printable characters", "remove control characters"
            yield Problem(f"{path}[{number}].name", shown(name), allowed, cure)
