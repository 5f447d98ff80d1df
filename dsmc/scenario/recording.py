"""The sections of a scenario that say what is measured and what is written: [sample], [output]."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from dsmc.scenario.sections import Count, Section, Whole, whole


def _step_or_steady(value: Any) -> Any:
    """A step, or the word for the one from which the flow is steady."""
    step = whole(value)
    is_step = isinstance(step, int) and not isinstance(step, bool) and 0 <= step <= 10**12
    if value != "steady" and not is_step:
        raise PydanticCustomError("start", 'the number of a step, or "steady"')
    return step


Start = Annotated[int | str, PlainValidator(_step_or_steady, json_schema_input_type=int | str)]


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
