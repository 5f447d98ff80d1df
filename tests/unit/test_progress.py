"""Progress: what is shown where, how often, and whether the time left can be believed."""

import io
import itertools
import math
import re
import sys
import time
from types import ModuleType, SimpleNamespace

import pytest
from rich.console import Console

from dsmc import progress
from dsmc.progress import Moment, Pace, Progress, State, clock_text, line, moment_of, panel
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation

MOMENT = Moment(
    step=1240, time=1.2345e-7, particles=10**6, temperature=(300.12, 0.21),
    h_excess=(1.23e-3, 4.1e-4), collisions_per_particle=12.3,
    errors=(("shear at x low", 0.0213), ("collision rate", 2.6e-4)),
)  # fmt: skip
LATER = Moment(
    2480, 2.469e-7, 10**6, (299.9, 0.1), (-2e-5, 4e-4), 24.6, (("shear at x low", 0.01),)
)


class Clock:
    """A clock that goes only when told."""

    def __init__(self):
        self.now = 100.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def paper(**options):
    return Console(file=io.StringIO(), width=options.pop("width", 80), **options)


def work(steps, clock, seconds_of, console=None, **options):
    """What is on paper after `steps` steps of seconds_of(step) each."""
    console = console or paper()
    with Progress(steps, console=console, **options) as shown:
        for step in range(1, steps + 1):
            clock.now += seconds_of(step)
            shown.update(step, lambda: MOMENT)
    return console.file.getvalue()


def text_of(state, width=80):
    console = paper(width=width, force_terminal=True, color_system=None)
    console.print(panel(state))
    return console.file.getvalue()


def test_about_ten_plain_lines_where_the_output_is_no_terminal(clock):
    lines = work(1000, clock, lambda step: 0.05).splitlines()
    assert 9 <= len(lines) <= 11
    assert lines[-1].startswith("steps 1000 of 1000, 0:00:50 elapsed, done, 20 million")
    for word in ("t = 1.235e-07 s", "T = 300.1 ± 0.2 K", "H-H_eq = 0.00123 ± 0.0004",
                 "12.3 collisions per particle", "shear at x low ± 2.1 %"):  # fmt: skip
        assert word in lines[4]
    assert not any("\x1b" in text for text in lines)


def test_a_quiet_run_shows_nothing_and_asks_for_nothing(clock):
    asked = []
    for console, options in ((paper(), {"quiet": True}), (paper(quiet=True), {})):
        with Progress(100, console=console, **options) as shown:
            for step in range(1, 101):
                clock.now += 1.0
                shown.update(step, lambda: asked.append(1))
        assert console.file.getvalue() == ""
    assert not asked


def test_patience_keeps_a_short_run_silent(clock):
    assert work(10, clock, lambda step: 0.1, patience=3.0) == ""
    late = work(100, clock, lambda step: 0.1, patience=3.0)
    assert re.match(r"steps 3\d of 100", late)
    terminal = paper(force_terminal=True)
    assert work(10, clock, lambda step: 0.1, terminal, patience=3.0) == ""


def test_a_terminal_shows_a_panel_that_is_gone_at_the_end(clock):
    console = paper(force_terminal=True)
    text = work(100, clock, lambda step: 0.1, console)
    assert text.count("╭") > 10  # drawn again and again
    assert "million particle-steps/s" in text
    assert "╭" not in text[text.rindex("\x1b[1A") :]  # the lines are erased one by one
    dumb = paper(force_terminal=True, _environ={"TERM": "dumb"})
    assert "╭" not in work(100, clock, lambda step: 0.1, dumb)


def place(word, shown):
    """The column of the first row that holds the word."""
    return next(text.index(word) for text in shown if word in text)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_panel_fits_and_its_rows_keep_their_places(width):
    early = State(124, 20_000, "steps", 12.3, 31.2, MOMENT)
    late = State(19_999, 20_000, "steps", 1234.5, 8.8, LATER)
    first, second = (text_of(state, width).splitlines() for state in (early, late))
    assert max(map(len, first)) <= min(width, progress.WIDTH) < 100
    for word in ("elapsed", "±", "per particle", " shear at x low"):
        assert len({place(word, shown) for shown in (first, second)}) == 1
    assert first[1].index("steps") == second[1].index("steps")


def test_a_state_of_which_little_is_known_is_shown_too():
    fresh = State(0, 100, "steps", 0.0, None, None)
    assert "beginning" in text_of(fresh) and "left" not in text_of(fresh)
    replicas = State(3, 8, "replicas", 12.3, 0.2, None)
    assert "0.2 replicas/s" in text_of(replicas) and "0:00:25 left" in text_of(replicas)
    assert line(replicas) == "replicas 3 of 8, 0:00:12 elapsed, 0:00:25 left, 0.2 replicas/s"
    few = Moment(1, 1e-9, 5, None, None, 0.0)
    assert "temperature" not in text_of(State(1, 100, "steps", 1.0, 2.0, few))


