"""The run loop: threads, interruptions, and steps that were broken off."""

import os
import signal

import numpy as np
import pytest

from dsmc import Simulation, checkpoint
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


def test_a_thread_has_enough_particles(monkeypatch):
    monkeypatch.setattr("dsmc.simulation.available_threads", lambda: 3)
    monkeypatch.setattr("dsmc.simulation.PER_THREAD", 1000)
    for particles, threads in ((999, 1), (2500, 2), (9000, 3)):
        with Simulation(scenario(particles)) as gas:
            assert gas.executor._team.threads == threads
