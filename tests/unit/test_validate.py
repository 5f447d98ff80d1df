"""`dsmc validate`: how cases are judged, repeated, recorded, told and refused.

The cases here are coins: a row of normal numbers about a mean, at no cost. What the real ones find
is in `tests/physics/test_validation.py`.
"""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from dsmc import validate
from dsmc.__main__ import main
from dsmc.validate.case import TIERS, Curve
from dsmc.validate.judging import BUDGET, FACTOR, seed_of
from dsmc.validate.report import as_json

LABELS = ("first", "second <figure>")


def known(mean=1.0, spread=0.1, margin=0.0):
    """Two figures that are 1 and 2, along an axis."""
    curve = Curve("figures", "number", np.array([1.0, 2.0]), (0, 1))
    return validate.figures(LABELS, [1.0, 2.0], margin, [curve])


def measure(repetition, mean=1.0, spread=0.1, margin=0.0):
    """Two normal numbers about (mean, mean + 1)."""
    noise = repetition.random().standard_normal(2)
    return np.array([mean, mean + 1.0]) + spread * noise


TWIN = validate.Mutant("mean 1.5", settings={"mean": 1.5})


def coin(name="coin", **settings):
    """A case that is right if `mean` is 1."""
    return validate.Case(
        name=name, question="Is it <one>?", source="definition", errors="normal noise",
        allowed="none", measure=measure, known=known,
        efforts={"quick": validate.Effort(20, settings)}, mutants=(TWIN,),
    )  # fmt: skip


@pytest.fixture
def cases(monkeypatch):
    """The command knows two coins, a right one and a wrong one."""
    made = {"coin": coin(), "forged-coin": coin("forged-coin", mean=1.2)}
    full_only = {"full": validate.Effort(4, {})}
    made["heavy-coin"] = replace(coin("heavy-coin"), efforts=full_only)
    monkeypatch.setattr(validate, "CASES", made)
    return made


def run(case, chance=1e-3, **options):
    return validate.validate(case, "quick", case.effort("quick"), chance, **options)


# ------------------------------------------------------------------ judging


def test_a_right_case_passes_at_the_first_look():
    outcome = run(coin())
    assert outcome.passed
    assert outcome.verdict.looks == 1
    assert outcome.rows.shape == (20, 2)


def test_a_wrong_case_fails_after_a_second_look_at_ten_times_the_data():
    outcome = run(coin(mean=1.2))
    assert not outcome.passed
    assert outcome.verdict.looks == 2
    assert outcome.rows.shape == (20 * FACTOR, 2)


def test_a_false_alarm_is_taken_back_by_fresh_data():
    """The first seeds show something rare; ten times the data of other seeds decide."""

    def unlucky(repetition, **settings):
        rare = 0.2 if repetition.seed == seed_of(coin()) else 0.0
        return measure(repetition, **settings) + rare

    outcome = run(replace(coin(), measure=unlucky))
    assert outcome.passed
    assert outcome.verdict.looks == 2
    assert len(outcome.rows) == 20 * FACTOR


def test_a_margin_allows_a_known_bias_and_no_more():
    assert run(coin(mean=1.2, margin=0.25)).passed
    assert not run(coin(mean=1.2, margin=0.05)).passed


def test_a_wrong_twin_must_be_rejected():
    case = coin()
    assert validate.reject(case, case.mutants[0], 1e-3).passed
    harmless = validate.Mutant("mean 1", settings={"mean": 1.0})
    assert not validate.reject(case, harmless, 1e-3).passed


def test_every_case_and_look_has_its_own_random_numbers():
    seeds = {seed_of(case, look) for case in validate.CASES.values() for look in (0, 1)}
    assert len(seeds) == 2 * len(validate.CASES)


def test_the_budget_is_that_of_two_looks_at_all_cases():
    """The chance that two looks both fire, over all cases: 1e-4."""
    assert len(validate.CASES) * validate.share(len(validate.CASES)) ** 2 == pytest.approx(BUDGET)


# ------------------------------------------------------------------ the catalogue


@pytest.mark.parametrize("case", validate.CASES.values(), ids=validate.CASES)
def test_every_case_says_what_it_must(case):
    """Question, source, errors, margin, a wrong twin, and figures that are what they are said."""
    assert re.fullmatch(r"[a-z0-9-]+", case.name)
    assert case.question.endswith("?")
    assert all((case.source, case.errors, case.allowed, case.mutants))
    assert set(case.efforts) <= set(TIERS)
    effort = case.effort("quick") or case.effort("full")
    found = case.known(**effort.settings)
    assert len(found.labels) == len(set(found.labels)) == found.reference.size
    assert np.isfinite(found.reference).all()
    assert (found.margin >= 0.0).all()
    for curve in found.curves:
        assert len(curve.x) == len(list(curve.figures))


def test_a_tier_without_an_effort_takes_the_one_before():
    case = coin()
    assert case.effort("tight") is case.efforts["quick"]
    assert replace(case, efforts={"full": case.efforts["quick"]}).effort("quick") is None


# ------------------------------------------------------------------ records


def test_recorded_repetitions_are_not_measured_again(tmp_path):
    """A broken-off run goes on, and ends as if it had not been broken off, to the last bit."""
    case, asked = coin(), []

    def noted(repetition, **settings):
        asked.append(repetition.number)
        return measure(repetition, **settings)

    noted_case = replace(case, measure=noted)
    record = validate.Record(tmp_path, case, "quick", case.effort("quick"))
    validate.repeat(noted, 7, seed=seed_of(case), record=record)
    with open(record.path, "a", encoding="utf-8") as file:
        file.write('{"seed": 1, "number": 3, "ro')  # killed here
    asked.clear()
    again = validate.Record(tmp_path, case, "quick", case.effort("quick"))
    outcome = run(noted_case, record=again)
    assert sorted(asked) == list(range(7, 20))
    np.testing.assert_array_equal(outcome.rows, run(case).rows)
    third = validate.Record(tmp_path, case, "quick", case.effort("quick"))
    assert len(third.rows(seed_of(case))) == 20


