"""Interruptions: what must not be broken off half-way is done to its end first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unbroken() -> Iterator[None]:
    """Let Ctrl-C, and a handler of termination, wait for the end of the block."""
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if callable(signal.getsignal(n))]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    caught: list[tuple] = []
    before = {n: signal.signal(n, lambda *arguments: caught.append(arguments)) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if caught:
        before[caught[0][0]](*caught[0])
