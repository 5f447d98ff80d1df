"""The controls of a study: a planted effect is found, a null method is not."""

import numpy as np
import pytest

pytest.importorskip("torch")

from scipy import stats

from scenarios.training.pairing import (
    LEVEL,
    NO_EFFECT,
    compare,
    fewest_seeds,
    holm,
)

SEED = 20261124
SEEDS, METHODS = 20, 19  # as in the shipped studies
PLANTED = 1.5  # paired standard deviations
TABLES = 150


def table(rng, planted=0.0):
    """Values of methods that differ by noise of unit deviation within a seed, and scatter 10 times
    as much between the seeds; the last method is better by `planted`."""
    of_seed = 10.0 * rng.standard_normal(SEEDS)
    noise = rng.standard_normal((METHODS, SEEDS)) / np.sqrt(2.0)
    noise[-1] += planted
    return {f"method {n}": of_seed + row for n, row in enumerate(noise)}


def claims(found):
    """Methods of which a table claims anything."""
    return [name for name, each in found.items() if each.verdict != NO_EFFECT]


def test_a_planted_effect_of_one_and_a_half_paired_deviations_is_found():
    """Chance to miss it in a table: noncentral t with δ = 1.5 √20, 19 degrees, at 0.05/18 is 0.2 %;
    Wilcoxon's is near. Of 40 tables at least 36 must find it: false alarm below 1e-4."""
    rng = np.random.default_rng(SEED)
    found = [compare(table(rng, PLANTED)) for _ in range(40)]
    assert sum(each["method 18"].verdict == "higher" for each in found) >= 36


def test_a_null_method_is_not_found():
    """Of 150 tables without any effect 5 % may claim one, 7.5 ± 2.7; both tests must agree, so it
    is fewer. Five standard deviations more is a false alarm below 1e-5. The wrong twin, without a
    correction, claims something in about 43 % of them, and must be caught by the same bound."""
    rng = np.random.default_rng(SEED + 1)
    most = LEVEL * TABLES + 5.0 * np.sqrt(TABLES * LEVEL * (1.0 - LEVEL))
    tables = [table(rng) for _ in range(TABLES)]
    assert sum(bool(claims(compare(each))) for each in tables) <= most
    uncorrected = 0
    for each in tables:
        first, *others = np.array(list(each.values()))
        uncorrected += (stats.ttest_1samp(others - first, 0.0, axis=1).pvalue < LEVEL).any()
    assert uncorrected > most


def test_without_pairing_the_planted_effect_drowns_in_the_scatter_between_seeds():
    """The wrong twin: seeds of the baseline in another order. Its chance to find the effect is
    below 1 % in a table, so below 1e-6 to find it in 8 of 20."""
    rng = np.random.default_rng(SEED + 2)
    found = 0
    for _ in range(20):
        made = table(rng, PLANTED)
        made["method 0"] = rng.permutation(made["method 0"])
        found += compare(made)["method 18"].verdict == "higher"
    assert found < 8


def test_a_paired_difference_is_free_of_the_scatter_between_seeds():
    """Student's p of the differences 1, 2, 3 is 0.0742; the scatter of the values is 100 times."""
    baseline = [0.0, 500.0, -300.0]
    found = compare({"bare": baseline, "moved": [1.0, 502.0, -297.0]})["moved"]
    assert found.difference == pytest.approx(2.0)
    assert found.difference_error == pytest.approx(1.0 / np.sqrt(3.0))
    assert found.student == pytest.approx(0.0742, abs=1e-4)
    assert found.wilcoxon == pytest.approx(0.25)  # three signs alike: 2 / 2^3


def test_holm_multiplies_the_smallest_by_the_number_of_tests_and_never_falls():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


def test_what_is_equal_or_has_diverged_is_no_effect():
    near = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    found = compare(
        {
            "bare": near,
            "same": near,
            "moved": [x + 1.0 + 0.01 * x for x in near],
            "gone": [*near[:-1], float("nan")],
        }
    )
    assert found["same"].verdict == NO_EFFECT and found["same"].student == 1.0
    assert found["moved"].verdict == "higher"
    assert found["gone"].verdict == "diverged (1 seeds)"
    found = compare({"bare": [*near[:-1], float("inf")], "moved": [x + 1.0 for x in near]})
    assert found["bare"].verdict == "diverged (1 seeds)"
    assert found["moved"].verdict == "not tested: the first diverged (1 seeds)"


def test_a_difference_without_scatter_has_no_smaller_p_than_its_signs_allow():
    found = compare({"bare": [0.0] * 8, "moved": [1.0] * 8})["moved"]
    assert found.student == found.wilcoxon == pytest.approx(2.0**-7)


def test_fewer_seeds_than_that_can_never_be_significant():
    """The smallest p of Wilcoxon's test is 2^(1 - n), and Holm multiplies it by the comparisons."""
    for comparisons in (1, 5, 18, 75):
        n = fewest_seeds(comparisons)
        assert comparisons * 2.0 ** (1 - n) < LEVEL <= comparisons * 2.0 ** (2 - n)
