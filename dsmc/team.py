"""Threads that run a kernel on their own shares of the work.

Kernels let go of the interpreter's lock, so plain threads do; nothing depends on their number.

To wake a sleeping thread may take as long as a short step, and so may a call of a kernel from
Python, which the threads would have to make one after the other. So who gives out work writes it
on a *board* (`dsmc.shares`), and threads that wait look at the board, in a kernel of their own, for
about a millisecond before they sleep. Whoever sleeps is woken through a queue. A thread
says that it will sleep before it looks for the last time, and who gives out work writes before he
asks who sleeps: one of the two sees the other. Where there are more threads than cores, nobody
looks for longer than once.
"""

import os
import platform
import time
import weakref
from queue import SimpleQueue
from threading import Thread

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

from dsmc.compiled import COMPILED, CPUDispatcher, kernel
from dsmc.programme import ALONE, ARGUMENTS, SHARE, STAGE, Programme, Round
from dsmc.shares import call
from dsmc.ticks import nanoseconds

PATIENCE = 50_000  # looks before a thread sleeps, of some 100 cycles each where there is a pause
NAP = 2e-5  # of the one who waits for the others beyond his patience [s]
WAITS = platform.machine().lower() in ("x86_64", "amd64")  # has an instruction for it
IN_A_LINE = 8  # numbers in a line of the cache, of which every thread has one for itself
# The board: the number of the round, which is written last, the function and the page.
ROUND, FUNCTION, PAGE = range(3)
TURN, BEGAN = range(2)  # which turn is under way, and when it began: of the first thread alone
# A thread's line: the last round that it has ended, if it sleeps, and the last round that failed.
ENDED, ASLEEP, FAILED = range(3)


@intrinsic
def read(context, line, place):
    """line[place], as another thread has left it; what it wrote before that is seen, too."""

    def write(context, builder, signature, values):
        place = _place_of(context, builder, signature, values)
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(line, types.int64), write


@intrinsic
def tell(context, line, place, value):
    """Write line[place] for others to see, after all that was written before."""

    def write(context, builder, signature, values):
        place = _place_of(context, builder, signature, values)
        builder.store_atomic(values[2], place, "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(line, types.int64, types.int64), write


@intrinsic
def next_ticket(context, line, place):
    """Count line[place] up, and return what it was: each number goes to one thread."""

    def write(context, builder, signature, values):
        place = _place_of(context, builder, signature, values)
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(line, types.int64), write


def _place_of(context, builder, signature, values):
    """The address of line[place]."""
    array = context.make_array(signature.args[0])(context, builder, values[0])
    return builder.gep(array.data, [values[1]])


@intrinsic
def pause(context):
    """Leave the core to its other thread for a moment."""

    def write(context, builder, signature, values):
        if WAITS:
            shape, name = ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, shape, name), [])
        return context.get_dummy_value()

    return types.void(), write


@kernel
def give_out(board, lines, function, page):
    """Write work on the board; returns how many threads sleep."""
    board[FUNCTION], board[PAGE] = function, page
    tell(board, ROUND, board[ROUND] + 1)
    asleep = 0
    for thread in range(1, lines.shape[0]):
        asleep += read(lines[thread], ASLEEP)
    return asleep


@kernel
def take_part(board, line, thread):
    """Do one's share of what is on the board."""
    number = read(board, ROUND)
    if call(board[FUNCTION], board[PAGE], thread) != 0:
        tell(line, FAILED, number)
    tell(line, ENDED, number)


@kernel
def serve(board, line, thread, patience):
    """Do one's share of every round, until none has come for a while; then one may sleep."""
    tell(line, ASLEEP, 0)
    looks = 0
    while True:
        if read(board, ROUND) != line[ENDED]:
            take_part(board, line, thread)
            tell(line, ASLEEP, 0)
            looks = 0
        elif looks < patience:
            pause()
            looks += 1
        elif line[ASLEEP] == 0:
            tell(line, ASLEEP, 1)  # and look for the last time
        else:
            return


@kernel
def wait_for(lines, number, patience):
    """Look whether all others have ended a round; True when they have, False out of patience."""
    for thread in range(1, lines.shape[0]):
        looks = 0
        while read(lines[thread], ENDED) != number:
            if looks >= patience:
                return False
            pause()
            looks += 1
    return True


@kernel
def who_failed(lines, number):
    """The first thread that failed in a round, or -1."""
    for thread in range(lines.shape[0]):
        if lines[thread, FAILED] == number:
            return thread
    return -1


@kernel
def lead(board, lines, table, spent, mark, turn, last, patience):
    """Lead all threads through turns of a programme, each a round of it, over and over.

    Returns the turn that comes next: `last`, or one in which a thread failed, is to be woken, or
    took longer than the first is patient. That is then gone on with.

    table, spent : of the programme; mark : (2,) the turn under way, and when it began
    """
    while turn < last:
        row = turn % table.shape[0]
        begun = mark[TURN] == turn
        if not begun:
            mark[TURN], mark[BEGAN] = turn, nanoseconds()
        if table[row, ALONE] != 0:
            if call(table[row, SHARE], table[row, ARGUMENTS], 0) != 0:
                tell(lines[0], FAILED, board[ROUND])
        else:
            if not begun and give_out(board, lines, table[row, SHARE], table[row, ARGUMENTS]):
                return turn
            waited = lines[0, ENDED] == board[ROUND]
            if not waited:
                take_part(board, lines[0], 0)
            if not wait_for(lines, board[ROUND], 0 if waited else patience):
                return turn
        if who_failed(lines, board[ROUND]) >= 0:
            return turn
        spent[table[row, STAGE]] += nanoseconds() - mark[BEGAN]
        mark[TURN] = -1
        turn += 1
    return turn


