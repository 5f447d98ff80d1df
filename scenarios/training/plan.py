"""A study as it is described in a TOML file: what is compared, on what, how often and how long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field, ValidationError

from dsmc.scenario.loading import Overrides, overridden, parse_tables, read_text
from dsmc.scenario.messages import Problem, ScenarioError, explain, shown
from dsmc.scenario.sections import Section
from scenarios.training import measures
from scenarios.training.method_sections import AnyMethod, MethodSection, method_of
from scenarios.training.networks import Perceptron, ResNet
from scenarios.training.pairing import fewest_seeds
from scenarios.training.sections import (
    Budget,
    DataSet,
    Frontier,
    Names,
    Network,
    OptimizerSection,
    ProbeSection,
    Seeds,
)

FEW = {"cases": 2, "steps": 3, "samples": 40, "seeds": 2, "width": 4}
"""What a miniature has at most."""

_SAMPLES = ("learn", "validate_with", "test_with")


class Setup(Section):
    """What one case trains: the sections that a case may change."""

    data: DataSet = Field(description="what is learned", examples=[{"kind": "digits"}])
    model: Network = Field(description="the network", examples=[{"kind": "perceptron"}])
    optimizer: OptimizerSection = Field(
        description="the base optimizer", examples=[{"kind": "sgd", "lr": 0.1}]
    )
    budget: Budget = Field(description="length", examples=[{"epochs": 30, "batch": 50}])
    layers: Names = Field(description="layers whose neurons collide", examples=[["hidden"]])
    probe: ProbeSection | None = Field(
        None, description="Theorem 3.3 on real gradients", examples=[{"every": 5}]
    )

    @property
    def probe_every(self) -> int:
        """Steps between two questions of the probe."""
        return self.probe.every if self.probe else 0

    @property
    def is_classification(self) -> bool:
        """Whether labels are learned."""
        return self.data.kind != "sines"


class Study(Setup):
    """The whole file. `load` reads and checks it."""

    title: str = Field(min_length=1, description="one line", examples=["Digits, 500 to learn from"])
    metrics: Names = Field(
        description="quantities with a table each, the most important one first",
        examples=[["tested_accuracy", "mean_cos of hidden"]],
    )
    tune_by: str = Field(
        "validated_loss",
        description="quantity that settings are chosen by",
        examples=["validated_loss"],
    )
    seeds: Seeds = Field(description="repetitions", examples=[{"tuning": 5, "evaluation": 20}])
    frontier: Frontier | None = Field(
        None,
        description="one quantity against another",
        examples=[{"x": "mean_cos of hidden", "y": "tested_loss"}],
    )
    cases: tuple[Mapping[str, Any], ...] = Field(
        ({"name": ""},), strict=False, min_length=1, description="sections that differ"
    )
    methods: Annotated[tuple[AnyMethod, ...], Field(strict=False)] = Field(
        min_length=2,
        description="what is compared, the baseline first",
        examples=[[{"kind": "bare", "name": "SGD"}, {"kind": "soft", "coll_coef": [0.01, 0.1]}]],
    )


@dataclass(frozen=True)
class Plan:
    """A study that is sound, with the setup of each of its cases by name.

    tables : of the file, with overrides, as they determine every training
    """

    study: Study
    setups: dict[str, Setup]
    tables: dict[str, Any]

    @property
    def baseline(self) -> MethodSection:
        """The method that all others are compared with."""
        return self.study.methods[0]


def load(path: Path, overrides: Overrides = (), miniature: bool = False) -> Plan:
    """The study of a TOML file. ScenarioError: lists what is wrong with it, key by key.

    miniature : a few short trainings in place of all, to see that the study runs
    """
    try:
        tables = parse_tables(path, read_text(path))
        plan = checked(overridden(tables, overrides) if overrides else tables)
    except ScenarioError as error:
        raise ScenarioError(error.problems, error.source or str(path)) from None
    return checked(small(plan), any_seeds=True) if miniature else plan


def checked(tables: dict[str, Any], any_seeds: bool = False) -> Plan:
    """The plan of these tables. ScenarioError: what is wrong with them.

    any_seeds : also so few that no test can find anything
    """
    study = _validated(Study, tables)
    setups: dict[str, Setup] = {}
    problems: list[Problem] = []
    for number, case in enumerate(study.cases):
        try:
            name, setup = _case(tables, case)
            found = [*_contradictions(setup), *_metric_problems(study, setup)]
        except ScenarioError as error:
            found = list(error.problems)
        else:
            if name in setups:
                cure = "give every case a name of its own"
                found.append(Problem("name", shown(name), "is the name of another case", cure))
            setups[name] = setup
        problems += [_placed(problem, number, case, tables) for problem in found]
    problems += _method_problems(study)
    if not (problems or any_seeds):
        problems += _seed_problems(study)
    if problems:
        raise ScenarioError(problems)
    return Plan(study, setups, tables)


def _placed(
    problem: Problem, number: int, case: Mapping[str, Any], tables: Mapping[str, Any]
) -> Problem:
    """The problem of a case with the path that its key has in the file."""
    section = re.split(r"[.\[]", problem.path)[0]
    if "cases" not in tables or (section != "name" and section not in case):
        return problem
    return replace(problem, path=f"cases[{number}].{problem.path}")


def _validated(model: type[Setup], tables: Mapping[str, Any]) -> Any:
    """The tables as a model; every error becomes a problem with its cure."""
    try:
        return model(**tables)
    except ValidationError as error:
        raise ScenarioError(explain(model, error.errors(), tables)) from None


def _case(tables: Mapping[str, Any], case: Mapping[str, Any]) -> tuple[str, Setup]:
    """Name and setup of a case: the sections of the study with what the case changes."""
    name = case.get("name")
    if not isinstance(name, str):
        cure = 'give the case a name, for instance name = "noisy"'
        raise ScenarioError([Problem("name", "", "missing", cure)])
    changed = {key: value for key, value in case.items() if key != "name"}
    known = {key: tables[key] for key in Setup.model_fields if key in tables}
    return name, _validated(Setup, _merged(known, changed))


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Tables with changed keys; a table of another kind, or of another length, takes its place."""
    merged = dict(base)
    for key, value in changes.items():
        old = base.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            other_kind = value.get("kind", old.get("kind")) != old.get("kind")
            kept = {} if other_kind else dict(old)
            if {"epochs", "steps"} & set(value):
                kept = {k: v for k, v in kept.items() if k not in ("epochs", "steps")}
            merged[key] = {**kept, **value}
        else:
            merged[key] = value
    return merged


