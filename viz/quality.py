"""Whether the run itself was fine enough: cells, time step and particles against their rules.

The rules and the numbers of each cell are those of `dsmc.resolution`, by which `dsmc check` warns.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dsmc.faces import AXES
from dsmc.resolution import RULES, Rule, resolved
from dsmc.result import Field
from viz import maps, style
from viz.scales import scenario_of

if TYPE_CHECKING:
    from dsmc.result import Result
    from dsmc.scenario import Scenario


LABELS = {
    **{f"cell_size_{a}_over_mean_free_path": rf"$\Delta {a}/\lambda$" for a in AXES},
    "collision_separation_over_mean_free_path": r"$s/\lambda$",
    "time_step_over_collision_time": r"$\Delta t/\tau_c$",
    "particles_per_cell": "particles per cell",
}
PANELS = {
    "Cell size": RULES[:3],
    "Distance of collision partners": RULES[3:4],
    "Time step": RULES[4:5],
    "Particles in a cell": RULES[5:],
}
LEAST = 0.01  # of a limit: what is farther below it is shown there
_LOCAL = r" (local $n$, $T$)"  # how the scales of each cell were found


def draw(result: Result, directory: str | os.PathLike[str]) -> list[Path]:
    """`quality.png`; [] if the result has nothing that judges it."""
    path = style.draw_panels(
        panels(result),
        Path(directory) / "quality.png",
        title=result.title,
        panel_size=(6.4, 4.2),
    )
    return [] if path is None else [path]


def panels(result: Result) -> list[style.Panel]:
    """All rules in one panel, then each of them cell by cell where cell fields are known."""
    scenario = scenario_of(result.scenario_text)
    known = judging(result, scenario)
    cells = {} if scenario is None else resolved(scenario, result.fields)
    spread = {rule.name: cells[rule.name].value for rule in RULES if rule.name in cells}
    binding = {rule.name for rule in RULES if _binds(rule, scenario)}
    return [
        partial(rules, known=known, spread=spread, binding=binding),
        *(partial(by_cell, cells=cells, title=title) for title in PANELS),
    ]


def judging(result: Result, scenario: Scenario | None) -> dict[str, float]:
    """The numbers of `Result.quality` that mean something: none of collisions where none happen."""
    collisionless = scenario is not None and scenario.collisions.scheme == "none"
    return {
        name: float(value)
        for name, value in result.quality.items()
        if np.isfinite(value) and (name == "particles_per_cell" or not collisionless)
    }


def rules(
    axes: Axes,
    known: Mapping[str, float],
    spread: Mapping[str, np.ndarray],
    binding: set[str],
) -> bool:
    """Every number over its limit, with the range over the cells; what lies right of 1 is too much.

    known : of the whole run; spread : of each cell, any shape; binding : rules that matter here
    """
    shown = [rule for rule in RULES if rule.name in known]
    if not any(rule.name in binding for rule in shown):
        return False
    low, high = 0.5, 2.0
    for row, rule in enumerate(shown):
        place = float(rule.against(known[rule.name]))
        binds = rule.name in binding
        colour = (style.BLUE if place <= 1.0 else style.VERMILION) if binds else style.GREY
        cells = rule.against(spread.get(rule.name, np.array([])))
        ends = [float(end(cells[np.isfinite(cells)], initial=place)) for end in (np.min, np.max)]
        place, *ends = (max(value, LEAST) for value in (place, *ends))
        axes.plot(ends, [row, row], color=colour, lw=4, alpha=0.35, solid_capstyle="butt")
        mark, face = "os"[place > 1.0], colour if binds else "white"
        axes.plot(place, row, color=colour, marker=mark, mfc=face, ms=9, ls="none")
        low, high = min(low, *ends), max(high, *ends)
    axes.axvspan(1.0, 100.0 * high, color=style.VERMILION, alpha=0.08, lw=0)
    axes.axvline(1.0, color=style.BLACK, lw=1.2)
    axes.set_xscale("log")
    axes.set_xlim(low / 1.5, high * 1.5)
    style.plain_log_ticks(axes.xaxis)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_yticks(range(len(shown)), [_told(rule, known, binding) for rule in shown])
    axes.grid(False, axis="y")
    axes.set_title("Rules of thumb")
    notes = ["number over its limit (right of 1: too coarse)"]
    if spread:
        notes.append(r"bars: all cells, $\lambda$ and $\tau_c$ at their own $n$ and $T$")
    if "acceptance" in known:
        notes.append(f"{100.0 * known['acceptance']:.0f} % of the candidate pairs collided")
    axes.set_xlabel("\n".join(notes))
    return True


def by_cell(axes: Axes, cells: Mapping[str, Field], title: str) -> bool:
    """Numbers cell by cell: against x, or as a map (of three dimensions, a mid-plane)."""
    shown = [
        rule
        for rule in PANELS[title]
        if rule.name in cells and np.isfinite(cells[rule.name].value).any()
    ]
    if not shown:
        return False
    field = cells[shown[0].name]
    if len(field.axes) > 1:
        return _worst_map(axes, cells, shown, title)
    for which, rule in enumerate(shown):
        x, unit = style.scaled(field.axes[0], "m")
        axes.plot(x, field.value, color=style.COLOURS[which], label=LABELS[rule.name])
    limit = shown[0].limit
    axes.axhline(limit, color=style.BLACK, lw=1.2, ls=(0, (4, 2)), label=f"rule: {shown[0].text}")
    axes.set_ylim(0.0, 1.15 * max(limit, float(np.nanmax(field.value))))
    label = LABELS[shown[0].name] + _how(shown[0])
    style.label_axes(axes, title, style.with_unit("$x$", unit), label)
    style.legend_beside_title(axes, len(shown) + 1)
    return True


def _worst_map(axes: Axes, cells: Mapping[str, Field], shown: list[Rule], title: str) -> bool:
    """The number of the coarsest direction in a plane; a line around where it breaks the rule."""
    rule = max(shown, key=lambda rule: float(np.nanmax(rule.against(cells[rule.name].value))))
    field = cells[rule.name]
    plane = maps.planes(field)[0]
    values = plane.cut(field.value)
    if not np.isfinite(values).any():
        return False
    limits = float(np.nanmin(values)), float(np.nanmax(values))
    maps.sheet(axes, field.axes, plane, values, maps.VALUES, limits)
    place = plane.place(field.axes)
    axes.set_title(f"{title}, {place}" if place else title)
    style.label_values(axes.images[0].colorbar.ax, f"{LABELS[rule.name]}, rule: {rule.text}", "1")
    pixels = maps.raster(field.axes, plane, values)
    broken = np.where(rule.against(pixels) > 1.0, 1.0, 0.0)
    if np.ptp(broken) > 0.0 and min(broken.shape) > 1:
        extent = axes.images[0].get_extent()
        axes.contour(
            broken, levels=(0.5,), colors=style.VERMILION, linewidths=1.6, extent=extent,
            origin="lower",
        )  # fmt: skip
    if broken.any():
        axes.set_title(f"{axes.get_title('left')}: rule broken (red line)")
    return True


def _binds(rule: Rule, scenario: Scenario | None) -> bool:
    """Whether the rule matters: none without collisions, none for cells of a uniform gas."""
    if scenario is None:
        return True
    is_size = rule.name.startswith(("cell_size", "collision_separation"))
    return scenario.collisions.scheme != "none" and not (is_size and scenario.homogeneous)


def _told(rule: Rule, known: Mapping[str, float], binding: set[str]) -> str:
    """The label of a row: the number and its rule."""
    limit = f"rule: {rule.text}" if rule.name in binding else "no rule here"
    return f"{LABELS[rule.name]} = {known[rule.name]:.3g}\n({limit})"


def _how(rule: Rule) -> str:
    return "" if rule.name == "particles_per_cell" else _LOCAL
