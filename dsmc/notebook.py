"""A result as notebooks show it: verdicts and what matters in a table, the rest folded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from dsmc.result import Result, Row, Series, row_texts

_HEADS = ("quantity", "measured ± error", "unit", "reference", "sigmas", "verdict", "over time")
_WIDTH, _HEIGHT = 90, 18  # of a small curve [px]
_MOST_POINTS = 90  # of a small curve


def page(result: Result) -> str:
    """The result as HTML: a head line, the closing table with small curves, folded lists."""
    rows = result.table()
    shown = {row.quantity for row in rows}
    rest = [row for row in result.table(everything=True) if row.quantity not in shown]
    parts = [_head(result), _table(result, rows)]
    if rest:
        parts.append(_folded(f"{len(rest)} more series", _table(result, rest)))
    for kind in ("fields", "walls", "planes", "histograms"):
        names = list(getattr(result, kind))
        if names:
            text = f"<code>result.{kind}[name]</code>: {escape(', '.join(names))}"
            parts.append(_folded(f"{len(names)} {kind}", text))
    return "".join(parts)


def _head(result: Result) -> str:
    counts = (
        f"{result.particles:,} particles, {result.steps:,} steps, "
        f"{result.collisions:,} collisions, t = {result.time:.4g} s"
    )
    if math.isfinite(result.wall_time):
        counts += f", {result.wall_time:.3g} s of wall time"
    lines = [f"<b>{escape(result.title)}</b>", counts]
    if result.verdicts:
        passed = sum(verdict.passed for verdict in result.verdicts)
        lines.append(f"{passed} of {len(result.verdicts)} figures agree with their references")
    if told := str(result.sampling):
        lines.append(escape(told))
    if result.unfinished:
        lines.append(f"<i>{escape(result.unfinished)}</i>")
    return "<br>".join(lines)


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def _table(result: Result, rows: Iterable[Row]) -> str:
    lines = ["<table><thead><tr>", *(f"<th>{head}</th>" for head in _HEADS), "</tr></thead><tbody>"]
    drawn = set()
    for row in rows:
        name = row.quantity.partition(" ")[0]  # "h_excess at 3 tau_c"
        curve = ""
        if name in result.series and name not in drawn:
            curve = sparkline(result.series[name])
            drawn.add(name)
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row_texts(row))
        lines.append(f"<tr>{cells}<td>{curve}</td></tr>")
    return "".join([*lines, "</tbody></table>"])


def sparkline(series: Series) -> str:
    """The series as a small curve, its reference dashed behind it; "" where there is none."""
    if series.value.ndim != 1 or series.time.size < 2:
        return ""
    rows = np.unique(np.linspace(0, series.time.size - 1, _MOST_POINTS).astype(int))
    curves = [(series.value[rows], 'stroke="currentColor"')]
    if series.reference is not None:
        dashed = 'stroke="#888" stroke-dasharray="3 2"'
        curves.insert(0, (series.reference[rows], dashed))
    known = np.concatenate([values[np.isfinite(values)] for values, _ in curves])
    if not known.size:
        return ""
    low, high = float(known.min()), float(known.max())
    noise = series.error[rows][np.isfinite(series.error[rows])]
    least = 4.0 * float(np.median(noise)) if noise.size else 0.0
    if high - low < least:  # noise alone is drawn flat, not as a drama
        low, high = 0.5 * (low + high - least), 0.5 * (low + high + least)
    drawn = [_polyline(series.time[rows], values, (low, high), style) for values, style in curves]
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}" fill="none">{"".join(drawn)}</svg>'


def _polyline(time: np.ndarray, values: np.ndarray, span: Sequence[float], style: str) -> str:
    low, high = span
    known = np.isfinite(values)
    across = (time - time[0]) / ((time[-1] - time[0]) or 1.0)
    up = (values - low) / (high - low) if high > low else np.full(values.shape, 0.5)
    points = " ".join(
        f"{1 + x * (_WIDTH - 2):.1f},{1 + (1 - y) * (_HEIGHT - 2):.1f}"
        for x, y in zip(across[known], up[known], strict=True)
    )
    return f'<polyline points="{points}" {style}/>'
