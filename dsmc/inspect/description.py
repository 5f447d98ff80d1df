"""What is told about a file: plain frozen values, for the text, for JSON and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Values:
    """The numbers of one dataset.

    minimum, maximum : of those that are finite, None if there are none
    first : place of the first NaN or infinity
    share : of the dataset that was looked at; 1 is all of it
    """

    minimum: float | None
    maximum: float | None
    nan: int
    infinite: int
    first: tuple[int, ...] | None
    share: float


@dataclass(frozen=True)
class Entry:
    """One line of the tree.

    kind : "group", "dataset", "type", "soft link", "external link" or "unreadable"
    storage : how it is packed, "" if plain; stored_bytes : what it takes in the file
    target : the path that a link leads to, or the first name of an object that has several
    """

    path: str
    kind: str
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    unit: str = ""
    description: str = ""
    chunks: tuple[int, ...] | None = None
    storage: str = ""
    stored_bytes: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)
    values: Values | None = None
    target: str = ""


@dataclass(frozen=True)
class Fact:
    """One number or word that characterises the file, with its unit."""

    name: str
    value: Any
    unit: str = ""


@dataclass(frozen=True)
class Clock:
    """Complete rows of what is written at the same moments.

    paths : the groups that share the moments
    steps, times : first and last; None where the file does not tell
    """

    paths: tuple[str, ...]
    rows: int
    steps: tuple[int, int] | None
    times: tuple[float, float] | None
    unit: str


@dataclass(frozen=True)
class Torn:
    """Datasets that belong together and are of different length.

    rows : {dataset: rows}; `complete` of them are there in all
    """

    path: str
    rows: Mapping[str, int]
    complete: int


@dataclass(frozen=True)
class Quantity:
    """What became of one measured quantity.

    first, last : its first and last row (a list where a row has several numbers); for cell fields
        None and the mean of the average over the run
    error : one standard error of `last`, None where unknown
    """

    name: str
    unit: str
    description: str
    rows: int
    first: Any
    last: Any
    error: Any
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class Description:
    """All that `describe` finds out about a file or directory; see `dsmc.inspect`."""

    path: str
    kind: str
    sentence: str
    bytes: int
    state: str = "unknown"
    progress: str = ""
    facts: tuple[Fact, ...] = ()
    clocks: tuple[Clock, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    torn: tuple[Torn, ...] = ()
    tree: tuple[Entry, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    scenario: str = ""
    remarks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    files: tuple[Description, ...] = ()
