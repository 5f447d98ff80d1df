"""Work in a process of its own: on damaged files a library can crash or never come back.

A flipped bit in the type of an attribute is enough for a crash of HDF5, which no `except` sees. So
a child process works and sends back what it found, or the error that it met.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

LIMIT_S = 60  # for a small file
BYTES_PER_SECOND = 10_000_000  # of a slow disk: large files are given more time
T = TypeVar("T")


class Died(Exception):
    """The process came to no end of its own; says how."""


def result_of(work: Callable[[Path], T], path: Path) -> T:
    """What `work(path)` returns or raises; Died if its process was killed or took too long."""
    limit = LIMIT_S + path.stat().st_size // BYTES_PER_SECOND
    sys.stdout.flush()  # or the child would have the same text to print
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        _send(work, path, limit, sending)
    os.close(sending)
    try:
        with open(receiving, "rb") as pipe:
            sent = pipe.read()
    finally:
        _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) == signal.SIGALRM:
            raise Died(f"it was not read within {limit} s")
        raise Died("the HDF5 library crashed on it")
    outcome, failure = pickle.loads(sent)
    if isinstance(failure, tuple):
        raise OSError(*failure)
    if failure is not None:
        raise failure
    return outcome


def _send(work: Callable[[Path], object], path: Path, limit: int, sending: int) -> None:
    """The life of the child: work, send the outcome or the failure, and end."""
    with contextlib.suppress(BaseException):
        faulthandler.disable()  # a crash is told by the parent
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(limit)
        try:
            outcome = (work(path), None)
        except OSError as failure:  # the subclasses cannot be pickled
            outcome = (None, (failure.errno, failure.strerror, failure.filename))
        except BaseException as failure:
            outcome = (None, failure)
        with open(sending, "wb") as pipe:
            pickle.dump(outcome, pipe)
        os._exit(0)
    os._exit(1)
