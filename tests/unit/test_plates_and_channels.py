"""The table of flows between plates: what stands in it, and that finished points are kept."""

import json

import numpy as np
import pytest

from benchmarks import plates_and_channels
from dsmc.statistics import joint_test
from dsmc.validate import CASES, Effort, Outcome


def outcome(name, number, spread):
    """Of 40 repetitions, 1 % above the reference, whose coarse flow is 6 % above the fine one."""
    case = CASES[name]
    known = case.known(numbers={number: 1.0})
    flows = len(known.labels) // 2
    noise = np.where(np.arange(40) % 2 == 0, spread, -spread)[:, None]
    exact = known.reference[:flows]
    rows = np.hstack([1.01 * exact + noise * exact, 0.06 * exact + noise * exact])
    verdict = joint_test(rows, known.reference, known.margin, 1e-3)
    return Outcome(case, "tight", Effort(40), known, rows, verdict, 2.4)


def test_a_point_is_told_relative_to_its_reference():
    told = plates_and_channels.entries(outcome("channel", 0.3, 0.01))
    assert [(one["figure"], one["knudsen"]) for one in told] == [
        ("flow rate", 0.3), ("heat flow", 0.3),
    ]  # fmt: skip
    for one in told:
        assert one["deviation"] == pytest.approx(0.01)
        assert one["relative_error"] == pytest.approx(0.01 / 39**0.5)
        assert one["change"] == pytest.approx(0.06)
        assert one["left"] == pytest.approx(0.08**2 / 4)
        assert (one["repetitions"], one["seconds"]) == (40, 2)
    row = plates_and_channels.line(told[0])
    assert row.startswith("| channel, flow rate | 0.3 | ")
    assert "+1.00 ± 0.16 % | +6.00 ± 0.16 % | 0.16 %" in row


def test_nothing_is_told_of_a_change_within_its_errors():
    (one,) = plates_and_channels.entries(outcome("couette", 1.0, 0.2))
    assert one["left"] is None
    assert plates_and_channels.line(one).endswith("| – |")


def test_points_are_merged_into_those_that_were_measured_before(tmp_path, monkeypatch, capsys):
    file, asked = tmp_path / "points.json", []

    def measured(name, number, directory):
        asked.append((name, number))
        return outcome(name, number, 0.01)

    monkeypatch.setattr(plates_and_channels, "measured", measured)
    for flow, number in (("couette", 1.0), ("fourier", 5.0), ("couette", 1.0)):
        arguments = ["it", flow, "--kn", str(number), "--json", str(file)]
        monkeypatch.setattr("sys.argv", arguments)
        plates_and_channels.main()
    assert asked == [("couette", 1.0), ("fourier", 5.0), ("couette", 1.0)]
    kept = json.loads(file.read_text())["entries"]
    assert [(one["case"], one["knudsen"]) for one in kept] == [("couette", 1.0), ("fourier", 5.0)]
    assert capsys.readouterr().out.count("| couette, stress ratio | 1 |") == 2


@pytest.mark.parametrize("wrong", [["coutte"], ["couette", "--kn", "0.2"]])
def test_what_is_unknown_is_named_and_what_is_known(wrong, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["it", *wrong])
    with pytest.raises(SystemExit, match="2"):
        plates_and_channels.main()
    told = capsys.readouterr().err
    assert ("'coutte'" in told and "fourier" in told) or ("0.2" in told and "0.05" in told)
