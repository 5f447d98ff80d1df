"""The cells of a study: which trainings there are, done in processes, each kept when it is done.

A cell is one training: a case, a method with one setting, a seed. It has a file of its own, written
whole or not at all, under a name that its setup, its setting, its seed and the code determine: a
study that was broken off, even by a kill, goes on where it stopped, and a changed file or code
leads to new cells.
"""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from multiprocessing import connection
from pathlib import Path
from typing import Any

import numpy as np
import torch

import bridge
import dsmc
from dsmc import disk
from dsmc.summary import plain
from scenarios.training.guarantee import Probe
from scenarios.training.method_sections import MethodSection, collision_of, method_of, told
from scenarios.training.plan import Plan, Setup
from scenarios.training.trial import Found, train

FIRST_FRESH = 1000  # seeds from here on are for results, those below for the choice of settings
FOLDER = "cells"
DECIDE = (
    "cifar10", "data", "encoder", "guarantee", "intents", "measures", "method_sections", "methods",
    "networks", "rivals", "sections", "streams", "texts", "trial",
)  # fmt: skip
"""The modules beside this one that decide what a training comes to."""


@dataclass(frozen=True)
class Cell:
    """One training.

    setting : number of the setting among those of the method
    """

    case: str
    method: str
    setting: int
    seed: int

    @property
    def fresh(self) -> bool:
        """Whether it is part of the result, not of the choice of settings."""
        return self.seed >= FIRST_FRESH


def tuning_cells(plan: Plan) -> list[Cell]:
    """The trainings that settings are chosen by."""
    return [
        Cell(case, method.name, setting, seed)
        for case in plan.setups
        for method in plan.study.methods
        for setting in range(len(method.settings))
        for seed in range(plan.study.seeds.tuning)
    ]


def fresh_cells(plan: Plan, chosen: Mapping[tuple[str, str], Sequence[int]]) -> list[Cell]:
    """The trainings of the result.

    chosen : settings by case and method
    """
    return [
        Cell(case, method.name, setting, FIRST_FRESH + number)
        for case in plan.setups
        for method in plan.study.methods
        for setting in chosen[case, method.name]
        for number in range(plan.study.seeds.evaluation)
    ]


class Bench:
    """Trains the cells of a plan and keeps what they come to, under `folder`/cells."""

    def __init__(self, plan: Plan, folder: Path, processes: int = 1, device: str = "cpu"):
        self.plan, self.processes, self.device = plan, processes, device
        self._key = f"{code_key()} {device}"  # of now: sources may change while a study runs
        self._data = {case: data_key(setup.data) for case, setup in plan.setups.items()}
        self.folder = folder / FOLDER
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            raise disk.refusal(failure, self.folder) from failure

    def carry_out(
        self, cells: Sequence[Cell], finished: Callable[[int], None] = lambda count: None
    ) -> dict[Cell, Found]:
        """Train what is not there yet; what all cells have come to.

        finished : told now and then how many of the cells are done
        """
        missing = [cell for cell in cells if self.kept(cell) is None]
        there = len(cells) - len(missing)
        finished(there)
        for count in self._train_all(missing):
            finished(there + count)
        found = {cell: self.kept(cell) for cell in cells}
        lost = [cell for cell, each in found.items() if each is None]
        if lost:
            raise OSError(f"{self._path(lost[0])}: has vanished; start the study again")
        return found

    def kept(self, cell: Cell) -> Found | None:
        """What a finished cell has come to."""
        try:
            held = json.loads(self._path(cell).read_text(encoding="utf-8"))
            rows = [{k: _number(v) for k, v in row.items()} for row in held["rows"]]
            seconds = _number(held["seconds_per_step"])
            return Found(rows, seconds, held["weights"], held["probed"])
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def train(self, cell: Cell) -> None:
        """Train one cell and keep it."""
        section, setup = self._section(cell), self.plan.setups[cell.case]
        setting = section.settings[cell.setting]
        found = train(
            setup,
            method_of(section, setting),
            cell.seed,
            setting.get("lr_factor", 1.0),
            self._probe(cell, setup),
            self.device,
            keep_weights=cell.seed == FIRST_FRESH,
        )
        text = json.dumps(plain(asdict(found) | {"cell": asdict(cell)}), allow_nan=False)
        with disk.replacing(self._path(cell)) as unfinished:
            unfinished.write_text(text, encoding="utf-8")

    def _train_all(self, cells: Sequence[Cell]) -> Iterator[int]:
        """Train the cells; yields how many are done."""
        if self.processes == 1 or len(cells) < 2:
            for count, cell in enumerate(cells, 1):
                self.train(cell)
                yield count
            return
        context = multiprocessing.get_context("spawn")  # threads of torch do not survive a fork
        workers = min(self.processes, len(cells))
        with ProcessPoolExecutor(workers, context, _begin, (self,)) as pool:
            waiting = {pool.submit(_train_one, cell) for cell in cells}
            try:
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
                    yield len(cells) - len(waiting)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _probe(self, cell: Cell, setup: Setup) -> Probe | None:
        """The probe of a training of the baseline that is part of the result."""
        first = cell.method == self.plan.baseline.name and cell.setting == self._first(cell)
        if not (setup.probe and cell.fresh and first):
            return None
        return Probe(dict(probed_collisions(self.plan.study.methods)), cell.seed)

    def _first(self, cell: Cell) -> int:
        """The setting whose trainings are probed: the chosen one, or the first of all."""
        return cell.setting if self.plan.study.seeds.tuning else 0

    def _section(self, cell: Cell) -> MethodSection:
        return next(m for m in self.plan.study.methods if m.name == cell.method)

    def _path(self, cell: Cell) -> Path:
        section, setup = self._section(cell), self.plan.setups[cell.case]
        setting = section.settings[cell.setting]
        probed = ""
        if self._probe(cell, setup):
            probed = repr(list(probed_collisions(self.plan.study.methods)))
        what = [
            repr(setup), section.kind, section.words, setting, cell.seed, probed, self._key,
            self._data[cell.case],
        ]  # fmt: skip
        digest = hashlib.sha256(json.dumps(what, default=str).encode()).hexdigest()[:20]
        return self.folder / f"{digest}.json"


