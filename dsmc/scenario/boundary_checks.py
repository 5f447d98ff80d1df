"""What the boundaries of a scenario must fulfil together, and with the domain and the species."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsmc.scenario.boundaries import Boundaries
from dsmc.scenario.domain import Domain
from dsmc.scenario.messages import Problem, shown
from dsmc.scenario.patches import AXES, SIDES, patches
from dsmc.scenario.sections import SpeciesEntry

WARM = ("diffuse", "cll")  # kinds that need a temperature or a profile of it


def presence(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Both faces of an axis, or one kind for both; what each of them must have."""
    boundaries = data.get("boundaries")
    if not isinstance(boundaries, Mapping):
        return
    for axis in AXES:
        table = boundaries.get(axis)
        if not isinstance(table, Mapping):
            continue
        yield from _pair(f"boundaries.{axis}", table)
        for side in SIDES:
            face = table.get(side)
            if not isinstance(face, Mapping):
                continue
            path = f"boundaries.{axis}.{side}"
            yield from _needs(path, face)
            inner = face.get("patches")
            for number, patch in enumerate(inner if isinstance(inner, list) else ()):
                if isinstance(patch, Mapping):
                    yield from _needs(f"{path}.patches[{number}]", patch)


def _pair(path: str, table: Mapping[str, Any]) -> Iterator[Problem]:
    """Two faces, periodic only together."""
    given = [side for side in SIDES if side in table]
    if "kind" in table and given:
        yield Problem(
            f"{path}.kind",
            shown(table["kind"]),
            f"kind is for both faces, but {' and '.join(given)} is given too",
            f"remove kind or {' and '.join(given)}",
        )
    elif len(given) == 1:
        other = "high" if given == ["low"] else "low"
        cure = f'give {other} as well, for instance {other} = {{ kind = "specular" }}'
        yield Problem(f"{path}.{other}", "", "missing: an axis has two faces", cure)
    kinds = [table[side].get("kind") for side in given if isinstance(table[side], Mapping)]
    if len(given) == 2 and len(kinds) == 2 and kinds.count("periodic") == 1:
        side = given[kinds.index("periodic")]
        opposite = kinds[1 - kinds.index("periodic")]
        yield Problem(
            f"{path}.{side}.kind",
            '"periodic"',
            f"a periodic face needs a periodic face opposite, found {shown(opposite)}",
            f'write [{path}] kind = "periodic", or give this face a wall',
        )


def _needs(path: str, table: Mapping[str, Any]) -> Iterator[Problem]:
    """A warm wall has one temperature, an inlet one flow."""
    kind, profile = table.get("kind"), table.get("profile")
    if kind in WARM:
        has_profile = isinstance(profile, Mapping)
        for key, example in (("temperature_K", "300.0"), ("velocity_m_s", "[0, 0, 0]")):
            if has_profile and key in profile and key in table:
                also = f"given twice: profile.{key} is given too"
                yield Problem(f"{path}.{key}", shown(table[key]), also, "remove one of them")
            elif key == "temperature_K" and key not in table and not (
                has_profile and key in profile
            ):  # fmt: skip
                cure = f"temperature of the wall [K], for instance temperature_K = {example}"
                yield Problem(f"{path}.{key}", "", "missing", cure)
    if kind == "mass-flow":
        flows = [key for key in ("mass_flow_kg_s", "number_flow_per_s") if key in table]
        allowed = "exactly one of mass_flow_kg_s, number_flow_per_s must be given"
        if not flows:
            cure = "for instance mass_flow_kg_s = 1e-9"
            yield Problem(f"{path}.mass_flow_kg_s", "", f"missing: {allowed}", cure)
        for extra in flows[1:]:
            yield Problem(f"{path}.{extra}", shown(table[extra]), allowed, f"remove {extra}")


def walls(domain: Domain, boundaries: Boundaries) -> Iterator[Problem]:
    """Walls only along axes that the domain has, moving only along themselves."""
    d = len(domain.length_m)
    for number, axis in enumerate(AXES):
        faces = getattr(boundaries, axis)
        if faces.low is None or faces.high is None:
            continue  # reported as a missing face
        if number >= d and (faces.low.kind, faces.high.kind) != ("periodic", "periodic"):
            yield Problem(
                f"boundaries.{axis}",
                f"{faces.low.kind} and {faces.high.kind}",
                f"the domain has {d} dimension{'s' if d > 1 else ''}: the gas is the same "
                f"everywhere along {axis}",
                f"remove [boundaries.{axis}], or give domain.length_m and domain.cells "
                f"{number + 1} entries",
            )
            continue
        for side in SIDES:
            face, path = getattr(faces, side), f"boundaries.{axis}.{side}"
            yield from _one_wall(path, face, number, domain)
            for place in ("from_m", "to_m"):
                if getattr(face, place, None) is not None:
                    cure = f"write it in an entry of {path}.patches"
                    yield Problem(f"{path}.{place}", "", "only a patch has a range", cure)
            for count, patch in enumerate(getattr(face, "patches", ())):
                where = f"{path}.patches[{count}]"
                yield from _one_wall(where, patch, number, domain)
                yield from _one_patch(where, patch, number, domain)


