"""What the device does not play, each with its key and the cure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsmc.device import Refused
from dsmc.quantities import CENSUS

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

PASSED = ("open", "reservoir", "pressure", "mass-flow")  # kinds of boundaries


def refuse(device: str, scenario: Scenario) -> None:
    """Raise Refused if the scenario asks for what the device does not play."""
    found = list(refused(scenario))
    if found:
        lines = "\n".join(f"  {key} = {value}: {what}" for key, value, what in found)
        raise Refused(
            f"device {device} does not play this scenario\n{lines}\n"
            "  cure: change these keys, or run it on the device cpu, which plays everything"
        )


def refused(scenario: Scenario) -> Iterator[tuple[str, object, str]]:
    """Key, value and reason of everything that is refused."""
    for patch in scenario.patches:
        if patch.kind in PASSED:
            axis, _, side = patch.face.partition("_")
            yield f"boundaries.{axis}.{side}", f'"{patch.kind}"', "gas cannot leave or enter there"
    if scenario.forced:
        value = list(scenario.force.acceleration_m_s2)
        yield "force.acceleration_m_s2", value, "flights are straight there"
    if scenario.collisions.partners == "nearest":
        yield "collisions.partners", '"nearest"', "partners are drawn from the whole cell there"
    for quantity in scenario.sample.quantities:
        if quantity in CENSUS:
            yield "sample.quantities", f'"{quantity}"', "collisions are not noted one by one there"
    for name in ("planes", "distributions"):
        if getattr(scenario.sample, name):
            yield f"sample.{name}", "[…]", "they are not counted there"
