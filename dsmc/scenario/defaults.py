"""Defaults that depend on other keys: put in their place when a scenario is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsmc import quantities

if TYPE_CHECKING:
    from dsmc.scenario.model import Scenario
    from dsmc.scenario.recording import Output, Sample

SERIES_SAMPLES = 200
"""How many samples of the series a run takes if sample.every is not given, about."""

FIELD_INTERVAL = 10
"""Steps between samples of the cell fields if sample.fields_every is not given, at most."""

FIELD_FRAMES, ANIMATION_FRAMES = 20, 60
"""How many frames of the fields and of an animation a run writes if nothing is given, about."""

TRACKED, ANIMATED = 1000, 20_000
"""How many particles are tracked if output.particles is not given: in general, in an animation."""


def settle(scenario: Scenario) -> None:
    """Put in place of the defaults that depend on other keys what they amount to."""
    _replace(scenario, initial=_initial(scenario))
    _replace(scenario, sample=_sample(scenario))
    _replace(scenario, output=_output(scenario))


def _initial(scenario: Scenario) -> Any:
    """A closed box in equilibrium with itself has exactly the stated momentum and energy."""
    exact = scenario.closed and scenario.homogeneous and scenario.particle_count > 1
    exact = exact and scenario.initial.kind != "file"
    return _filled(scenario.initial, zero_momentum=exact, exact_energy=exact)


def _sample(scenario: Scenario) -> Sample:
    """Some two hundred samples; fields where there is something to see; all that applies."""
    frames = scenario.output.fields
    interval = next(n for n in range(FIELD_INTERVAL, 0, -1) if not frames or frames % n == 0)
    waits = scenario.sample.start == "steady"  # the cells are what it is told by
    sample = _filled(
        scenario.sample,
        every=max(1, round(scenario.steps / SERIES_SAMPLES)),
        fields_every=0 if scenario.homogeneous and not (frames or waits) else interval,
    )
    has = quantities.Measurable(
        fields=bool(sample.fields_every),
        walls=not scenario.closed,
        flows=bool(sample.planes) or not scenario.sealed,
        collisions=scenario.collisions.scheme != "none",
        wave=scenario.initial.kind == "shear-wave",
    )
    names = quantities.applicable(has, uniform=scenario.homogeneous, varying=not scenario.sealed)
    return _filled(sample, quantities=names)


def _output(scenario: Scenario) -> Output:
    """Frames of the fields where they are sampled; of the particles only for an animation."""
    sample, animated = scenario.sample, scenario.output.animation
    fields, is_transient = 0, scenario.initial.kind in ("riemann", "shear-wave")
    if sample.fields_every:
        samples = max(0, scenario.steps - scenario.sample_start) // (
            sample.fields_every * FIELD_FRAMES
        )
        fields = max(1, samples) * sample.fields_every
    return _filled(
        scenario.output,
        trajectory=max(1, scenario.steps // ANIMATION_FRAMES) if animated else 0,
        particles=min(scenario.particle_count, ANIMATED) if animated else TRACKED,
        fields=fields,
        fields_average="interval" if is_transient else "running",
    )


def _filled(section: Any, **values: Any) -> Any:
    """A copy of the section with these values where none was given."""
    missing = {key: value for key, value in values.items() if getattr(section, key) is None}
    return _replace(section.model_copy(), **missing)


def _replace(section: Any, **values: Any) -> Any:
    """Set fields of a frozen section that nobody else holds yet, not marking them as given."""
    for name, value in values.items():
        object.__setattr__(section, name, value)
    return section
