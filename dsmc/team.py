"""Threads that run a kernel on their own shares of the work.

Kernels release the interpreter's lock, so plain threads do; nothing depends on their number.

To wake a sleeping thread may take as long as a short step.  So a thread that waits first looks, for
a fraction of a millisecond, whether what it waits for is there, and only then sleeps.  Work and
answers go through queues: to look is a hint, and nothing is lost if it looks in vain.  Where there
are more threads than cores, nobody looks.
"""

import os
import platform
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

from dsmc.compiled import COMPILED, kernel

PATIENCE = 5000  # looks before a thread sleeps, of some 100 cycles each where there is a pause
GRACE = 400  # pauses until the one who gave out work has gone into a kernel
IN_A_LINE = 8  # counters in a line of the cache: one for each thread, the others unused
WAITS = platform.machine().lower() in ("x86_64", "amd64")  # has an instruction for it


@intrinsic
def latest(context, counter):
    """What another thread has last written into counter[0]."""

    def write(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(array.data, "monotonic", 8)

    return types.int64(counter), write


@intrinsic
def pause(context):
    """Leave the core to its other thread for a moment."""

    def write(context, builder, signature, arguments):
        if WAITS:
            shape, name = ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, shape, name), [])
        return context.get_dummy_value()

    return types.void(), write


@intrinsic
def tell(context, counter, value):
    """Write counter[0] for others to see."""

    def write(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        builder.store_atomic(arguments[1], array.data, "monotonic", 8)
        return context.get_dummy_value()

    return types.void(counter, types.int64), write


@kernel
def look_for(counter, value, patience, grace, own, number):
    """Say that `number` is done, in own[0]; return when counter[0] has reached a value.

    Or when patience is over.  Who gives out work has the lock of the interpreter and keeps it for a
    while: a thread that saw work does not ask for the lock at once, or it would have to sleep.
    """
    tell(own, number)
    for _ in range(patience):
        if latest(counter) >= value:
            for _ in range(grace):
                pause()
            return
        pause()


class Team:
    """A fixed number of threads, the first of which is the caller's."""

    def __init__(self, threads: int):
        if threads < 1:
            raise ValueError(f"threads = {threads}: must be at least 1")
        self.threads = threads
        self._rounds = 0
        self._patience = PATIENCE if COMPILED and threads <= available_threads() else 0
        self._told, self._done = np.zeros((2, threads, IN_A_LINE), np.int64)
        self._work: list[SimpleQueue] = [SimpleQueue() for _ in range(1, threads)]
        self._answers: SimpleQueue = SimpleQueue()
        self._dismiss = weakref.finalize(self, _dismiss, self._work)
        if self._patience:  # compiled here: an error belongs to the caller
            look_for(self._told[0], 0, 1, 0, self._done[0], 0)
        for thread, queue in enumerate(self._work, 1):
            share = queue, self._answers, self._told[thread], self._done[thread], self._patience
            Thread(target=_serve, args=(thread, *share), name="dsmc", daemon=True).start()

    def each(self, work: Callable[[int], None]) -> None:
        """Call work(0) ... work(threads - 1), the first on the calling thread; wait for all.

        An error of any of them is raised when all have ended, and so is an interruption.
        """
        if self.threads > 1 and not self._dismiss.alive:
            raise RuntimeError("the threads of this team were let go")
        self._rounds += 1
        begun, errors = 0, {}
        try:
            for thread, queue in enumerate(self._work, 1):
                queue.put((self._rounds, work))
                begun += 1
                self._told[thread, 0] = self._rounds
            work(0)
        finally:
            self._wait(begun, errors)
        if errors:
            try:
                raise errors[min(errors)]
            finally:
                errors.clear()  # they know this frame

    def _wait(self, begun: int, errors: dict[int, BaseException]) -> None:
        """Wait until all that have begun answer; note their errors by thread."""
        left, number, interruption = begun, self._rounds, None
        while left:
            try:
                for thread in range(1, begun + 1 if self._patience else 1):
                    look_for(self._done[thread], number, self._patience, 0, self._done[0], number)
                while left:
                    of_round, thread, error = self._answers.get()
                    if of_round == number:
                        left -= 1
                        if error is not None:
                            errors[thread] = error
            except KeyboardInterrupt as caught:
                interruption = caught
        if interruption is not None:
            raise interruption

    def close(self) -> None:
        """Let the threads go."""
        self._dismiss()


def _serve(
    thread: int,
    queue: SimpleQueue,
    answers: SimpleQueue,
    told: np.ndarray,
    done: np.ndarray,
    patience: int,
) -> None:
    """What a thread of a team does until it is dismissed."""
    number = 0
    while True:
        if patience:
            look_for(told, number + 1, patience, GRACE, done, number)
        number, work = queue.get()
        if work is None:
            return
        error = None
        try:
            work(thread)
        except BaseException as caught:
            error = caught
        answers.put((number, thread, error))
        del work, error  # keep nothing alive while waiting


def _dismiss(queues: list[SimpleQueue]) -> None:
    """Send all threads of a team home."""
    for queue in queues:
        queue.put((0, None))


def available_threads() -> int:
    """Number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
