"""Progress of a run: a live panel on a terminal or in a notebook, about ten plain lines elsewhere.

A `Moment` is the physics of now; `Progress` decides when to ask for one, and shows it. Speed and
time left follow from what was done of late, so that compilation and a busy start do not count.
"""

from __future__ import annotations

import io
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from dsmc.simulation import Simulation

REPORTS = 10  # plain lines of a whole run
REFRESH = {"terminal": 0.4, "notebook": 0.8, "plain": 0.2}  # seconds between two looks
WIDTH = 88  # columns of the panel where there is room
CELL_AVERAGES = ("temperature", "pressure")  # whose shrinking errors are shown
WINDOW = 5.0  # seconds, the shortest time that a speed is taken over once it is known
UNITS_IN_WINDOW = 8  # and the fewest steps (or replicas)


@dataclass(frozen=True)
class Moment:
    """What is true of a run now.

    time : [s]; temperature : value and error [K]; h_excess : value and error [1]
    errors : names of averages and their relative errors, which shrink as the run goes on
    """

    step: int
    time: float
    particles: int
    temperature: tuple[float, float] | None
    h_excess: tuple[float, float] | None
    collisions_per_particle: float
    errors: tuple[tuple[str, float], ...] = ()


def moment_of(simulation: Simulation) -> Moment:
    """The moment of a simulation; costs about as much as a look at its averages."""
    count = simulation.executor.count
    mean_count = simulation.particle_steps / max(1, simulation.steps)
    latest = simulation.series_sampler.latest
    return Moment(
        step=simulation.steps,
        time=simulation.time,
        particles=count,
        temperature=_known(latest("temperature")),
        h_excess=_known(latest("h_excess")),
        collisions_per_particle=2.0 * simulation.collisions / max(1.0, mean_count),
        errors=tuple(_significant(simulation)),
    )


def _known(pair: tuple[float, float] | None) -> tuple[float, float] | None:
    return pair if pair is not None and math.isfinite(pair[0]) else None


def _significant(simulation: Simulation) -> Iterator[tuple[str, float]]:
    """Relative errors of averages that are neither lost in noise nor exact."""
    for name, value, error in _averages(simulation):
        relative = error / abs(value) if value else math.inf
        if 1e-9 < relative < 0.5:
            yield name, relative


def _averages(simulation: Simulation) -> Iterator[tuple[str, float, float]]:
    """(name, value, error) of averages over time, those that converge last in front."""
    mean, error = simulation.wall_sampler.per_step()
    for number, patch in enumerate(simulation.scenario.patches):
        if not mean[number, 0]:
            continue
        along = max((1, 2, 3), key=lambda k: abs(mean[number, k]) * (k - 1 != patch.axis))
        place = patch.name.replace("_", " ")
        for name, column in (("shear", along), ("heat flux", 4)):
            yield f"{name} at {place}", mean[number, column], error[number, column]
        break  # the other walls converge alike
    if simulation.field_sampler is not None:
        found = simulation.field_sampler.whole.averages()
        for name in CELL_AVERAGES:
            yield (name, *found.get(name, (0.0, 0.0)))
    if simulation.collisions:
        yield "collision rate", simulation.collisions, math.sqrt(simulation.collisions)


class Pace:
    """Units per second of late: over the last 5 to 10 seconds, and over 8 units or more."""

    def __init__(self, now: float, done: int):
        self._older = self._newer = (now, done)

    def note(self, now: float, done: int) -> float | None:
        """Take note of what is done now [s]; the speed [1/s], None as long as it is not known."""
        begin, before = self._older
        speed = (done - before) / (now - begin) if now > begin and done > before else None
        clock, count = self._newer
        if now - clock >= WINDOW and done - count >= UNITS_IN_WINDOW:
            self._older, self._newer = self._newer, (now, done)
        return speed


