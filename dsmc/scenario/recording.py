"""The sections of a scenario that say what is measured and what is written: [sample], [output]."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from dsmc.scenario.sections import Count, Section, Whole, whole


def _step_or_steady(value: Any) -> Any:
    """A step, or the word for the one from which the flow is steady."""
    step = whole(value)
    is_step = isinstance(step, int) and not isinstance(step, bool) and 0 <= step <= 10**12
    if value != "steady" and not is_step:
        raise ValueError('the number of a step, or "steady"')
    return step


Start = Annotated[int | str, PlainValidator(_step_or_steady, json_schema_input_type=int | str)]


class PlaneEntry(Section):
    """A plane normal to an axis: [[sample.planes]]."""

    axis: Literal["x", "y", "z"] = Field(description="axis it is normal to", examples=["x"])
    position_m: float = Field(ge=0, description="where on the axis [m]", examples=[5e-4])
    name: str | None = Field(
        None, min_length=1, max_length=60, description="name in the results", examples=["throat"]
    )

    @property
    def label(self) -> str:
        """Its name in the results: what it is called, or where it is."""
        return self.name or f"{self.axis} = {self.position_m:g} m"


class DistributionEntry(Section):
    """A cell whose velocities are counted: [[sample.distributions]]."""

    position_m: Annotated[tuple[float, ...], Field(strict=False, min_length=1, max_length=3)] = (
        Field(description="a point in the cell [m]", examples=[[5e-4]])
    )
    classes: Annotated[Count, Field(le=10_000)] = Field(
        80, description="classes of each component", examples=[80]
    )
    range_m_s: Annotated[tuple[float, float], Field(strict=False)] | None = Field(
        None, description="lowest and highest component [m/s]", examples=[[-1500.0, 1500.0]]
    )
    name: str | None = Field(
        None, min_length=1, max_length=60, description="name in the results", examples=["throat"]
    )


# A share of the largest value; `checks` looks at it, with the name of its quantity.
Target = Annotated[
    Any, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})
]


class Sample(Section):
    """What is measured, and when."""

    every: Count | None = Field(
        None, description="steps between samples of the series", examples=[100]
    )
    start: Start = Field(
        0,
        description="step from which cells and walls are averaged, or steady: when the flow is",
        examples=[1000],
    )
    targets: dict[str, Target] | None = Field(
        None,
        description="standard errors to reach, over the largest value of each quantity",
        examples=[{"wall_shear": 0.01}],
    )
    fields_every: Whole | None = Field(
        None, description="steps between samples of the cell fields, 0 for none", examples=[10]
    )
    quantities: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        None,
        description="names of quantities; all that apply if not given",
        examples=[["temperature", "h_excess"]],
    )
    wall_cells: bool = Field(
        False, description="walls are averaged cell by cell along them, too", examples=[True]
    )
    planes: Annotated[tuple[PlaneEntry, ...], Field(strict=False, max_length=1000)] = Field(
        (),
        description="planes through which fluxes are counted",
        examples=[[{"axis": "x", "position_m": 5e-4}]],
    )
    distributions: Annotated[
        tuple[DistributionEntry, ...], Field(strict=False, max_length=1000)
    ] = Field(
        (),
        description="cells whose velocity distributions are taken",
        examples=[[{"position_m": [5e-4]}]],
    )


class Output(Section):
    """What is written."""

    directory: str | None = Field(
        None, min_length=1, description="where to; runs/<name> if not given", examples=["runs/a"]
    )
    trajectory: Whole | None = Field(
        None, description="steps between frames of tracked particles, 0 for none", examples=[100]
    )
    particles: Count | None = Field(
        None, description="particles tracked in the trajectory; 1000", examples=[1000]
    )
    fields: Whole | None = Field(
        None, description="steps between frames of the cell fields, 0 for none", examples=[1000]
    )
    fields_average: Literal["running", "interval"] | None = Field(
        None,
        description="a frame averages from sample.start on, or since the frame before",
        examples=["interval"],
    )
    snapshots: Whole = Field(
        0, description="steps between snapshots of all particles, 0 for none", examples=[1000]
    )
    checkpoint_s: Annotated[float, Field(ge=0)] = Field(
        60.0, description="wall time between checkpoints [s], 0 for one at the end", examples=[60.0]
    )
    animation: bool = Field(
        False, description="draw the relaxing velocities as a GIF", examples=[True]
    )
    pictures: bool = Field(True, description="draw the pictures at the end", examples=[True])