def probed_collisions(methods: Iterable[MethodSection]) -> Iterator[tuple[str, Any]]:
    """Every collision of a study with every setting, by name; noise is none."""
    for section in methods:
        for setting in section.settings:
            collision = collision_of(section, setting)
            if collision is not None and not section.kind.startswith("noise-like-"):
                own = {key: value for key, value in setting.items() if key != "lr_factor"}
                yield f"{section.name}, {told(own)}", collision


@cache
def code_key() -> str:
    """A key of the sources that decide what a training comes to, and of the versions beneath.

    The same on every machine.
    """
    digest = hashlib.sha256(f"torch {torch.__version__}, numpy {np.__version__}".encode())
    for package in (dsmc, bridge):
        folder = Path(package.__file__).parent
        _add_sources(digest, folder, folder.rglob("*.py"))
    here = Path(__file__).parent
    _add_sources(digest, here, (here / f"{name}.py" for name in DECIDE))
    return digest.hexdigest()[:16]


def _add_sources(digest: Any, folder: Path, sources: Iterable[Path]) -> None:
    """Names and texts of sources in a folder."""
    for source in sorted(sources):
        digest.update(source.relative_to(folder).as_posix().encode())
        digest.update(source.read_bytes().replace(b"\r\n", b"\n"))


def data_key(section: Any) -> list[str]:
    """Digests of the user's files that a section [data] names, and what reads an encoder's."""
    named = [getattr(section, name, None) for name in ("train", "test", "path", "encoder")]
    found = [contents_key(Path(name)) for name in named if name is not None]
    if getattr(section, "encoder", None) is not None:
        found.append(metadata.version("transformers"))
    return found


@cache
def contents_key(path: Path) -> str:
    """Digest of a file, or of all files in a folder with their names."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(file.relative_to(path).as_posix().encode())
            with open(file, "rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:16]


_bench: list[Bench] = []  # of a process of the pool


def _begin(bench: Bench) -> None:
    """Begin a process of the pool: one thread, no ear for the keyboard, and no life of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    _bench.append(bench)


def _end_with_parent() -> None:
    """End this process when the one that began it is gone, killed perhaps."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a process of a pool
    connection.wait([parent.sentinel])
    os._exit(1)


def _train_one(cell: Cell) -> None:
    """A cell in a process of the pool."""
    _bench[0].train(cell)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
