"""The sections of a scenario: frozen values, SI units in the key names, nothing silently converted.

Each class is one table of the TOML file and each field one key. What a single value must fulfil
(type, sign, range) stands here; what several keys must fulfil together stands in `checks`.  The
faces of the box stand in `boundaries`, what is measured and written in `recording`.
A count may be written as 2e6: a float without a fraction is taken as the integer it is.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dsmc.species import Model


def whole(value: Any) -> Any:
    """The integer that a float without a fraction is; anything else unchanged."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, BeforeValidator(whole), Field(ge=1, le=10**12)]
Whole = Annotated[int, BeforeValidator(whole), Field(ge=0, le=10**12)]
Vector = Annotated[tuple[float, float, float], Field(strict=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """A table of the file: unknown keys, NaN, infinity and silent conversions are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Gas(Section):
    """The gas: a species of the table, or one given by numbers, and the molecular model."""

    species: str | None = Field(None, description="name in the species table", examples=["Ar"])
    model: Model = Field("vhs", description="molecular model", examples=["hard-sphere"])
    mass_kg: Positive | None = Field(
        None, description="mass of a molecule [kg]", examples=[6.63e-26]
    )
    diameter_m: Positive | None = Field(
        None, description="diameter at T_ref_K [m]", examples=[4.17e-10]
    )
    omega: float | None = Field(
        None, ge=0.5, le=1.0, description="viscosity index", examples=[0.81]
    )
    T_ref_K: Positive | None = Field(
        None, description="temperature at which the diameter holds [K]", examples=[273.0]
    )
    alpha: float | None = Field(None, ge=1, le=3, description="VSS exponent", examples=[1.4])


class SpeciesEntry(Section):
    """One species of a mixture: [[species]]; numbers given here override the species table."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9+-]{1,32}$",
        description="name in the species table, or any of letters, digits, + and -",
        examples=["Ar"],
    )
    fraction: float = Field(gt=0, le=1, description="share of the molecules", examples=[0.5])
    mass_kg: Positive | None = Field(
        None, description="mass of a molecule [kg]", examples=[6.63e-26]
    )
    diameter_m: Positive | None = Field(
        None, description="diameter at T_ref_K [m]", examples=[4.17e-10]
    )
    omega: float | None = Field(
        None, ge=0.5, le=1.0, description="viscosity index", examples=[0.81]
    )
    T_ref_K: Positive | None = Field(
        None, description="temperature at which the diameter holds [K]", examples=[273.0]
    )
    alpha: float | None = Field(None, ge=1, le=3, description="VSS exponent", examples=[1.4])
    temperature_K: Positive | None = Field(
        None, description="initial temperature of this species [K]", examples=[300.0]
    )
    velocity_m_s: Vector | None = Field(
        None, description="initial flow velocity of this species [m/s]", examples=[[0, 0, 0]]
    )


class _Initial(Section):
    """What every initial state states: how many particles, and what is made exact."""

    particles: Count | None = Field(
        None, description="number of simulated particles", examples=[100000]
    )
    particles_per_cell: Positive | None = Field(
        None, description="simulated particles per cell, on average", examples=[20]
    )
    weight: Positive | None = Field(
        None, description="molecules that one particle stands for, F_N", examples=[1e8]
    )
    zero_momentum: bool | None = Field(
        None, description="the sample has exactly the stated flow velocity", examples=[True]
    )
    exact_energy: bool | None = Field(
        None, description="the sample has exactly the stated temperature", examples=[True]
    )


class _Uniform(_Initial):
    """An initial state that is the same everywhere in the box."""

    number_density_m3: Positive = Field(description="number density [1/m^3]", examples=[1e22])
    temperature_K: Positive = Field(description="temperature [K]", examples=[300.0])
    velocity_m_s: Vector = Field(
        (0.0, 0.0, 0.0), description="flow velocity [m/s]", examples=[[0, 0, 0]]
    )


class Equilibrium(_Uniform):
    """Maxwell's distribution."""

    kind: Literal["equilibrium"]


class Bkw(_Uniform):
    """The Bobylev-Krook-Wu mode at its start, C = 3/5; exact for model = "maxwell"."""

    kind: Literal["bkw"]


class BiMaxwellian(_Uniform):
    """Two temperatures by direction: T_x along x, T_perp along y and z, mean temperature_K."""

    kind: Literal["bi-maxwellian"]
    temperature_ratio: Positive = Field(4.0, description="T_x / T_perp", examples=[4.0])


class TwoTemperature(_Uniform):
    """Two isotropic Maxwellians mixed, colder and hotter than temperature_K."""

    kind: Literal["two-temperature"]
    low: Positive = Field(0.5, description="temperature of the cold part / T", examples=[0.5])
    high: Positive = Field(1.5, description="temperature of the hot part / T", examples=[1.5])
    share: Share = Field(0.5, description="share of particles in the cold part", examples=[0.5])


class TwoBeams(_Uniform):
    """Two equal Maxwellian beams along +x and -x; beams and thermal motion give temperature_K."""

    kind: Literal["two-beams"]
    beam_temperature_ratio: Share = Field(
        0.1, description="temperature of a beam / T", examples=[0.1]
    )


class Shell(_Uniform):
    """All molecules of a species have the same speed sqrt(3 k T / m), in random directions."""

    kind: Literal["shell"]


class UniformCube(_Uniform):
    """Each velocity component uniform between -sqrt(3 k T / m) and +sqrt(3 k T / m)."""

    kind: Literal["uniform-cube"]


class Side(Section):
    """The gas on one side of a Riemann problem."""

    number_density_m3: Positive = Field(description="number density [1/m^3]", examples=[1e22])
    temperature_K: Positive = Field(description="temperature [K]", examples=[300.0])
    velocity_m_s: Vector = Field(
        (0.0, 0.0, 0.0), description="flow velocity [m/s]", examples=[[0, 0, 0]]
    )


class Riemann(_Initial):
    """Two equilibrium gases that meet at a plane normal to x."""

    kind: Literal["riemann"]
    left: Side = Field(
        description="gas below the plane",
        examples=[{"number_density_m3": 1e22, "temperature_K": 300}],
    )
    right: Side = Field(
        description="gas above the plane",
        examples=[{"number_density_m3": 1e21, "temperature_K": 300}],
    )
    split: Share = Field(
        0.5, description="place of the plane as a fraction of the length in x", examples=[0.5]
    )


class ShearWave(_Uniform):
    """A gas in equilibrium that flows as a circular wave, U (0, sin, cos)(2 pi x / L), along x."""

    kind: Literal["shear-wave"]
    amplitude_m_s: Positive = Field(description="U, amplitude of the wave [m/s]", examples=[50.0])


class FromFile(_Uniform):
    """Particles read from an earlier trajectory, checkpoint or fields file.

    number_density_m3 and temperature_K set the scales (weight, collision time, forecast).
    """

    kind: Literal["file"]
    path: str = Field(min_length=1, description="file to read", examples=["runs/a/trajectory.h5"])
    frame: int = Field(-1, ge=-(2**31), lt=2**31, description="frame of it, -1 the last")


Initial = Annotated[
    Equilibrium
    | Bkw
    | BiMaxwellian
    | TwoTemperature
    | TwoBeams
    | Shell
    | UniformCube
    | Riemann
    | ShearWave
    | FromFile,
    Field(discriminator="kind"),
]


class Collisions(Section):
    """How collision partners are chosen."""

    scheme: Literal["ntc", "none"] = Field(
        "ntc", description="no-time-counter pairs, or a collisionless gas", examples=["ntc"]
    )
    partners: Literal["random", "nearest"] = Field(
        "random", description="any two of a cell, or the nearest", examples=["nearest"]
    )


class Run(Section):
    """How long, in which steps, on what."""

    time_step_s: Positive | None = Field(None, description="time step [s]", examples=[1e-7])
    time_step_mct: Positive | None = Field(
        None, description="time step in mean collision times", examples=[0.2]
    )
    time_step_local_mct: Positive | None = Field(
        None, description="time step in the shortest local collision time foreseen", examples=[0.2]
    )
    steps: Count | None = Field(None, description="number of time steps", examples=[20000])
    time_s: Positive | None = Field(None, description="time to simulate [s]", examples=[1e-5])
    collisions: Positive | None = Field(
        None, description="time to simulate in mean collision times", examples=[10]
    )
    seed: int = Field(1, ge=0, lt=2**32, description="seed of all random numbers", examples=[7])
    precision: Literal["float64", "float32"] = Field(
        "float64",
        description="precision of positions and velocities, and of collisions on the CPU",
        examples=["float64"],
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=4096,
        examples=[2],
        description="threads; if not given all cores, but one for 1000 particles at most",
    )
    replicas: int = Field(
        1, ge=1, le=10**6, description="independent repetitions, seed after seed", examples=[8]
    )
    until: Literal["steps", "steady"] = Field(
        "steps",
        description="the last step ends the run, or sooner the targets of a steady flow",
        examples=["steady"],
    )
    strict: bool = Field(
        False, description="treat warnings of the forecast as errors", examples=[True]
    )
