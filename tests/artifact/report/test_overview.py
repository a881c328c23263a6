"""The report that lists several targets."""

import re
from dataclasses import replace

from transferkit.artifact.report.overview import render_overview
from transferkit.evaluate.summary import StudySummary
from transferkit.evaluate.target_result import TargetResult


def test_every_target_is_listed_with_a_link_or_a_reason(summaries: dict[str, StudySummary]) -> None:
    page = render_overview(
        [
            TargetResult("north", summaries["helps"]),
            TargetResult("s & <b>", summaries["hurts"]),
            TargetResult("west", failed="no <items>"),
        ]
    )
    assert re.findall(r'href="([^"]+)"', page) == ["north/report.html", "s%20%26%20%3Cb%3E/report.html"]
    assert "s &amp; &lt;b&gt;" in page
    assert "no &lt;items&gt;" in page
    assert "<b>s" not in page
    assert "http:" not in page.replace("http://www.w3.org", "")


def test_gains_lie_on_one_axis_and_a_bound_is_no_dot(summaries: dict[str, StudySummary]) -> None:
    helps = summaries["helps"]
    most = {"most": 0.3, "reach": 0.1, "n_disputed": 30, "n_judged": 100, "n_deciding": 30}
    page = render_overview(
        [TargetResult("a", helps), TargetResult("b", replace(helps, gain=None, extra={"adaptation": most}))]
    )
    assert page.count('class="mean"') == 1
    assert page.count("stroke-dasharray") >= 1
    bound = re.search(r'<line class="reach" x1="([\d.]+)%" x2="([\d.]+)%"[^>]*stroke-dasharray', page)
    dot = re.search(r'class="mean" cx="([\d.]+)%"', page)
    assert bound is not None
    assert dot is not None
    low, high, mean = float(bound[1]), float(bound[2]), float(dot[1])
    assert helps.gain is not None
    assert abs((mean - low) / (high - low) - (0.3 + helps.gain.mean) / 0.6) < 0.01


def test_metrics_are_not_mixed_in_one_picture(summaries: dict[str, StudySummary]) -> None:
    helps = summaries["helps"]
    other = replace(helps, metric=replace(helps.metric, name="macro_f1"))
    page = render_overview([TargetResult("a", helps), TargetResult("b", other)])
    assert page.count("<h2>Gain over the baseline") == 2