@dataclass(frozen=True)
class State:
    """What is shown: how far the run is, how fast, and its moment.

    elapsed : [s]; speed : units per second of late, None if not yet known
    """

    done: int
    total: int
    unit: str
    elapsed: float
    speed: float | None
    moment: Moment | None

    @property
    def left(self) -> str:
        """The time left, as far as it is known."""
        if self.done >= self.total:
            return "done"
        return f"{clock_text((self.total - self.done) / self.speed)} left" if self.speed else ""

    @property
    def rate(self) -> tuple[str, str]:
        """The speed of late as a number and its unit; empty if not known."""
        if not self.speed:
            return "", ""
        if self.moment is None:
            return f"{self.speed:.3g}", f"{self.unit}/s"
        return f"{self.speed * self.moment.particles / 1e6:.3g}", "million particle-steps/s"


class Display(Protocol):
    """Shows states: on a terminal, in a notebook or as plain lines."""

    def begin(self) -> None:
        """Open what the states are shown in."""

    def show(self, state: State) -> None:
        """Show the state of the moment."""

    def end(self) -> None:
        """Leave the place as the next lines want it."""


class Progress:
    """Tells how a run goes on; a context manager.

    total, unit : what is counted, and what it is when all is done; done : what is done already
    console : where to; quiet : show nothing; patience : show nothing before this time [s]

    >>> with Progress(1000) as progress:
    ...     progress.update(10, lambda: moment_of(simulation))
    """

    def __init__(
        self,
        total: int,
        unit: str = "steps",
        console: Console | None = None,
        quiet: bool = False,
        patience: float = 0.0,
        done: int = 0,
    ):
        self.total, self.unit, self.patience, self.done = total, unit, patience, done
        self._console = console or Console()
        self._kind = "plain"
        if self._console.is_jupyter:
            self._kind = "notebook"
        elif self._console.is_terminal and not self._console.is_dumb_terminal:
            self._kind = "terminal"
        self._quiet = quiet or self._console.quiet
        self._display: Display | None = None
        self._pace: Pace | None = None
        self._begin = self._next = 0.0

    def __enter__(self) -> Progress:
        self._begin = time.perf_counter()
        self._next = math.inf if self._quiet else self._begin
        if not self._quiet and self.patience <= 0.0:
            self._open().show(State(self.done, self.total, self.unit, 0.0, None, None))
        return self

    def update(self, done: int, describe: Callable[[], Moment | None]) -> None:
        """Note that `done` units are done; `describe` is called only if something is shown."""
        now = time.perf_counter()
        if now < self._next and (done < self.total or self._quiet):
            return
        self._next = now + REFRESH[self._kind]
        if self._pace is None:  # the first step compiles: the speed is taken from its end on
            self._pace = Pace(now, done)
        speed = self._pace.note(now, done)
        if now - self._begin < self.patience or not self._is_news(done):
            return
        self.done = done
        elapsed = now - self._begin
        self._open().show(State(done, self.total, self.unit, elapsed, speed, describe()))

    def _is_news(self, done: int) -> bool:
        """Plain lines come at every tenth of the whole, live panels at every look."""
        if self._kind != "plain":
            return True
        return done * REPORTS // self.total != self.done * REPORTS // self.total

    def _open(self) -> Display:
        if self._display is None:
            made: dict[str, Any] = {"plain": Lines, "terminal": Terminal, "notebook": Notebook}
            self._display = made[self._kind](self._console)
            self._display.begin()
        return self._display

    def __exit__(self, *exception: object) -> None:
        if self._display is not None:
            self._display.end()


@contextmanager
def watching(
    simulation: Simulation,
    last: int,
    glance: Callable[[Simulation], bool | None] | None = None,
    **choices: Any,
) -> Iterator[Callable[[Simulation], bool]]:
    """A glance for `Simulation.run` to step `last` that shows how it goes, and takes another.

    choices : console, quiet, patience of `Progress`
    """
    with Progress(last, done=simulation.steps, **choices) as progress:

        def look(simulation: Simulation) -> bool:
            progress.update(simulation.steps, lambda: moment_of(simulation))
            return bool(glance is not None and glance(simulation))

        yield look


class Lines:
    """A line for each state: for files, pipes and terminals that cannot move the cursor."""

    def __init__(self, console: Console):
        self.console = console

    def begin(self) -> None:
        """Nothing is needed."""

    def show(self, state: State) -> None:
        """Print one line."""
        if state.done:
            self.console.print(line(state), markup=False, highlight=False, soft_wrap=True)
            sys.stdout.flush()

    def end(self) -> None:
        """Nothing is needed."""