def told_left(text):
    """{steps done: seconds left} of the lines that tell it."""
    pattern = r"steps (\d+) of \d+, \S+ elapsed, (\d+):(\d+):(\d+) left"
    rows = [tuple(map(int, found)) for found in re.findall(pattern, text)]
    return {done: 3600 * hours + 60 * minutes + seconds for done, hours, minutes, seconds in rows}


def test_the_time_left_knows_nothing_of_compilation(clock):
    """30 s to compile, then 0.1 s a step."""
    told = told_left(work(1000, clock, lambda step: 30.0 if step == 1 else 0.1))
    assert len(told) >= 8
    for done, left in told.items():
        assert left == pytest.approx(0.1 * (1000 - done), abs=1.0)
        naive = (30.0 + 0.1 * done) / done * (1000 - done)
        assert naive > 1.3 * left  # the wrong twin: an average over the whole


def test_the_time_left_follows_a_change_of_speed(clock):
    told = told_left(work(1000, clock, lambda step: 0.1 if step <= 450 else 0.4))
    done = next(done for done in told if done > 490)
    assert told[done] == pytest.approx(0.4 * (1000 - done), rel=0.1)
    average = (0.1 * 450 + 0.4 * (done - 450)) / done * (1000 - done)
    assert average < 0.5 * told[done]  # the wrong twin


def test_replicas_that_end_in_pairs_do_not_confuse_the_pace():
    """Two at a time, 60 s each: a speed from the first end on would be infinite at the second."""
    pace = Pace(0.2, 0)
    moments = [(60.0, 1), (60.1, 2), (120.0, 3), (120.1, 4)]
    speeds = [pace.note(now, done) for now, done in moments]
    assert speeds[1::2] == pytest.approx([1 / 30, 1 / 30], rel=0.01)
    assert max(speeds) < 0.04


def test_a_notebook_gets_one_place_that_is_written_again(clock, monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(("update", data)))

    def display(data, raw, display_id):
        shown.append(("display", data))
        return handle

    module = ModuleType("IPython.display")
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    console = paper(force_jupyter=True)
    assert work(100, clock, lambda step: 0.1, console) == ""
    kinds = [kind for kind, _ in shown]
    assert kinds[0] == "display" and set(kinds[1:]) == {"update"} and 10 < len(kinds) < 20
    html = shown[-1][1]["text/html"]
    assert html.startswith("<pre") and "million particle-steps/s" in html and "\x1b" not in html
    assert shown[-1][1]["text/plain"].startswith("steps 100 of 100")


def test_a_call_with_nothing_to_show_costs_next_to_nothing():
    """0.5 to 1 microsecond; ten leave room for a busy machine."""
    with Progress(10**9, console=paper()) as shown:
        shown.update(1, lambda: MOMENT)
        shown._next = math.inf
        best = math.inf
        for _ in range(5):
            begin = time.perf_counter()
            for _ in itertools.repeat(None, 20_000):
                shown.update(5, None)
            best = min(best, time.perf_counter() - begin)
    assert best / 20_000 < 10e-6


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0:00:00"), (59.6, "0:01:00"), (3725, "1:02:05"), (90061, "1 d 1:01:01")],
)
def test_durations_read_like_a_clock(seconds, text):
    assert clock_text(seconds) == text


def flow(steps):
    """A small shear flow."""
    wall = {"kind": "diffuse", "temperature_K": 300}
    return Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [1e-3], "cells": [5]},
        initial={
            "kind": "equilibrium", "number_density_m3": 1e21, "temperature_K": 300,
            "particles": 2000,
        },
        boundaries={
            "x": {
                "low": {**wall, "velocity_m_s": [0, -300, 0]},
                "high": {**wall, "velocity_m_s": [0, 300, 0]},
            }
        },
        run={"time_step_mct": 0.2, "steps": steps, "seed": 20261121},
        sample={"fields_every": 2},
    )  # fmt: skip


def test_the_moment_of_a_run_tells_errors_that_shrink():
    moments = []
    with Simulation(flow(800), threads=1) as simulation:
        for steps in (100, 700):
            simulation.run(steps=steps)
            moments.append(moment_of(simulation))
        face = simulation.wall_sampler.per_step()
    early, late = (dict(moment.errors) for moment in moments)
    assert late["shear at x low"] == face[1][0, 2] / abs(face[0][0, 2])
    assert late["collision rate"] == pytest.approx(early["collision rate"] / math.sqrt(8), rel=0.1)
    assert late["shear at x low"] < early["shear at x low"]
    assert late["temperature"] < early["temperature"]
    assert moments[1].step == 800 and moments[1].particles == 2000
    assert moments[1].time == pytest.approx(8 * moments[0].time)
    value, error = moments[1].temperature
    assert 300 < value < 1000 and 0 < error < 30
    assert f"{value:.4g}" in line(State(800, 800, "steps", 1.0, 100.0, moments[1]))
