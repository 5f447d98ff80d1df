"""Finished repetitions on the disk: a validation that was broken off goes on where it stopped.

One file for each case, tier, settings and version of the code; one line of JSON for each
repetition, {"seed", "number", "row"}. Numbers are written so that they read back to the last bit,
so the verdict does not depend on interruptions.
"""

from __future__ import annotations

import errno
import hashlib
import json
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dsmc import disk
from dsmc.compiled import code_key
from dsmc.validate.case import Case, Effort, Values


class Record:
    """The rows of one case that are on the disk.

    Raises OSError naming the path and the cure where it cannot be read or written.
    """

    def __init__(self, directory: Path, case: Case, tier: str, effort: Effort):
        what = json.dumps(
            [case.name, tier, dict(effort.settings), effort.device, code_key()], sort_keys=True
        )
        digest = hashlib.sha256(what.encode()).hexdigest()[:12]
        self.path = directory / f"{case.name}-{tier}-{digest}.jsonl"
        self._lock = threading.Lock()
        self._rows: dict[int, dict[int, Values]] = {}
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except FileExistsError as failure:
            told = "this is a file: name a directory for what is kept (-o DIR)"
            raise NotADirectoryError(errno.ENOTDIR, told, str(directory)) from failure
        except OSError as failure:
            raise disk.refusal(failure, directory) from failure
        try:
            self._read()
            # A line that was cut off stays behind as a line of its own.
            with open(self.path, "a", encoding="utf-8") as file:
                if file.tell():
                    file.write("\n")
        except OSError as failure:
            raise disk.refusal(failure, self.path) from failure

    def _read(self) -> None:
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                row = np.array(entry["row"], dtype=np.float64)
                self._rows.setdefault(entry["seed"], {})[entry["number"]] = row
            except (ValueError, KeyError, TypeError):  # cut off by a kill, or empty
                continue

    def rows(self, seed: int) -> Mapping[int, Values]:
        """{number of the repetition: its row} of a seed."""
        return self._rows.get(seed, {})

    def add(self, seed: int, number: int, row: np.ndarray) -> None:
        """Keep a row; row : (K,)."""
        line = json.dumps({"seed": seed, "number": number, "row": row.tolist()})
        try:
            with self._lock, open(self.path, "a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as failure:
            raise disk.refusal(failure, self.path) from failure
