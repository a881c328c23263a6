"""The picture of label equivalence says what the numbers say."""

from math import log10
from xml.etree import ElementTree

import pytest

from transferkit.artifact.printed import printed
from transferkit.artifact.report import render
from transferkit.artifact.report.label_curve import label_picture
from transferkit.evaluate.summary import StudySummary


def drawn(summary: StudySummary) -> ElementTree.Element:
    picture = label_picture(summary.label_equivalence, summary.metric)
    assert picture is not None
    return ElementTree.fromstring(str(picture.picture))


def place(element: ElementTree.Element, name: str) -> float:
    return float(element.attrib[name].rstrip("%"))


def by_class(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if element.attrib.get("class") == kind]


def test_dots_and_the_step_lie_where_the_axes_say(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["helps"]
    found = summary.label_equivalence
    assert found is not None
    root = drawn(summary)
    dots = by_class(root, "scratch dot")
    (n_left, left), (n_right, right) = (
        (p.labels, place(d, "cx")) for p, d in zip(found.baseline_curve, dots, strict=True) if p.labels != 17
    )

    def across(labels: float) -> float:
        return left + (right - left) * (log10(labels) - log10(n_left)) / (log10(n_right) - log10(n_left))

    (reach,), (answer,), (step,) = by_class(root, "reach"), by_class(root, "answer"), by_class(root, "step")
    assert found.worth.labels is not None
    assert place(answer, "cx") == pytest.approx(across(found.worth.labels), abs=0.1)
    assert (place(reach, "x1"), place(reach, "x2")) == pytest.approx((across(41), across(104)), abs=0.1)
    assert place(step, "x1") == pytest.approx(across(30), abs=0.1)
    transfer = by_class(root, "transfer dot")
    assert answer.attrib["cy"] == transfer[-1].attrib["cy"]
    heights = [float(dot.attrib["cy"]) for dot in transfer]
    slope = (heights[0] - heights[2]) / (found.arm_curve[2].mean - found.arm_curve[0].mean)
    assert heights[0] - heights[1] == pytest.approx(
        slope * (found.arm_curve[1].mean - found.arm_curve[0].mean), abs=0.2
    )
    assert found.sentence in root.attrib["aria-label"]


def test_what_was_not_measured_is_dashed_and_absent_where_it_is_not_needed(summaries: dict[str, StudySummary]) -> None:
    assert len(by_class(drawn(summaries["helps"]), "scratch beyond")) == 1
    assert not by_class(drawn(summaries["hurts"]), "scratch beyond")
    assert ".beyond { stroke-dasharray" in render(summaries["helps"])


def test_without_an_upper_end_the_interval_runs_to_the_edge(summaries: dict[str, StudySummary]) -> None:
    (reach,) = by_class(drawn(summaries["undecided"]), "reach")
    assert place(reach, "x2") == 100
    far = drawn(summaries["hostile"])
    assert not by_class(far, "answer")
    assert [text.text for text in by_class(far, "worth")] == ["> 55"]
    near = drawn(summaries["no_difference"])
    assert [text.text for text in by_class(near, "worth")] == ["< 10"]


def test_every_point_stands_in_the_table_as_well(summaries: dict[str, StudySummary]) -> None:
    picture = label_picture(summaries["helps"].label_equivalence, summaries["helps"].metric)
    assert picture is not None
    assert [row.labels for row in picture.rows] == ["10", "17", "30"]
    assert picture.rows[0].baseline == "62.0 % (57.0 to 67.0 %)"
    assert picture.rows[-1].arm == "93.1 % (88.1 to 98.1 %)"


def test_the_terminal_says_the_sentence_after_the_verdict(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["helps"]
    assert summary.label_equivalence is not None
    shown = " ".join(printed(summary, 120).split())
    assert f"{summary.sentence} {summary.label_equivalence.sentence}" in shown
    assert label_picture(None, summary.metric) is None