def _one_wall(path: str, wall: Any, normal: int, domain: Domain) -> Iterator[Problem]:
    """A wall moves along itself; its profile runs along an axis of the face, upwards."""
    moving = wall.kind in WARM
    velocity = getattr(wall, "velocity_m_s", (0.0, 0.0, 0.0))
    if moving and velocity[normal] != 0.0:
        yield _astray(f"{path}.velocity_m_s", velocity, normal)
    profile = getattr(wall, "profile", None)
    if profile is None:
        return
    path = f"{path}.profile"
    along, d = AXES.index(profile.along), len(domain.length_m)
    if along == normal or along >= d:
        axes = [axis for number, axis in enumerate(AXES[:d]) if number != normal]
        allowed = f"must be an axis of the domain in the face: {', '.join(axes) or 'there is none'}"
        cure = f'along = "{axes[0]}"' if axes else "remove profile: a 1-D domain has none"
        yield Problem(f"{path}.along", shown(profile.along), allowed, cure)
    if any(a >= b for a, b in zip(profile.at_m, profile.at_m[1:], strict=False)):
        cure = f"at_m = {shown(sorted(set(profile.at_m)))}"
        yield Problem(f"{path}.at_m", shown(list(profile.at_m)), "must rise", cure)
    if profile.temperature_K is None and profile.velocity_m_s is None:
        cure = "for instance temperature_K = [300, 400]"
        yield Problem(f"{path}.temperature_K", "", "missing: what changes along the wall?", cure)
    for key in ("temperature_K", "velocity_m_s"):
        values = getattr(profile, key)
        if values is not None and len(values) != len(profile.at_m):
            allowed = f"must have {len(profile.at_m)} entries, as at_m has; it has {len(values)}"
            yield Problem(f"{path}.{key}", "", allowed, "give one for each place")
    for place, velocity in enumerate(profile.velocity_m_s or ()):
        if velocity[normal] != 0.0:
            yield _astray(f"{path}.velocity_m_s[{place}]", velocity, normal)


def _astray(path: str, velocity: tuple[float, ...], normal: int) -> Problem:
    """A wall that would leave its place."""
    still = [0.0 if place == normal else value for place, value in enumerate(velocity)]
    allowed = f"a wall moves only along itself: its {AXES[normal]} component must be 0"
    return Problem(path, shown(list(velocity)), allowed, f"velocity_m_s = {shown(still)}")


def _one_patch(path: str, patch: Any, normal: int, domain: Domain) -> Iterator[Problem]:
    """A patch has a range on its face and no patches of its own, and is not periodic."""
    others = [n for n in range(len(domain.length_m)) if n != normal]
    if patch.kind == "periodic":
        cure = "make both faces periodic, without patches"
        yield Problem(f"{path}.kind", '"periodic"', "only whole faces are periodic", cure)
        return
    if not others:
        cure = "remove it, or give domain.length_m 2 or 3 entries"
        yield Problem(path, "", "a face of a 1-D domain is one point: it has no patches", cure)
        return
    if patch.patches:
        yield Problem(f"{path}.patches", "", "a patch has no patches", "write them side by side")
    names = ", ".join(AXES[n] for n in others)
    for key in ("from_m", "to_m"):
        corner = getattr(patch, key)
        if corner is None or len(corner) != len(others):
            found = "" if corner is None else shown(list(corner))
            allowed = f"{'missing: ' if corner is None else ''}must have an entry for {names}"
            yield Problem(f"{path}.{key}", found, allowed, f"give the place along {names} [m]")
            return
    for place, n in enumerate(others):
        low, high, length = patch.from_m[place], patch.to_m[place], domain.length_m[n]
        if not 0.0 <= low < high <= length:
            allowed = f"from {low:g} to {high:g} m along {AXES[n]} is no range in 0 … {length:g} m"
            yield Problem(f"{path}.to_m", shown(list(patch.to_m)), allowed, "from_m < to_m")


def _are_sound(domain: Domain, boundaries: Boundaries) -> bool:
    """Whether all faces are there and every patch has its place; if not, it is reported already."""
    pairs = [getattr(boundaries, axis) for axis in AXES]
    return all(p.low and p.high for p in pairs) and not [*walls(domain, boundaries)]


def visible(domain: Domain, boundaries: Boundaries) -> Iterator[Problem]:
    """Nothing is wholly covered, and no two boundaries have the same name."""
    if not _are_sound(domain, boundaries):
        return
    names: dict[str, str] = {}
    for patch in patches(boundaries, domain.length_m):
        if patch.area <= 0.0:
            cure = "remove it, or put it before the patches that cover it"
            yield Problem(patch.path, "", "earlier patches cover it wholly", cure)
        if patch.name in names:
            allowed = f"{names[patch.name]} has this name, too"
            yield Problem(f"{patch.path}.name", shown(patch.name), allowed, "choose another name")
        names[patch.name] = patch.path


def outside(
    domain: Domain, boundaries: Boundaries, species: tuple[SpeciesEntry, ...]
) -> Iterator[Problem]:
    """The gas outside is made of the species of the scenario."""
    known = [entry.name for entry in species]
    if not _are_sound(domain, boundaries):
        return
    for patch in patches(boundaries, domain.length_m):
        fractions = getattr(patch.boundary, "fractions", None)
        if fractions is None:
            continue
        path = f"{patch.path}.fractions"
        if not known:
            allowed = "only for a mixture, and the scenario has one species"
            yield Problem(path, "a table", allowed, "remove it, or give [[species]]")
            continue
        for name in fractions:
            if name not in known:
                allowed = f"unknown species; those of [[species]]: {', '.join(known)}"
                yield Problem(f"{path}.{name}", shown(fractions[name]), allowed, "choose of them")
        total = sum(fractions.values())
        if abs(total - 1.0) > 1e-6:
            allowed = "the fractions must sum to 1"
            yield Problem(path, f"{total:.9g} in sum", allowed, "scale them, or add what is left")
