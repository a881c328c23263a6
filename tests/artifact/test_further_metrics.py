"""The chosen arm is shown beside its baseline by every other metric, in points that are better upward."""

from dataclasses import replace

import pytest

from transferkit.artifact.further_metrics import CAVEAT, caveat, chosen_arm, further_metrics
from transferkit.artifact.printed import printed
from transferkit.artifact.report_json import read_summary, summary_json
from transferkit.evaluate.summary import Gain, MetricInfo, StudySummary

METRICS = (
    MetricInfo("accuracy", True, "points", 100.0),
    MetricInfo("auroc", True, "points", 100.0),
    MetricInfo("log_loss", False, "nats", 1.0),
    MetricInfo("calibration_error", False, "points", 100.0),
)


@pytest.fixture
def summary(summaries: dict[str, StudySummary]) -> StudySummary:
    """The study that helps, judged by four metrics of which one could not be computed."""
    by_arm = {
        "linear_probe < zoo:digits-cnn": {"accuracy": 0.931, "auroc": 0.995, "log_loss": 0.2134},
        "scratch": {"accuracy": 0.868, "auroc": 0.981, "log_loss": 0.4128},
    }
    gains = {
        "auroc": Gain(0.014, 0.004, 0.024, 0.95, 5, 1347, 0.01),
        "log_loss": Gain(0.1994, 0.0821, 0.3167, 0.95, 5, 1347, 0.1),
    }
    arms = tuple(
        replace(arm, metrics=by_arm.get(arm.name, {}), further_gains=gains if arm.status == "chosen" else {})
        for arm in summaries["helps"].arms
    )
    return replace(summaries["helps"], arms=arms, metrics=METRICS)


def test_rows_follow_the_task_and_leave_out_the_metric_of_the_verdict(summary: StudySummary) -> None:
    chosen = chosen_arm(summary)
    assert chosen is not None
    rows = further_metrics(chosen, summary)
    assert [(row.metric, row.better) for row in rows] == [("auroc", "higher"), ("log loss", "lower")]
    assert (rows[0].baseline, rows[0].arm, rows[0].gain, rows[0].interval) == (
        "98.1 %",
        "99.5 %",
        "+1.4",
        "+0.4 to +2.4",
    )
    assert (rows[1].baseline, rows[1].arm) == ("0.413", "0.213")
    assert (rows[1].gain, rows[1].interval) == ("+0.199", "+0.082 to +0.317")


def test_the_terminal_shows_them_with_the_caveat(summary: StudySummary) -> None:
    shown = printed(summary, 120)
    assert CAVEAT in shown
    assert next(line for line in shown.splitlines() if line.startswith("log loss")).split()[2:] == [
        "lower", "0.413", "0.213", "+0.199", "+0.082", "to", "+0.317",
    ]  # fmt: skip
    assert max(map(len, printed(summary, 80).splitlines())) <= 80


def test_a_study_without_further_metrics_shows_none(summary: StudySummary) -> None:
    plain = replace(summary, arms=tuple(replace(arm, further_gains={}) for arm in summary.arms))
    assert chosen_arm(plain) is None
    assert CAVEAT not in printed(plain, 120)


def test_they_survive_report_json(summary: StudySummary, tmp_path) -> None:
    (tmp_path / "report.json").write_text(summary_json(summary))
    again = read_summary(tmp_path / "report.json")
    assert again.metrics == METRICS
    assert chosen_arm(again) == chosen_arm(summary)


def test_what_the_test_could_have_shown_is_always_said_once(summaries: dict[str, StudySummary]) -> None:
    for end in ("helps", "hurts", "no_difference", "undecided"):
        assert printed(summaries[end], 200).count("80 % power") == 1
    assert "Smallest difference this test would have shown with 80 % power: 3.1 accuracy points." in printed(
        summaries["helps"], 200
    )


def test_an_error_below_zero_is_explained_where_it_stands(summary: StudySummary) -> None:
    chosen = chosen_arm(summary)
    assert chosen is not None
    below = replace(chosen, metrics={**chosen.metrics, "calibration_error": -0.1})
    told = replace(summary, arms=tuple(below if arm == chosen else arm for arm in summary.arms))
    assert "below 0 says that no miscalibration was found" in caveat(below, told)
    assert caveat(chosen, summary) == caveat(None, told) == CAVEAT
