"""Interruptions: what must not be broken off half-way is done to its end first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unbroken() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM, if Python handles them, wait for the end of the block.

    In the main thread only: to others they do not come.
    """
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if callable(signal.getsignal(n))]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    caught: list[tuple] = []
    before = {n: signal.signal(n, lambda *arguments: caught.append(arguments)) for n in numbers}
    try:
        yield
    finally:
        for number, handler in reversed(before.items()):
            signal.signal(number, handler)
        for arguments in caught:
            before[arguments[0]](*arguments)
