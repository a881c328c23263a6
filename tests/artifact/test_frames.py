"""Results as pandas tables hold what the report says, arm by arm."""

import pandas as pd
import pytest

from transferkit.artifact.frames import arms_frame, domains_frame, ranking_frame
from transferkit.evaluate.ranked_domain import RankedDomain
from transferkit.evaluate.summary import RankedSource, StudySummary


def test_every_arm_has_a_row_with_its_gain(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["helps"]
    frame = arms_frame(summary.arms)
    assert frame["arm"].tolist() == [arm.name for arm in summary.arms]
    proven = [arm for arm in summary.arms if arm.gain is not None]
    row = frame.set_index("arm").loc[proven[0].name]
    assert row["gain"] == pytest.approx(proven[0].gain.mean)
    assert row["gain_low"] <= row["gain"] <= row["gain_high"]
    assert row["verdict"] == proven[0].verdict
    baseline = frame[frame["baseline"].isna()]
    assert baseline["gain"].isna().all()


def test_a_source_that_was_left_out_keeps_its_reason() -> None:
    rows = (
        RankedSource("zoo:a", 0.9, 0.8, 0.95, {"logme": 1.5}, True),
        RankedSource("zoo:b", None, None, None, {}, None, note="left out: no features"),
    )
    frame = ranking_frame(rows)
    assert frame["source"].tolist() == ["zoo:a", "zoo:b"]
    assert frame.loc[0, "logme"] == 1.5
    assert pd.isna(frame.loc[1, "predicted"])
    assert frame.loc[1, "note"] == "left out: no features"


def test_a_ranking_of_domains_has_a_row_each() -> None:
    found = domains_frame(
        [RankedDomain("old", 0.8, 0.9, 100, ("a", "b"), ("c",), "numbers"), RankedDomain("x", note="no")]
    )
    assert found["source"].tolist() == ["old", "x"]
    assert found["bound"][0] == pytest.approx(1 - 2 / 3 * 0.9 + 0.4)
    assert found["classes"][0] == "a, b"
    assert pd.isna(found["distance"][1])
    assert found["note"][1] == "no"
