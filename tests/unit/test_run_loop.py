"""The run loop: threads, interruptions, and steps that were broken off."""

import os
import signal

import numpy as np
import pytest

from dsmc import Simulation, checkpoint
from dsmc.interruptions import unbroken
from tests.unit.test_initial import scenario, simulation


def test_a_step_that_was_broken_off_is_never_written(tmp_path):
    """Rows that have flown and are not sorted: the files stay as of their last commit."""
    with (
        pytest.raises(KeyboardInterrupt),
        Simulation(scenario(1000), 1, output=tmp_path) as gas,
    ):
        before = (tmp_path / checkpoint.NAME).read_bytes()
        gas.executor.advance = failing
        with pytest.raises(MemoryError):
            gas.advance(1)
        for go_on in (gas.advance, gas.run):
            with pytest.raises(RuntimeError, match=r"behind step 0[^$]* cure: go on from its last"):
                go_on(1)
        raise KeyboardInterrupt
    assert (tmp_path / checkpoint.NAME).read_bytes() == before


def failing(*arguments):
    raise MemoryError


@pytest.fixture
def usual_handler():
    """That of Python, whatever the libraries of other tests have set."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_run_is_gone_on_with(usual_handler):
    """Ctrl-C comes while steps are taken: it waits for their end, and the run is the same."""
    with simulation(1000) as gas, simulation(1000) as other:
        advance = gas.executor.advance

        def interrupted(*arguments):
            os.kill(os.getpid(), signal.SIGINT)
            return advance(*arguments)

        gas.executor.advance = interrupted
        for steps, take in ((7, gas.run), (2, gas.advance)):
            before = gas.steps
            with pytest.raises(KeyboardInterrupt):
                take(steps)
            assert before < gas.steps <= before + steps
            assert signal.getsignal(signal.SIGINT) is usual_handler
        gas.executor.advance = advance
        gas.run(20 - gas.steps)
        other.run(20)
        assert np.array_equal(gas.particles.velocity, other.particles.velocity)
        assert gas.particle_steps == other.particle_steps == 20 * 1000
        assert gas.collisions == other.collisions > 0


def interrupt_rounds(gas, monkeypatch, number):
    """Let a signal come whenever the threads of a simulation begin to work."""
    play = gas.executor._team.play

    def interrupted(*arguments):
        os.kill(os.getpid(), number)
        return play(*arguments)

    monkeypatch.setattr(gas.executor._team, "play", interrupted)


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def number(request, usual_handler):
    """A signal that raises KeyboardInterrupt."""
    before = signal.signal(request.param, usual_handler)
    yield request.param
    signal.signal(request.param, before)


def test_a_look_that_is_interrupted_finds_the_particles_another_time(number, monkeypatch):
    """To look is to fetch the rows, over the order that says where they are."""
    with simulation(1000) as gas, simulation(1000) as other:
        gas.advance(5)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            interrupt_rounds(gas, patched, number)
            _ = gas.particles
        gas.advance(5)
        other.advance(10)
        assert np.array_equal(gas.particles.velocity, other.particles.velocity)


def test_signals_wait_for_the_end_of_what_is_unbroken_and_then_all_come():
    """Also where it ends by an error."""
    came, numbers = [], [signal.SIGINT, signal.SIGTERM]
    before = [signal.signal(n, lambda n, frame: came.append(n)) for n in numbers]
    try:
        with pytest.raises(ZeroDivisionError), unbroken():
            for n in numbers:
                os.kill(os.getpid(), n)
            assert came == []
            raise ZeroDivisionError
        assert came == numbers
        os.kill(os.getpid(), signal.SIGTERM)
        assert came == [*numbers, signal.SIGTERM]
    finally:
        for n, handler in zip(numbers, before, strict=True):
            signal.signal(n, handler)


def test_no_look_at_particles_of_a_step_that_failed(monkeypatch):
    """Some rows lie where they flew, some in their cells, and the order is gone."""
    with simulation(1000) as gas:
        gas.advance(3)
        team = gas.executor._team
        play = team.play

        def failing_later(programme, *turns):
            play(programme, *turns)
            raise RuntimeError("a kernel raised an error")

        with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="a kernel"):
            patched.setattr(team, "play", failing_later)
            gas.advance(2)
        for look in (lambda: gas.particles, gas.moments, gas.checkpoint, lambda: gas.advance(1)):
            with pytest.raises(RuntimeError, match=r"(?s)broken off.*cure: go on from"):
                look()


def test_no_step_follows_a_look_that_failed(monkeypatch):
    """Not by Ctrl-C, which waits, but by an error: some rows lie over the order then."""
    with simulation(1000) as gas:
        gas.advance(3)
        with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
            patched.setattr(gas.executor._team, "play", lambda *arguments: 1 / 0)
            _ = gas.particles
        for go_on in (lambda: gas.advance(1), gas.moments):
            with pytest.raises(RuntimeError, match=r"(?s)broken off.*cure: go on from"):
                go_on()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_particles_can_be_looked_at_when_the_threads_are_gone(threads):
    with Simulation(scenario(1000), threads) as gas:
        gas.advance(5)
    with Simulation(scenario(1000), threads) as other:
        other.advance(5)
        assert np.array_equal(gas.particles.velocity, other.particles.velocity)
        assert np.array_equal(gas.moments()["temperature"], other.moments()["temperature"])
    if threads > 1:
        with pytest.raises(RuntimeError, match="were let go"):
            gas.advance(1)
    assert np.isfinite(gas.particles.velocity).all()


def test_a_thread_has_enough_particles(monkeypatch):
    monkeypatch.setattr("dsmc.simulation.available_threads", lambda: 3)
    monkeypatch.setattr("dsmc.simulation.PER_THREAD", 1000)
    for particles, threads in ((999, 1), (2500, 2), (9000, 3)):
        with Simulation(scenario(particles)) as gas:
            assert gas.executor._team.threads == threads