def _contradictions(setup: Setup) -> Iterator[Problem]:
    """What several keys of a case must fulfil together."""
    budget, data, optimizer = setup.budget, setup.data, setup.optimizer
    if (budget.epochs is None) == (budget.steps is None):
        given = "neither" if budget.epochs is None else "both"
        yield Problem(
            "budget",
            f"{given} of epochs and steps",
            "must be one",
            "write epochs = 30 or steps = 300",
        )
    if data.kind == "digits" and data.learn + data.validate_with > 1000:
        cure = "of 1797 digits 797 are held out to be tested: learn fewer"
        yield Problem("data.learn", str(data.learn), "too many with data.validate_with", cure)
    reads_tokens = getattr(data, "encoder", None) is not None
    if reads_tokens != (setup.model.kind == "encoder"):
        cure = 'with kind = "encoder" give the folder of the encoder in data.encoder, else none'
        yield Problem("model.kind", shown(setup.model.kind), "does not go with these data", cure)
    if optimizer.kind != "sgd" and optimizer.momentum:
        cure = "remove momentum: adam has its own"
        yield Problem("optimizer.momentum", str(optimizer.momentum), "belongs to sgd", cure)
    known = _layer_names(setup)
    for number, layer in enumerate(setup.layers):
        if layer not in known:
            allowed = f"must be one of {', '.join(known)}"
            yield Problem(f"layers[{number}]", shown(layer), allowed, "choose one of them")


def _layer_names(setup: Setup) -> list[str]:
    """The layers of the network of a case; nothing is allocated."""
    model = setup.model
    if model.kind == "encoder":
        return ["out"]
    with torch.device("meta"):
        if model.kind == "perceptron":
            return list(Perceptron(1, 1, model.hidden, model.activation).weights)
        return list(ResNet(1, 1, model.width, model.blocks).weights)


