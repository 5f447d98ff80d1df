"""How commands end: exit codes, and messages in place of tracebacks."""

import sys
from types import SimpleNamespace

import pytest

from dsmc.endings import guarded


class OutOfMemoryError(RuntimeError):
    """As PyTorch's."""


def failing(error):
    """A command that fails."""

    def execute():
        raise error

    return execute


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 2, "not enough memory"),
        (OutOfMemoryError(), 2, "not enough memory"),
        (FileExistsError(17, "File exists", "runs/small"), 2, "runs/small: File exists"),
        (PermissionError(13, "Permission denied", "/x"), 2, "/x: Permission denied"),
    ],
)
def test_what_the_user_can_mend_has_no_traceback(monkeypatch, capsys, raised, code, message):
    torch = SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert guarded(failing(raised)) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("error", [RuntimeError("a fault"), ValueError("a fault")])
def test_a_fault_of_ours_keeps_its_traceback(error):
    with pytest.raises(type(error), match="a fault"):
        guarded(failing(error))
