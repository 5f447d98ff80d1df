"""The faces of the box and the force that acts in it: sections of a scenario."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dsmc.scenario.sections import Count, Positive, Section, Vector

Numbers = Annotated[tuple[float, ...], Field(strict=False, min_length=2)]
Corner = Annotated[tuple[float, ...], Field(strict=False, min_length=1, max_length=2)]
Part = Annotated[float, Field(ge=0, le=1)]


class _Boundary(Section):
    """What every boundary may have: a name, patches of other kinds upon it, a range if it is one.

    A patch covers the face from from_m to to_m along the other axes of the domain, in the order of
    x, y, z; where patches overlap the first one acts.
    """

    name: str | None = Field(
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$",
        description="name in the results; that of the face, and its number, if not given",
        examples=["inlet"],
    )
    from_m: Corner | None = Field(
        None, description="of a patch: where it begins [m]", examples=[[0.2e-3]]
    )
    to_m: Corner | None = Field(
        None, description="of a patch: where it ends [m]", examples=[[0.4e-3]]
    )
    patches: Annotated[tuple[Face, ...], Field(strict=False, max_length=1000)] = Field(
        (),
        description="boundaries of their own on parts of the face",
        examples=[[{"kind": "open", "from_m": [0.2e-3], "to_m": [0.4e-3]}]],
    )


class PeriodicFace(Section):
    """Particles that leave re-enter at the opposite face."""

    kind: Literal["periodic"]


class SpecularFace(_Boundary):
    """Particles bounce like light from a mirror."""

    kind: Literal["specular"]


class SymmetryFace(_Boundary):
    """A plane of symmetry: a mirror that is no wall and measures nothing."""

    kind: Literal["symmetry"]


class Profile(Section):
    """Temperature and velocity of a wall that change along it, linear between the places."""

    along: Literal["x", "y", "z"] = Field(description="the axis of at_m", examples=["y"])
    at_m: Numbers = Field(description="rising places [m]", examples=[[0, 1e-3]])
    temperature_K: Annotated[tuple[Positive, ...], Field(strict=False, min_length=2)] | None = (
        Field(None, description="temperature at each place [K]", examples=[[300, 400]])
    )
    velocity_m_s: Annotated[tuple[Vector, ...], Field(strict=False, min_length=2)] | None = Field(
        None,
        description="velocity of the wall at each place [m/s]",
        examples=[[[0, 0, 0], [0, 50, 0]]],
    )


class _Wall(_Boundary):
    """A wall with a temperature and a velocity along itself, or with a profile of them."""

    temperature_K: Positive | None = Field(
        None, description="temperature of the wall [K]", examples=[300.0]
    )
    velocity_m_s: Vector = Field(
        (0.0, 0.0, 0.0), description="tangential velocity of the wall [m/s]", examples=[[0, 0, 0]]
    )
    profile: Profile | None = Field(
        None,
        description="temperature and velocity along the wall",
        examples=[{"along": "y", "at_m": [0, 1e-3], "temperature_K": [300, 400]}],
    )


class DiffuseFace(_Wall):
    """Maxwell's wall: the share `accommodation` leaves in equilibrium with the wall."""

    kind: Literal["diffuse"]
    accommodation: float = Field(
        1.0, ge=0, le=1, description="share of diffuse reflections", examples=[1.0]
    )


class CllFace(_Wall):
    """The wall of Cercignani, Lampis and Lord: lobes around the mirrored direction."""

    kind: Literal["cll"]
    normal_accommodation: Part = Field(
        description="alpha_n, accommodation of the normal energy", examples=[0.9]
    )
    tangential_accommodation: Annotated[float, Field(ge=0, le=2)] = Field(
        description="sigma_t, accommodation of tangential momentum", examples=[0.8]
    )


class OpenFace(_Boundary):
    """Vacuum outside: what reaches the face leaves."""

    kind: Literal["open"]


