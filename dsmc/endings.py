"""How a command ends: its exit code, and what is told on stderr instead of a traceback.

0               success
1               what was judged does not agree (`compare`, `validate`)
2               something the user can mend
130, 143        interrupted, terminated: 128 and the number of the signal, as shells say it
141             cut off: the reader of the output went away
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable

USER_ERROR = 2
INTERRUPTED = 128 + signal.SIGINT
CUT_OFF = 128 + signal.SIGPIPE


def guarded(execute: Callable[[], int], only_prints: bool = False) -> int:
    """Execute a command; what the user can mend becomes a message and exit code 2.

    only_prints : whether all is well if the reader of the output goes away: `dsmc check … | head`
    """
    code = 0 if only_prints else CUT_OFF
    try:
        code = int(execute())
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except (BrokenPipeError, SystemExit) as failure:
        if not _is_of_the_reader(failure):
            raise
        return _unread(code)
    except (MemoryError, RuntimeError) as error:
        if not _is_want_of_memory(error):
            raise
        return refuse("not enough memory; choose fewer particles or cells")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return refuse(f"{where}{error.strerror or error}")
    except ValueError as error:
        if not _is_told_to_the_user(error):
            raise
        return refuse(str(error))


def refuse(message: str) -> int:
    """Tell what is wrong on stderr."""
    print(message, file=sys.stderr)
    return USER_ERROR


def _is_of_the_reader(failure: BaseException) -> bool:
    """Whether nobody reads the output any more; rich makes an exit with code 1 of that."""
    return isinstance(failure, BrokenPipeError) or isinstance(failure.__context__, BrokenPipeError)


def _unread(code: int) -> int:
    """Write what is left of the output nowhere, and say so if the work was cut off by that."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if code == CUT_OFF:
        with contextlib.suppress(OSError):  # nor that, perhaps: `2>&1 | head`
            print("cut off: nobody reads the output any more", file=sys.stderr)
    return code


def _is_want_of_memory(error: Exception) -> bool:
    """Whether the host or the device has no memory left: PyTorch makes a RuntimeError of that."""
    of_device = getattr(sys.modules.get("torch"), "OutOfMemoryError", ())
    return isinstance(error, (MemoryError, of_device))


def _is_told_to_the_user(error: ValueError) -> bool:
    """Whether the error is a message to the user; its class is loaded if it could be raised."""
    classes = (
        ("dsmc.scenario", "ScenarioError"),
        ("dsmc.launch", "DirectoryInUse"),
        ("dsmc.device", "Refused"),
        ("dsmc.problems", "ProblemError"),
        ("dsmc.simulation", "TooLong"),
    )
    known = [getattr(sys.modules.get(module), name, ()) for module, name in classes]
    return any(isinstance(error, kind) for kind in known)
