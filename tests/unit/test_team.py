"""Teams of threads: each does its share, no error is lost, and nobody waits for ever."""

import gc
import os
import threading
import time

import numpy as np
import pytest

from dsmc import team as teams
from dsmc.compiled import COMPILED
from dsmc.team import Team, available_threads, look_for


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_member_of_a_team_does_its_share_once(threads):
    done, names = [], []

    def work(thread: int) -> None:
        done.append(thread)
        names.append(threading.get_ident())
        if thread == 0:
            assert threading.get_ident() == threading.main_thread().ident

    team = Team(threads)
    for _ in range(3):
        team.each(work)
    team.close()
    team.close()
    assert sorted(done) == sorted(3 * list(range(threads)))


@pytest.mark.parametrize("faulty", [0, 1])
def test_an_error_in_any_thread_is_not_lost(faulty):
    team = Team(2)

    def work(thread: int) -> None:
        if thread == faulty:
            raise ArithmeticError("lost molecule")

    with pytest.raises(ArithmeticError, match="lost molecule"):
        team.each(work)
    team.close()


def test_a_team_has_members():
    with pytest.raises(ValueError, match="at least 1"):
        Team(0)
    assert 1 <= available_threads() <= (os.cpu_count() or 1)


def test_a_team_that_was_let_go_is_not_asked():
    team = Team(2)
    team.close()
    with pytest.raises(RuntimeError, match="let go"):
        team.each(lambda thread: None)


@pytest.mark.parametrize("patience", [0, 1, teams.PATIENCE])
def test_work_comes_to_threads_that_look_and_to_those_that_sleep(monkeypatch, patience):
    monkeypatch.setattr(teams, "PATIENCE", patience)
    team, done = Team(3), []
    for rest in (0.0, 0.05, 0.0):  # far beyond any patience
        time.sleep(rest)
        team.each(done.append)
    team.close()
    assert sorted(done) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_an_interruption_waits_for_the_others():
    """Ctrl-C while the others are waited for: none of them goes on behind the caller's back."""
    team = Team(2)
    real, interrupted, done = team._answers, [], []

    class Once:
        def get(self):
            if not interrupted:
                interrupted.append(True)
                raise KeyboardInterrupt
            return real.get()

    def slow(thread: int) -> None:
        if thread:
            time.sleep(0.1)
            done.append(thread)
            raise ArithmeticError("of the first round")

    team._answers = Once()
    with pytest.raises(KeyboardInterrupt):
        team.each(slow)
    assert done == [1] and real.empty()
    team.each(done.append)
    assert sorted(done) == [0, 1, 1] and real.empty()
    team.close()


def test_of_several_errors_that_of_the_first_thread_is_told():
    def fail(thread: int) -> None:
        if thread:
            time.sleep(0.05 * (3 - thread))
            raise ArithmeticError(f"of thread {thread}")

    team = Team(3)
    with pytest.raises(ArithmeticError, match="of thread 1"):
        team.each(fail)
    team.close()


def test_threads_of_a_team_that_is_forgotten_end():
    before = set(threading.enumerate())
    team = Team(3)
    team.each(lambda thread: None)
    mine = set(threading.enumerate()) - before
    assert len(mine) == 2
    del team
    gc.collect()
    for thread in mine:
        thread.join(timeout=10.0)
        assert not thread.is_alive()


@pytest.mark.skipif(not COMPILED, reason="plain Python does not look")
def test_who_looks_sees_what_another_thread_writes_or_gives_up():
    counter = np.zeros(8, np.int64)
    own = np.zeros(8, np.int64)
    look_for(counter, 1, 1, 0, own, 7)  # compiled, and gives up
    assert own[0] == 7
    writer = threading.Timer(0.05, counter.__setitem__, (0, 3))
    writer.start()
    look_for(counter, 3, 10**9, 0, own, 8)
    assert counter[0] == 3
    writer.join()
