"""Several targets in words, as a table, and in a folder."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from transferkit.artifact.kept_overview import STUDIES, check_folder, keep_overview, read_overview
from transferkit.artifact.overview import bounded, bounds, overview_row
from transferkit.artifact.printed_overview import printed_overview
from transferkit.artifact.report_json import summary_json
from transferkit.core.errors import Failed, WrongUse
from transferkit.evaluate.summary import MetricInfo, StudySummary
from transferkit.evaluate.target_result import TargetResult

ABOUT = {"most": 0.106, "reach": 0.037, "n_disputed": 212, "n_judged": 2000, "n_deciding": 30}


@pytest.fixture(name="results")
def _results(summaries: dict[str, StudySummary]) -> list[TargetResult]:
    helps = summaries["helps"]
    unlabelled = replace(helps, gain=None, verdict="undecided", extra={"adaptation": ABOUT})
    return [
        TargetResult("north", helps),
        TargetResult("south", unlabelled),
        TargetResult("west", failed="it holds no items"),
        TargetResult("east"),
    ]


def test_a_row_says_of_what_the_gain_is_and_how_large(results: list[TargetResult]) -> None:
    row = overview_row(results[0])
    summary = results[0].summary
    assert summary is not None
    assert summary.gain is not None
    assert row.gain == f"{100 * summary.gain.mean:+.1f}"
    assert row.unit == "accuracy points"
    assert row.arm == next(arm.name for arm in summary.arms if arm.status == "chosen")


def test_without_labels_the_bound_stands_in_place_of_the_gain(results: list[TargetResult]) -> None:
    row = overview_row(results[1])
    assert (row.gain, row.interval) == ("", "")
    assert "unverified: between -10.6 and 10.6 accuracy points; label 30 items to know it to within 3.7" in row.note
    assert results[1].summary is not None
    assert bounds(results[1].summary) == pytest.approx((-10.6, 10.6))
    none = replace(results[1].summary, extra={"adaptation": ABOUT | {"n_disputed": 0, "most": 0.0}})
    assert bounded(none) == "makes no difference on 2000 items"
    assert bounded(replace(none, extra={"adaptation": {}})) == ""
    assert bounded(replace(none, extra={"adaptation": {"n_sealed": 0}})) == "cannot be verified without labels"


def test_a_gain_in_numbers_is_bounded_in_their_unit(results: list[TargetResult]) -> None:
    about = {"to_label": ["item 1"], "most": 3.214, "most_of": "RMSE"}
    assert results[1].summary is not None
    numbers = replace(results[1].summary, metric=MetricInfo("rmse", False, "units", 1.0), extra={"adaptation": about})
    assert bounded(numbers) == "unverified: between -3.21 and 3.21 RMSE; label the items named"
    assert bounds(numbers) == (-3.214, 3.214)
    assert bounds(replace(numbers, metric=MetricInfo("r2", True, "points", 100.0))) is None
    assert bounded(replace(numbers, extra={"adaptation": about | {"most": 0.0}})) == "makes no difference"


def test_the_model_that_is_returned_is_named_where_it_is_another(summaries: dict[str, StudySummary]) -> None:
    hurts = summaries["hurts"]
    assert f"you get {hurts.best}" in overview_row(TargetResult("a", hurts)).note


def test_every_target_stands_in_the_table(results: list[TargetResult]) -> None:
    said = printed_overview(results, width=160)
    assert said.startswith("4 targets: 1 helps, 1 undecided, 1 failed, 1 not begun.")
    assert "it holds no items" in said
    assert "in accuracy points." in said


def test_gains_by_different_metrics_carry_their_units(results: list[TargetResult]) -> None:
    summary = results[0].summary
    assert summary is not None
    other = replace(summary, metric=replace(summary.metric, name="macro_f1"))
    said = printed_overview([results[0], TargetResult("other", other)], width=160)
    assert "macro f1 points" in said
    assert "Gains over" not in said


def test_what_was_kept_is_read_back(results: list[TargetResult], tmp_path: Path) -> None:
    keep_overview(results, tmp_path)
    for one in results:
        if one.summary is not None:
            (tmp_path / one.name).mkdir()
            (tmp_path / one.name / "report.json").write_text(summary_json(one.summary), encoding="utf-8")
    again = read_overview(tmp_path)
    assert [one.name for one in again] == ["north", "south", "west", "east"]
    assert printed_overview(again) == printed_overview(results)
    check_folder(tmp_path)  # one's own


@pytest.mark.parametrize(
    ("written", "error", "said"),
    [
        ("{", Failed, "is damaged"),
        ('{"format": 1}', Failed, "is damaged"),
        ('{"format": 9, "studies": []}', WrongUse, "reads up to 1; upgrade it"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_line(
    written: str, error: type[Exception], said: str, tmp_path: Path
) -> None:
    (tmp_path / STUDIES).write_text(written, encoding="utf-8")
    with pytest.raises(error, match=said) as raised:
        read_overview(tmp_path)
    assert "\n" not in str(raised.value)


def test_an_overview_can_be_kept_at_a_url(results: list[TargetResult]) -> None:
    import fsspec

    keep_overview(results, "memory://several/runs")
    written = json.loads(fsspec.filesystem("memory").cat_file("/several/runs/studies.json"))
    assert [one["name"] for one in written["studies"]] == ["north", "south", "west", "east"]
