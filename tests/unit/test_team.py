"""Teams of threads: each does its share once, no error is lost, and nobody waits for ever."""

import gc
import os
import threading
import time

import numpy as np
import pytest

from dsmc import team as teams
from dsmc.compiled import COMPILED, kernel
from dsmc.programme import Programme, Round
from dsmc.team import ASLEEP, ENDED, Team, available_threads, give_out, wait_for
from dsmc.ticks import nanoseconds

compiled_only = pytest.mark.skipif(not COMPILED, reason="plain Python has one thread")


@kernel
def note(thread, done, value):
    done[thread] += value


@kernel
def work_long(thread, done, turns):
    """Busy for some time, but on the first thread."""
    total = 0.0
    for turn in range(turns if thread > 0 else 0):
        total += 1.0 / (1.0 + total + turn)
    done[thread] += 1.0 + 0.0 * total


@kernel
def fail_on(thread, faulty):
    if thread == faulty:
        raise ArithmeticError("lost molecule")


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_member_of_a_team_does_its_share_once(threads):
    team, done = Team(threads), np.zeros(threads)
    for value in (1.0, 10.0, 100.0):
        team.each(note, done, value)
    team.close()
    team.close()
    assert done.tolist() == threads * [111.0]


@compiled_only
@pytest.mark.parametrize("faulty", [0, 1])
def test_an_error_in_any_thread_is_not_lost(faulty):
    team = Team(2)
    with pytest.raises(RuntimeError, match=f"fail_on raised an error on thread {faulty}"):
        team.each(fail_on, faulty)
    team.each(fail_on, 7)  # nor told twice
    team.close()


def test_a_team_has_members():
    with pytest.raises(ValueError, match="at least 1"):
        Team(0)
    assert 1 <= available_threads() <= (os.cpu_count() or 1)


def test_a_team_that_was_let_go_is_not_asked():
    team = Team(2)
    team.close()
    with pytest.raises(RuntimeError, match="let go"):
        team.each(note, np.zeros(2), 1.0)


@pytest.mark.parametrize("patience", [0, 1, teams.PATIENCE])
def test_work_comes_to_threads_that_look_and_to_those_that_sleep(monkeypatch, patience):
    monkeypatch.setattr(teams, "PATIENCE", patience)
    monkeypatch.setattr(teams, "available_threads", lambda: 3)
    team, done = Team(3), np.zeros(3)
    for rest in (0.0, 0.05, 0.0):  # far beyond any patience
        time.sleep(rest)
        team.each(note, done, 1.0)
    team.close()
    assert done.tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize("threads", [2, 3])
def test_no_round_is_lost_between_looking_and_sleeping(monkeypatch, threads):
    """Pauses about as long as the patience: threads go to sleep while work is given out."""
    monkeypatch.setattr(teams, "PATIENCE", 3)
    monkeypatch.setattr(teams, "available_threads", lambda: threads)
    team, done = Team(threads), np.zeros(threads)
    pauses = np.random.default_rng(5).exponential(2e-5, 3000)
    for pause in pauses:
        end = time.perf_counter() + pause
        while time.perf_counter() < end:
            pass
        team.each(note, done, 1.0)
    team.close()
    assert done.tolist() == threads * [float(pauses.size)]


@compiled_only
def test_the_caller_waits_for_those_that_take_longer():
    team, done = Team(2), np.zeros(2)
    begin = time.perf_counter()
    team.each(work_long, done, 10_000_000)
    assert done.tolist() == [1.0, 1.0]
    assert time.perf_counter() - begin > 0.005  # far beyond the patience of the caller
    team.close()


@compiled_only
def test_an_interruption_waits_for_the_others(monkeypatch):
    """Ctrl-C while the others are waited for: none of them goes on behind the caller's back."""
    team, done, interrupted = Team(2), np.zeros(2), []
    monkeypatch.setattr(team, "_patience", 0)

    def nap(_: float) -> None:
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt

    monkeypatch.setattr(teams.time, "sleep", nap)
    with pytest.raises(KeyboardInterrupt):
        team.each(work_long, done, 10_000_000)
    assert interrupted and done.tolist() == [1.0, 1.0]
    team.each(note, done, 1.0)
    assert done.tolist() == [2.0, 2.0]
    team.close()


