"""Quantities: the name, the unit and the meaning of everything the program reports.

One name may be reported in several forms: as a series (the whole gas against time), as a field
(one value per cell), at the walls (one value per face), as a flow (one value for each plane and
each face that gas passes), or as a histogram over speed or time.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, NamedTuple

Kind = Literal["series", "field", "wall", "flow", "histogram"]


@dataclass(frozen=True)
class Quantity:
    """A quantity that a user may ask for under `sample.quantities`.

    unit : SI, "1" for a pure number
    kinds : the forms in which it is reported, the main one first
    needs : "collisions" if the quantity has no meaning in a collisionless gas, "wave" if it has one
        only for initial.kind = "shear-wave"
    costly : it slows the run down, so it is measured only when asked for
    uniform : it says something of a gas that is the same everywhere; elsewhere only when asked for
    varying : it says something where particles come and go; elsewhere only when asked for
    """

    name: str
    unit: str
    description: str
    kinds: tuple[Kind, ...]
    needs: Literal["", "collisions", "wave"] = ""
    costly: bool = False
    uniform: bool = False
    varying: bool = False

    @property
    def kind(self) -> Kind:
        """The main form in which the quantity is reported."""
        return self.kinds[0]


_SERIES: tuple[Kind, ...] = ("series",)
_FIELD: tuple[Kind, ...] = ("field",)
_BOTH: tuple[Kind, ...] = ("series", "field")
_WALL: tuple[Kind, ...] = ("wall",)
_FLOW: tuple[Kind, ...] = ("flow",)
_HISTOGRAM: tuple[Kind, ...] = ("histogram",)
_TO_MAXWELL = "over its value in a Maxwellian gas of the same temperature"

_ALL = (
    Quantity("temperature", "K", "translational temperature m <c^2> / 3k", _BOTH),
    Quantity("temperature_x", "K", "temperature of the x component, m <c_x^2> / k", _BOTH),
    Quantity("temperature_y", "K", "temperature of the y component, m <c_y^2> / k", _BOTH),
    Quantity("temperature_z", "K", "temperature of the z component, m <c_z^2> / k", _BOTH),
    Quantity("particles", "1", "simulated particles in the box", _SERIES, varying=True),
    Quantity("energy", "J", "kinetic energy of all molecules", _SERIES),
    Quantity("momentum_x", "kg m s-1", "x momentum of all molecules", _SERIES),
    Quantity("momentum_y", "kg m s-1", "y momentum of all molecules", _SERIES),
    Quantity("momentum_z", "kg m s-1", "z momentum of all molecules", _SERIES),
    Quantity("shear_wave", "m s-1", "amplitude of the shear wave along x", _SERIES, needs="wave"),
    Quantity("mean_speed", "m s-1", "mean thermal speed <|c|>", _SERIES),
    Quantity("moment_1", "1", f"<|c|> {_TO_MAXWELL}", _SERIES),
    Quantity("moment_4", "1", f"<c^4> {_TO_MAXWELL}", _SERIES),
    Quantity("moment_6", "1", f"<c^6> {_TO_MAXWELL}", _SERIES),
    Quantity("moment_8", "1", f"<c^8> {_TO_MAXWELL}", _SERIES),
    Quantity(
        "h_function", "1", "H = <ln f> per molecule, velocities in m/s", _SERIES, uniform=True
    ),
    Quantity("h_excess", "1", "H less its equilibrium value, by histogram", _SERIES, uniform=True),
    Quantity(
        "h_excess_neighbour",
        "1",
        "H less its equilibrium value, by neighbours",
        _SERIES,
        uniform=True,
    ),
    Quantity(
        "collisions_per_particle",
        "1",
        "collisions that a molecule has had since the start, on average",
        _SERIES,
        "collisions",
    ),
    Quantity(
        "collision_rate", "s-1", "mean collision rate per molecule", _BOTH, needs="collisions"
    ),
    Quantity(
        "collision_separation",
        "m",
        "root mean square distance of colliding partners along an axis",
        _FIELD,
        "collisions",
    ),
    Quantity("number_density", "m-3", "molecules per volume", _FIELD),
    Quantity("velocity_x", "m s-1", "x component of the flow velocity", _FIELD),
    Quantity("velocity_y", "m s-1", "y component of the flow velocity", _FIELD),
    Quantity("velocity_z", "m s-1", "z component of the flow velocity", _FIELD),
    Quantity("pressure", "Pa", "scalar pressure, a third of the trace of the tensor", _FIELD),
    *(
        Quantity(
            f"pressure_{pair}", "Pa", f"{pair} component of the pressure tensor rho <c c>", _FIELD
        )
        for pair in ("xx", "yy", "zz", "xy", "xz", "yz")
    ),
    Quantity("heat_flux_x", "W m-2", "x component of the heat flux rho <c c^2> / 2", _FIELD),
    Quantity("heat_flux_y", "W m-2", "y component of the heat flux rho <c c^2> / 2", _FIELD),
    Quantity("heat_flux_z", "W m-2", "z component of the heat flux rho <c c^2> / 2", _FIELD),
    Quantity("wall_number_flux", "m-2 s-1", "molecules that hit the wall", _WALL),
    Quantity("wall_pressure", "Pa", "normal momentum given to the wall", _WALL),
    Quantity("wall_shear", "Pa", "tangential momentum given to the wall", _WALL),
    Quantity("wall_heat_flux", "W m-2", "energy given to the wall", _WALL),
    Quantity("mass_flow", "kg s-1", "mass that passes a plane or an open face", _FLOW),
    Quantity("speed_distribution", "s m-1", "density of the thermal speeds |c|", _HISTOGRAM),
    Quantity(
        "speed_rate", "s-1", "collision rate by class of speed", _HISTOGRAM, "collisions", True
    ),
    Quantity(
        "free_flight",
        "s",
        "times between collisions of one molecule",
        _HISTOGRAM,
        "collisions",
        True,
    ),
)

CENSUS = {"speed_rate", "free_flight"}
"""What is told collision by collision (`dsmc.census`)."""

QUANTITIES: dict[str, Quantity] = {quantity.name: quantity for quantity in _ALL}
"""Every quantity by name."""


class Measurable(NamedTuple):
    """What a run has, and so what it can report.

    fields : cell fields are sampled; walls : some face is a wall; flows : there are planes or open
    faces; collisions : molecules collide; wave : the gas starts as a shear wave
    """

    fields: bool
    walls: bool
    flows: bool
    collisions: bool
    wave: bool


def applicable(has: Measurable, *, uniform: bool, varying: bool = False) -> tuple[str, ...]:
    """Names of what a run reports unless asked for more, in the order of the registry.

    uniform : the gas is the same everywhere; varying : particles come and go
    """
    return tuple(
        name
        for name, quantity in QUANTITIES.items()
        if not quantity.costly
        and (uniform or not quantity.uniform)
        and (varying or not quantity.varying)
        and not why_not(name, has)
    )


def why_not(name: str, has: Measurable) -> str:
    """Why a run cannot report the quantity; empty if it can."""
    quantity = QUANTITIES[name]
    if quantity.needs == "collisions" and not has.collisions:
        return 'it needs collisions, and collisions.scheme is "none"'
    if quantity.needs == "wave" and not has.wave:
        return 'it needs initial.kind = "shear-wave"'
    if quantity.kinds == ("field",) and not has.fields:
        return "it is a cell field, and sample.fields_every is 0"
    if quantity.kinds == ("wall",) and not has.walls:
        return "it is measured at walls, and every boundary is periodic"
    if quantity.kinds == ("flow",) and not has.flows:
        return "it is measured through sample.planes and open faces, and there are none"
    return ""


def nearest(name: str) -> str:
    """The known name that resembles `name` most, of several the one with its letters; or empty."""
    close = get_close_matches(name.lower(), list(QUANTITIES), n=3, cutoff=0.5)
    rearranged = [known for known in close if sorted(known) == sorted(name.lower())]
    return next(iter(rearranged or close), "")