class Terminal:
    """A panel that is drawn again in its place, and removed at the end: the results follow."""

    def __init__(self, console: Console):
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def begin(self) -> None:
        """Take hold of the lower lines of the terminal."""
        self._live.start()

    def show(self, state: State) -> None:
        """Draw the panel again."""
        self._live.update(panel(state), refresh=True)

    def end(self) -> None:
        """Remove the panel."""
        self._live.stop()


class Notebook:
    """A panel as HTML in the output of a cell, replaced in its place; the last one stays."""

    FRAME = '<pre style="line-height: 1.2; font-family: monospace">{code}</pre>'

    def __init__(self, console: Console):
        self._handle: Any = None

    def begin(self) -> None:
        """The first state opens the place."""

    def show(self, state: State) -> None:
        """Show the panel, or put it in the place of the one before."""
        from IPython.display import display

        shown = {"text/html": self.html(state), "text/plain": line(state)}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def html(self, state: State) -> str:
        """The panel as HTML."""
        paper = Console(
            file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, force_jupyter=False
        )
        paper.print(panel(state))
        return paper.export_html(inline_styles=True, code_format=self.FRAME)

    def end(self) -> None:
        """Nothing is needed."""


def panel(state: State) -> RenderableType:
    """The state as a panel whose rows keep their places from one moment to the next."""
    share = state.done / state.total if state.total else 1.0
    head = Table.grid(padding=(0, 2), expand=True)
    head.add_column(ratio=1)
    head.add_column(justify="right", no_wrap=True)
    head.add_row(
        ProgressBar(total=max(1, state.total), completed=state.done),
        f"{share:4.0%}  {state.unit} {state.done:{len(f'{state.total:,}')},} of {state.total:,}",
    )
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="cyan", no_wrap=True, min_width=len("temperature"))
    rows.add_column(overflow="fold")
    rows.add_row("wall time", f"{clock_text(state.elapsed):>10} elapsed   {state.left:>15}")
    number, unit = state.rate
    rows.add_row("speed", f"{number or 'beginning':>10} {unit}")
    if state.moment is not None:
        for name, text in physics(state.moment):
            rows.add_row(name, Text(text))
    return Panel(Group(head, rows), width=WIDTH, border_style="dim")


def physics(moment: Moment) -> Iterator[tuple[str, str]]:
    """(name, text) of what a moment tells, numbers in columns."""
    yield "time", f"{moment.time:10.4g} s"
    for name, pair, unit in (
        ("temperature", moment.temperature, " K"),
        ("H - H_eq", moment.h_excess, ""),
    ):
        if pair is not None:
            yield name, f"{pair[0]:10.4g} ± {pair[1]:.1g}{unit}"
    yield "collisions", f"{moment.collisions_per_particle:10.4g} per particle"
    for place, (name, error) in enumerate(moment.errors):
        yield "" if place else "errors", f"{'± ' + _percent(error):>10} {name}"


def line(state: State) -> str:
    """The state as one line of text."""
    parts = [f"{state.unit} {state.done} of {state.total}", f"{clock_text(state.elapsed)} elapsed"]
    parts += [part for part in (state.left, " ".join(state.rate).strip()) if part]
    moment = state.moment
    if moment is not None:
        parts.append(f"t = {moment.time:.4g} s")
        for name, pair, unit in (("T", moment.temperature, " K"), ("H-H_eq", moment.h_excess, "")):
            if pair is not None:
                parts.append(f"{name} = {pair[0]:.4g} ± {pair[1]:.1g}{unit}")
        parts.append(f"{moment.collisions_per_particle:.3g} collisions per particle")
        if moment.errors:
            name, error = moment.errors[0]
            parts.append(f"{name} ± {_percent(error)}")
    return ", ".join(parts)


def _percent(error: float) -> str:
    """A relative error with two digits, so that one can see it shrink."""
    return f"{100.0 * error:.2g} %" if error >= 1e-5 else f"{error:.0e}"


def clock_text(seconds: float) -> str:
    """A duration as h:mm:ss, with days in front of long ones."""
    whole = round(seconds)
    days, rest = divmod(whole, 86400)
    text = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} d {text}" if days else text