@compiled_only
def test_an_interruption_before_others_are_woken_does_not_wait_for_ever(monkeypatch):
    team, done, wake, interrupted = Team(2), np.zeros(2), Team._wake, []

    def interrupted_once(self) -> None:
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        wake(self)

    team.each(note, done, 0.0)  # compiled
    time.sleep(0.2)  # asleep
    monkeypatch.setattr(Team, "_wake", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        team.each(note, done, 1.0)
    assert done[1] == 1.0
    team.close()


@compiled_only
def test_threads_of_a_team_that_is_forgotten_end():
    before = set(threading.enumerate())
    team = Team(3)
    team.each(note, np.zeros(3), 1.0)
    mine = set(threading.enumerate()) - before
    assert len(mine) == 2
    del team
    gc.collect()
    for thread in mine:
        thread.join(timeout=10.0)
        assert not thread.is_alive()


@compiled_only
def test_who_gives_out_work_learns_who_sleeps_and_who_has_ended():
    board, lines = np.zeros(8, np.int64), np.zeros((3, 8), np.int64)
    assert wait_for(lines, 0, 0)
    lines[2, ASLEEP] = 1
    assert give_out(board, lines, 5, 7) == 1
    assert board[:3].tolist() == [1, 5, 7]
    lines[1, ENDED] = 1
    assert not wait_for(lines, 1, 3)
    lines[2, ENDED] = 1
    assert wait_for(lines, 1, 0)


@kernel
def write(thread, trace, count, letter):
    """Write a letter behind the others; who comes is counted in `count`."""
    if thread == 0:
        trace[count[0]] = letter
        count[0] += 1
    count[1 + thread] += 1


def three_rounds(trace, count):
    """Rounds A, B and C, of which B is the first thread's alone."""
    return [
        Round(write, (trace, count, ord("A")), "odd"),
        Round(write, (trace, count, ord("B")), "even", alone=True),
        Round(write, (trace, count, ord("C")), "odd"),
    ]


@pytest.mark.parametrize("patience", [0, teams.PATIENCE])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_rounds_are_played_in_their_order(threads, patience, monkeypatch):
    """Over and over, from any of them on; what one writes the next one sees."""
    monkeypatch.setattr(teams, "PATIENCE", patience)
    team, trace, count = Team(threads), np.zeros(99, np.int64), np.zeros(1 + threads, np.int64)
    programme = Programme(three_rounds(trace, count))
    team.play(programme)
    team.play(programme, 2, 5)
    team.play(programme, 1, 0)
    team.close()
    assert bytes(trace[: count[0]].tolist()) == b"ABCCABCA"
    assert count[1:].tolist() == [8] + (threads - 1) * [6]


def test_a_programme_knows_what_its_stages_took():
    team, done = Team(2), np.zeros(2)
    rounds = [Round(work_long, (done, 1_000_000), "work"), Round(note, (done, 1.0), "notes")]
    programme = Programme([*rounds, rounds[0]])
    begin = time.perf_counter()
    team.play(programme)
    whole = time.perf_counter() - begin
    team.close()
    spent = dict(programme.seconds())
    assert list(spent) == ["work", "notes"]
    assert 0.0 < spent["notes"] < spent["work"] < whole
    if COMPILED:  # in plain Python the second thread is not waited for, it comes after the first
        assert spent["work"] > 0.0005
    assert dict(programme.seconds()) == {"work": 0.0, "notes": 0.0}


@compiled_only
@pytest.mark.parametrize("alone", [True, False])
def test_nothing_is_played_behind_a_round_that_failed(alone):
    team, done = Team(2), np.zeros(2)
    failing = Round(fail_on, (0,), alone=alone)
    programme = Programme([Round(note, (done, 1.0)), failing, Round(note, (done, 10.0))])
    for _ in range(2):
        with pytest.raises(RuntimeError, match="fail_on raised an error on thread 0"):
            team.play(programme)
    team.play(programme, 2, 2)  # what failed is not told again
    team.close()
    assert done.tolist() == [13.0, 13.0]


@compiled_only
def test_the_clock_of_kernels_is_that_of_the_machine():
    read_clock()  # compiled
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    seen = read_clock()
    assert before <= seen <= time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@kernel
def read_clock():
    return nanoseconds()
