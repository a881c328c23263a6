"""report.json comes back as the summary it was, and says what is wrong with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from transferkit.artifact.report_json import read_summary, summary_json
from transferkit.core.errors import TransferkitError
from transferkit.evaluate.summary import StudySummary


@pytest.mark.parametrize(
    "end",
    [
        "helps",
        "hurts",
        "many_classes",
        "no_pictures",
        "interrupted",
        "hostile",
        "empty",
        "texts",
        "clips",
        "rows",
        "transcripts",
        "tags",
    ],
)
def test_a_summary_comes_back_equal(summaries: dict[str, StudySummary], tmp_path: Path, end: str) -> None:
    (tmp_path / "report.json").write_text(summary_json(summaries[end]), encoding="utf-8")
    assert read_summary(tmp_path / "report.json") == summaries[end]


def test_the_file_is_standard_json(summaries: dict[str, StudySummary], tmp_path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    written = summary_json(summaries["not_finite"])
    plain = json.loads(written, parse_constant=refuse)
    assert plain["format"] == 1
    assert plain["gain"]["low"] is None
    (tmp_path / "report.json").write_text(written, encoding="utf-8")
    again = read_summary(tmp_path / "report.json")
    assert again.gain is not None
    assert again.gain.low != again.gain.low  # not a number


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: p.pop("format"), "no format number"),
        (lambda p: p.update(format=7), "upgrade"),
        (lambda p: p.pop("sentence"), r"report\.sentence is missing"),
        (lambda p: p.update(verdict="maybe"), "not one of helps"),
        (lambda p: p["arms"][0].update(trials="many"), r"report\.arms\[0\]\.trials is str"),
        (lambda p: p.update(arms=3), r"report\.arms is int"),
        (lambda p: p["gain"].update(mean=True), r"report\.gain\.mean is bool"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(
    summaries: dict[str, StudySummary], tmp_path: Path, change: Any, says: str
) -> None:
    plain = json.loads(summary_json(summaries["helps"]))
    change(plain)
    (tmp_path / "report.json").write_text(json.dumps(plain))
    with pytest.raises(TransferkitError, match=says) as refused:
        read_summary(tmp_path / "report.json")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "says"), [(None, "does not exist"), ("{", "damaged"), ("[]", "not written by transferkit")]
)
def test_a_file_that_is_none_gives_one_line(tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    with pytest.raises(TransferkitError, match=says):
        read_summary(tmp_path / "report.json")