class Team:
    """A fixed number of threads, the first of which is the caller's."""

    def __init__(self, threads: int):
        if threads < 1:
            raise ValueError(f"threads = {threads}: must be at least 1")
        self.threads = threads
        self._patience = PATIENCE if threads <= available_threads() else 0
        self._board = np.zeros(IN_A_LINE, np.int64)
        self._mark = np.zeros(2, np.int64)
        self._lines = np.zeros((threads, IN_A_LINE), np.int64)
        self._held: Programme | None = None
        others = range(1, threads if COMPILED else 1)
        self._beds: list[SimpleQueue] = [SimpleQueue() for _ in others]
        self._dismiss = weakref.finalize(self, _dismiss, self._beds)
        if others:  # compiled here: an error belongs to the caller
            serve(self._board, self._lines[0], 0, 0)
        for thread, bed in zip(others, self._beds, strict=True):
            share = bed, self._board, self._lines[thread], self._patience
            Thread(target=_stay, args=(thread, *share), name="dsmc", daemon=True).start()

    def each(self, share: CPUDispatcher, *arguments) -> None:
        """Call share(0, *arguments) … share(threads - 1, *arguments); wait for all.

        The first runs on the calling thread. An interruption is raised when all have ended.
        Raises RuntimeError if a kernel raised an error on any thread.
        """
        self.play(Programme([Round(share, arguments)]))

    def check(self) -> None:
        """Raise RuntimeError if the threads were let go."""
        if self.threads > 1 and not self._dismiss.alive:
            raise RuntimeError("the threads of this team were let go")

    def play(self, programme: Programme, first: int = 0, turns: int | None = None) -> None:
        """Play rounds of a programme from round `first` on, over and over; all of it once if None.

        An interruption is raised when nobody works any more: behind the last round, or one in which
        the first thread had to wait. Raises RuntimeError if a kernel raised an error on any thread,
        behind which nothing is played.
        """
        self.check()
        if turns is None:
            turns = len(programme.rounds)
        if not COMPILED:
            self._play_alone(programme, first, turns)
            return
        self._finish()
        self._mark[TURN], self._lines[:, FAILED] = -1, -1
        self._held = programme
        turn, last, table, spent = first, first + turns, programme.table, programme.nanoseconds
        failed = -1
        try:
            while failed < 0:
                turn = lead(
                    self._board, self._lines, table, spent, self._mark, turn, last, self._patience
                )
                if turn == last:
                    break
                failed = who_failed(self._lines, self._board[ROUND])
                self._wake()
                if self._lines[0, ENDED] == self._board[ROUND]:
                    time.sleep(NAP)
        finally:
            self._wait()
            self._held = None
        if failed >= 0:
            share = programme.rounds[turn % len(programme.rounds)].share
            raise RuntimeError(f"{share.py_func.__name__} raised an error on thread {failed}")

    def _play_alone(self, programme: Programme, first: int, turns: int) -> None:
        """What `play` does in plain Python: one thread after the other."""
        for turn in range(first, first + turns):
            row = turn % len(programme.rounds)
            one, begin = programme.rounds[row], time.perf_counter_ns()
            for thread in range(1 if one.alone else self.threads):
                one.share(thread, *one.arguments)
            stage = programme.table[row, STAGE]
            programme.nanoseconds[stage] += time.perf_counter_ns() - begin

    def _wake(self) -> None:
        """Wake all who sleep. One who has just seen the work by itself wakes later, in vain."""
        for thread, bed in enumerate(self._beds, 1):
            line = self._lines[thread]
            if line[ASLEEP] and line[ENDED] != self._board[ROUND] and bed.empty():
                bed.put(True)

    def _finish(self) -> None:
        """Wait for a round that an interruption left under way, and for what is held for it."""
        if self._held is not None:
            self._wait()
            self._held = None

    def _wait(self) -> None:
        """Wait until all others have ended their shares."""
        number, patience, interruption = int(self._board[ROUND]), self._patience, None
        while True:
            try:
                if wait_for(self._lines, number, patience):
                    break
                patience = 0
                self._wake()  # for that may have been interrupted
                time.sleep(NAP)
            except KeyboardInterrupt as caught:
                interruption = caught
        if interruption is not None:
            raise interruption

    def close(self) -> None:
        """Let the threads go."""
        self._dismiss()


def _stay(
    thread: int, bed: SimpleQueue, board: np.ndarray, line: np.ndarray, patience: int
) -> None:
    """What a thread of a team does until it is dismissed."""
    while True:
        serve(board, line, thread, patience)
        if not bed.get():
            return


def _dismiss(beds: list[SimpleQueue]) -> None:
    """Send all threads of a team home."""
    for bed in beds:
        bed.put(False)


def available_threads() -> int:
    """Number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