class _Outside(_Boundary):
    """A gas outside."""

    temperature_K: Positive = Field(description="temperature of the gas [K]", examples=[300.0])
    fractions: dict[str, Part] | None = Field(
        None,
        description="shares of the species; those of the scenario if not given",
        examples=[{"Ar": 0.5, "He": 0.5}],
    )


class ReservoirFace(_Outside):
    """A gas in equilibrium outside, at rest or streaming."""

    kind: Literal["reservoir"]
    number_density_m3: Positive = Field(
        description="number density of the gas [1/m^3]", examples=[1e22]
    )
    velocity_m_s: Vector = Field(
        (0.0, 0.0, 0.0), description="velocity of the gas [m/s]", examples=[[0, 0, 0]]
    )
    balancing_steps: Count | None = Field(
        None,
        description="lets in so many more or fewer molecules that the box gets back, in about so "
        "many steps, what it has lost or gained since the start",
        examples=[2000],
    )


class PressureFace(_Outside):
    """A gas of given pressure outside, which streams as fast as the flow through the face."""

    kind: Literal["pressure"]
    pressure_Pa: Positive = Field(description="pressure of the gas [Pa]", examples=[100.0])
    averaging_steps: Count = Field(
        500, description="steps over which the flow is averaged", examples=[500]
    )


class MassFlowFace(_Outside):
    """A porous wall that lets a given flow of gas in, and sends back what hits it."""

    kind: Literal["mass-flow"]
    mass_flow_kg_s: Positive | None = Field(
        None, description="net mass that enters per time [kg/s]", examples=[1e-9]
    )
    number_flow_per_s: Positive | None = Field(
        None, description="net molecules that enter per time [1/s]", examples=[1e17]
    )


Face = Annotated[
    PeriodicFace
    | SpecularFace
    | SymmetryFace
    | DiffuseFace
    | CllFace
    | OpenFace
    | ReservoirFace
    | PressureFace
    | MassFlowFace,
    Field(discriminator="kind"),
]
_Boundary.model_rebuild()
for _kind in (
    SpecularFace, SymmetryFace, DiffuseFace, CllFace, OpenFace, ReservoirFace, PressureFace,
    MassFlowFace,
):  # fmt: skip
    _kind.model_rebuild()


class Axis(Section):
    """The two faces normal to one axis: `low` and `high`, or `kind` for both."""

    kind: Literal["periodic", "specular", "symmetry", "open"] | None = Field(
        None, description="the kind of both faces", examples=["periodic"]
    )
    low: Face | None = Field(None, description="face at 0", examples=[{"kind": "specular"}])
    high: Face | None = Field(
        None, description="face at the length", examples=[{"kind": "specular"}]
    )

    @model_validator(mode="after")
    def _both_faces(self) -> Axis:
        """Fill in the faces that `kind` (or its absence: periodic) stands for."""
        if self.low is None and self.high is None:
            kinds = {
                "specular": SpecularFace, "symmetry": SymmetryFace, "open": OpenFace,
                "periodic": PeriodicFace,
            }  # fmt: skip
            kind = self.kind or "periodic"
            face = kinds[kind](kind=kind)
            object.__setattr__(self, "low", face)
            object.__setattr__(self, "high", face)
            object.__setattr__(self, "kind", None)
        return self


class Boundaries(Section):
    """The faces of the box; an axis that is not named is periodic."""

    x: Axis = Field(Axis(), description="faces normal to x", examples=[{"kind": "periodic"}])
    y: Axis = Field(Axis(), description="faces normal to y", examples=[{"kind": "periodic"}])
    z: Axis = Field(Axis(), description="faces normal to z", examples=[{"kind": "periodic"}])


class Force(Section):
    """A uniform acceleration."""

    acceleration_m_s2: Vector = Field(
        (0.0, 0.0, 0.0), description="acceleration of every molecule [m/s^2]", examples=[[0, 0, 0]]
    )