def _metric_problems(study: Study, setup: Setup) -> Iterator[Problem]:
    """Quantities that are not measured in a case."""
    known = measures.names(setup.is_classification, setup.layers)
    asked = [(f"metrics[{n}]", name) for n, name in enumerate(study.metrics)]
    if study.seeds.tuning:
        asked.append(("tune_by", study.tune_by))
    if study.frontier:
        asked += [("frontier.x", study.frontier.x), ("frontier.y", study.frontier.y)]
    for path, name in asked:
        if name not in known:
            yield Problem(path, shown(name), f"must be one of {', '.join(known)}", "choose one")
    if study.seeds.tuning and study.tune_by in known and not study.tune_by.startswith("validated"):
        allowed = (
            "must be a validation quantity: what is learned or tested must not choose settings"
        )
        yield Problem("tune_by", shown(study.tune_by), allowed, "write validated_loss")


def _method_problems(study: Study) -> Iterator[Problem]:
    """Methods that are not comparable, not possible, or have no name of their own."""
    wanted = len(study.methods[0].settings)
    names: set[str] = set()
    for number, section in enumerate(study.methods):
        path, settings = f"methods[{number}]", section.settings
        if section.name in names:
            cure = "give every method a name of its own"
            yield Problem(f"{path}.name", shown(section.name), "is the name of another", cure)
        names.add(section.name)
        if len(settings) != wanted:
            allowed = (
                f"must be {wanted}, as of {study.methods[0].name}: the grids are of equal size"
            )
            cure = "give lists whose lengths multiply to that; lr_factor may be one of them"
            yield Problem(path, f"{len(settings)} settings ({section.name})", allowed, cure)
        for setting in settings:
            try:
                method_of(section, setting)
            except ValueError as error:
                what, _, cure = str(error).rpartition("; ")
                yield Problem(path, shown(section.name), what or cure, cure)
                break


def _seed_problems(study: Study) -> Iterator[Problem]:
    """Too few seeds for any difference to be significant after the correction."""
    compared = len(study.methods) * (1 if study.seeds.tuning else len(study.methods[0].settings))
    fewest = fewest_seeds(compared - 1)
    if study.seeds.evaluation < fewest:
        allowed = (
            f"too few: with {compared - 1} comparisons Wilcoxon's test of fewer than {fewest} "
            "seeds finds nothing, whatever happens"
        )
        cure = f"write {fewest} or more, or compare fewer methods"
        yield Problem("seeds.evaluation", str(study.seeds.evaluation), allowed, cure)


def small(plan: Plan) -> dict[str, Any]:
    """The tables of a miniature: all methods, some cases, settings, samples, seeds and steps."""
    tables, study = deepcopy(plan.tables), plan.study
    several = min(2, len(study.methods[0].settings)) if study.seeds.tuning else 1
    tables["budget"] = {"steps": FEW["steps"], "batch": min(study.budget.batch, FEW["samples"])}
    tables["seeds"] = {"tuning": min(1, study.seeds.tuning), "evaluation": FEW["seeds"]}
    tables["methods"] = [_fewer_settings(method, several) for method in tables["methods"]]
    if study.model.kind == "resnet":
        tables["model"]["width"] = FEW["width"]
    sizes = {key: getattr(study.data, key) for key in _SAMPLES if hasattr(study.data, key)}
    tables["data"] |= {key: min(size, FEW["samples"]) for key, size in sizes.items()}
    if study.probe:
        tables["probe"] = {"every": 1}
    if "cases" in tables:
        tables["cases"] = [_small_case(case) for case in tables["cases"][: FEW["cases"]]]
    return tables


def _fewer_settings(method: Mapping[str, Any], wanted: int) -> dict[str, Any]:
    """A method with so many settings, of those it has."""
    fewer, left = dict(method), wanted
    for key, value in method.items():
        if isinstance(value, list):
            fewer[key] = value[: left if len(value) > 1 else 1]
            left = 1 if len(value) > 1 else left
    return fewer


def _small_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case that changes neither lengths nor sizes."""
    kept = {key: value for key, value in case.items() if key not in ("budget", "probe")}
    for section, left_out in (("data", _SAMPLES), ("model", ("width",))):
        if section in kept:
            kept[section] = {k: v for k, v in kept[section].items() if k not in left_out}
    return kept
