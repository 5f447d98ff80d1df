"""Errors from growing blocks: right for correlated streams of any length, exact when merged."""

import numpy as np
import pytest
from scipy.special import stdtrit

from dsmc.blocks import CAPACITY, Blocks
from dsmc.slow_modes import left_out, variance_of_mean
from dsmc.statistics import jackknife

SEED = 20261124


def remembering(streams, samples, time, draw):
    """First-order processes of unit variance and correlation time `time`: (samples, streams)."""
    x = draw.standard_normal((samples, streams))
    kept = np.exp(-1.0 / time)
    for k in range(1, samples):
        x[k] = kept * x[k - 1] + np.sqrt(1.0 - kept**2) * x[k]
    return x


def fed(samples, **choices):
    """Blocks of a stream of rows (samples, …)."""
    blocks = Blocks(samples.shape[1:], **choices)
    k = 0
    while k + blocks.length <= len(samples):
        length = blocks.length
        blocks.push(samples[k : k + length].mean(axis=0))
        k += length
    return blocks


@pytest.mark.parametrize("samples", [1, 5, 31, 32, 33, 64, 100, 1000, 4097])
def test_blocks_merge_into_means_of_all_complete_ones(samples):
    x = np.arange(samples, dtype=float)[:, None] ** 1.5
    blocks = fed(x)
    assert blocks.count < CAPACITY and (samples < CAPACITY or blocks.count >= CAPACITY // 2)
    used = blocks.count * blocks.length
    assert samples - used < blocks.length
    expected = x[:used].reshape(blocks.count, blocks.length).mean(axis=1)
    assert blocks.means[: blocks.count, 0] == pytest.approx(expected, rel=1e-14)


def test_without_correlation_the_error_is_that_of_the_jackknife():
    """An independent implementation; r is taken out of the one that is tested."""
    sums = np.random.default_rng(SEED).gamma(5.0, size=(24, 3))
    blocks = fed(sums)
    found = blocks.error(24, lambda mean, samples: mean[:1] / mean[1:2])
    known = jackknife(sums, lambda total: total[:1] / total[1:2])[1]
    d = sums[:, 0] / sums[:, 1].mean() - sums[:, 1] * sums[:, 0].mean() / sums[:, 1].mean() ** 2
    d -= d.mean()
    r = (d[1:] * d[:-1]).sum() / (d**2).sum() + 1 / 24
    assert found.error == pytest.approx(known * np.sqrt(1 + 2 * r), rel=0.02)
    assert found.degrees == 8.0


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("times", [50.0, 200.0, 2000.0])
def test_intervals_cover_a_correlated_mean(times, pooled):
    """2000 streams of 50 to 2000 correlation times: 95 % intervals cover 92.5 to 97 %.

    Binomial noise is 0.5 %; the rest is what 16 blocks can know of 50 correlation times. Errors of
    0.85 times the size are noticed: the mutant covers less.
    """
    draw = np.random.default_rng(SEED)
    samples = 600
    x = remembering(2000, samples, samples / times, draw)
    blocks = fed(x)
    found = blocks.error(samples, pooled=pooled)
    z = np.abs(x.mean(axis=0)) / found.error
    quantile = -stdtrit(found.degrees, 0.025)
    assert 0.925 < np.mean(z < quantile) < 0.97
    assert np.mean(0.85**-1 * z < quantile) < np.mean(z < quantile) - 0.02


def test_blocks_that_ignore_their_correlation_cover_too_little():
    """The estimate of today's textbooks, at fifty correlation times: the mutant."""
    x = remembering(2000, 600, 12.0, np.random.default_rng(SEED))
    blocks = fed(x)
    means = blocks.means[: blocks.count]
    plain = means.std(axis=0, ddof=1) / np.sqrt(blocks.count)
    covered = np.mean(np.abs(x.mean(axis=0)) < -stdtrit(blocks.count - 1.0, 0.025) * plain)
    assert covered < 0.92


def test_an_empty_stream_and_one_block_have_no_error():
    blocks = Blocks((3,))
    assert np.isnan(blocks.error(0).error) and np.isnan(blocks.degrees())
    blocks.push(np.ones(3))
    assert np.isnan(blocks.error(1).error)


def test_what_never_changes_has_no_error():
    assert np.all(fed(np.full((100, 2), 7.0)).error(100).error == 0.0)


def test_blocks_go_on_from_their_state_bit_by_bit():
    x = np.random.default_rng(SEED).random((500, 4))
    whole, part = fed(x), fed(x[:192])
    again = Blocks((4,))
    again.restore(part.state())
    k = 192
    while k + again.length <= 500:
        length = again.length
        again.push(x[k : k + length].mean(axis=0))
        k += length
    assert np.array_equal(whole.error(500).error, again.error(500).error)


# ------------------------------------------------------------------ slow modes


@pytest.mark.parametrize("x", [0.01, 0.3, 2.0, 40.0])
def test_the_variance_of_a_mean_is_that_of_an_exponential_correlation(x):
    s = (np.arange(2000) + 0.5) / 2000
    correlation = np.exp(-x * np.abs(s[:, None] - s[None, :]))
    assert variance_of_mean(np.array([x]))[0] == pytest.approx(correlation.mean(), rel=1e-3)


@pytest.mark.parametrize("times", [2.0, 10.0, 50.0])
def test_what_blocks_leave_out_is_what_a_correlated_stream_shows(times):
    """One mode: the mean square of the errors from 16 blocks against that of the mean itself.

    20000 streams give the ratio within 1 %; of mean squares, not of each stream's r: 3 % more.
    """
    x = remembering(20_000, 512, 512 / times, np.random.default_rng(SEED))
    blocks = fed(x)
    assert blocks.count == 16
    believed = np.sqrt(np.mean(blocks.error(512, pooled=True).error ** 2))
    true = np.sqrt(np.mean(x.mean(axis=0) ** 2))
    rates = [np.array([times / 512])]
    assert believed * left_out(rates, 32, 16) == pytest.approx(true, rel=0.04)


def test_long_blocks_leave_nothing_out():
    assert left_out([np.array([1.0, 4.0])], 1e5, 20) == pytest.approx(1.0, abs=0.01)
    assert left_out([np.array([1e-2])], 1.0, 20) > 1.5
    assert left_out([np.array([])], 1.0, 20) == 1.0
    assert left_out([np.array([1e-8, 1e-6])], 1.0, 2) > 10.0  # nothing has changed yet