def test_other_settings_have_another_record(tmp_path):
    one, other = (
        validate.Record(tmp_path, case, "quick", case.effort("quick"))
        for case in (coin(), coin(margin=0.1))
    )
    assert one.path != other.path


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="file"):
        validate.Record(tmp_path / "file", coin(), "quick", coin().effort("quick"))


# ------------------------------------------------------------------ the command


def test_the_command_ends_with_one_if_a_case_fails(cases, capsys):
    assert main(["validate", "coin"]) == 0
    assert "1 of 1 cases passed" in capsys.readouterr().out
    assert main(["validate"]) == 1
    told = capsys.readouterr().out
    assert "1 of 2 cases passed; not: forged-coin" in told  # the heavy one is of the full tier
    assert "second <figure>" in told or "first" in told


def test_json_has_the_agreed_shape(cases, capsys):
    assert main(["validate", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    right, wrong = told["cases"]
    agreed = {"name", "measured", "error", "reference", "margin", "passed", "seconds"}
    assert agreed <= set(right)
    assert (right["name"], right["passed"], wrong["passed"]) == ("coin", True, False)
    assert [row["figure"] for row in right["figures"]] == list(LABELS)
    worst = next(row for row in wrong["figures"] if row["figure"] == wrong["figure"])
    assert worst["measured"] == wrong["measured"]


def test_figures_beyond_every_error_are_still_json():
    """A figure without scatter that is astray has an infinite z."""
    outcome = run(coin(mean=1.2, spread=0.0))
    json.loads(json.dumps(as_json([outcome]), allow_nan=False))


def test_wrong_twins_are_asked_for(cases, capsys):
    assert main(["validate", "coin", "--mutants"]) == 0
    told = capsys.readouterr().out
    assert "1 of 1 wrong twins were rejected" in told
    assert "mean 1.5" in told


def test_an_unknown_case_is_told_with_the_nearest(cases, capsys):
    assert main(["validate", "coyn"]) == 2
    assert "no case 'coyn', did you mean coin" in capsys.readouterr().err


def test_a_case_of_another_tier_is_told(cases, capsys):
    assert main(["validate", "heavy-coin"]) == 2
    assert "heavy-coin is asked with --full" in capsys.readouterr().err
    assert main(["validate", "heavy-coin", "--full", "--quiet"]) == 0


def test_cases_are_listed_once_each(cases, capsys):
    assert main(["validate", "--list"]) == 0
    assert "coin         Is it <one>?" in capsys.readouterr().out
    assert main(["validate", "--list", "coin", "coin"]) == 0
    assert capsys.readouterr().out.count("Is it <one>?") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--report", ""], "--report: a name is missing"),
        (["-o", ""], "-o: a name is missing"),
        (["--mutants", "-o", "kept"], "-o: of wrong twins nothing is kept"),
    ],
)
def test_options_that_say_nothing_are_refused(cases, options, told, capsys):
    assert main(["validate", "coin", *options]) == 2
    assert told in capsys.readouterr().err


def test_a_place_for_repetitions_that_is_a_file_is_told_by_its_name(cases, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert main(["validate", "coin", "-o", str(tmp_path / "file")]) == 2
    told = capsys.readouterr().err
    assert f"{tmp_path / 'file'}: this is a file: name a directory" in told


def test_a_validation_that_is_broken_off_goes_on_with_the_same_command(cases, tmp_path):
    """Ctrl-C in the middle of a case; then the same verdict to the last bit, without repeating."""
    whole = run(coin())
    asked = []

    def broken_off(repetition, **settings):
        asked.append(repetition.number)
        if len(asked) == 11:
            raise KeyboardInterrupt
        return measure(repetition, **settings)

    validate.CASES["coin"] = replace(coin(), measure=broken_off)
    with pytest.raises(KeyboardInterrupt):
        validate.main(["coin"], directory=str(tmp_path), quiet=True)
    validate.CASES["coin"] = replace(coin(), measure=lambda r, **s: asked.append(r) or measure(r))
    asked.clear()
    assert validate.main(["coin"], directory=str(tmp_path), quiet=True) == 0
    assert 0 < len(asked) < 20
    record = validate.Record(tmp_path, coin(), "quick", coin().effort("quick"))
    rows = record.rows(seed_of(coin()))
    np.testing.assert_array_equal([rows[k] for k in range(20)], whole.rows)


def test_repetitions_are_kept_where_asked(cases, tmp_path):
    assert main(["validate", "coin", "-o", str(tmp_path / "kept"), "--quiet"]) == 0
    (file,) = (tmp_path / "kept").iterdir()
    assert len(file.read_text().split()) > 20


def test_the_report_is_one_file_with_its_pictures_inside(cases, tmp_path):
    path = tmp_path / "new" / "report.html"
    assert main(["validate", "--report", str(path), "--quiet"]) == 1
    page = path.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 2
    assert "Is it &lt;one&gt;?" in page
    assert "FAILED" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "<script" not in page


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_measured(
    cases, tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(validate, "validate", lambda *any_, **other: pytest.fail("measured"))
    assert main(["validate", "--report", str(tmp_path / "file" / "report.html")]) == 2
    assert "not a directory" in capsys.readouterr().err
