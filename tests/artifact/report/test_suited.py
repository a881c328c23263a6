"""Every task and modality gets the pictures that suit it, and the pictures say what the numbers say."""

import re
from dataclasses import replace
from html import unescape
from importlib.resources import files
from xml.etree import ElementTree

import numpy as np
import pytest

from transferkit.artifact.report import render, suited
from transferkit.artifact.report.differences import marked
from transferkit.artifact.report.importance_bars import MOST, importance_bars
from transferkit.artifact.report.scatter import scatter
from transferkit.artifact.report.tag_bars import tag_bars
from transferkit.artifact.report.window import HEIGHT, WIDTH, window_picture
from transferkit.evaluate.summary import Importance, MetricInfo, StudySummary, TagResult
from transferkit.ops.edit_distance import edit_distance

ACCURACY = MetricInfo("accuracy", True, "points", 100.0)
RMSE = MetricInfo("rmse", False, "units", 1.0)


def section(html: str, name: str) -> str:
    return html.partition(f'<section id="{name}">')[2].partition("</section>")[0]


def test_every_line_of_the_table_has_its_template() -> None:
    templates = files("transferkit.artifact.report").joinpath("templates")
    named = [f"mistakes/{name}" for name in (*suited.MISTAKES.values(), "names")] + list(suited.OUTCOMES.values())
    assert [name for name in named if not templates.joinpath(f"{name}.html.jinja").is_file()] == []


@pytest.mark.parametrize("kind", ["texts", "clips", "rows", "windows", "transcripts"])
def test_each_kind_of_item_is_shown_in_its_own_way(summaries: dict[str, StudySummary], kind: str) -> None:
    assert suited.mistakes_template(summaries[kind]) == kind


def test_items_of_which_nothing_is_seen_are_named(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["rows"]
    bare = replace(summary, mistakes=tuple(replace(one, cells={}) for one in summary.mistakes))
    assert suited.mistakes_template(bare) == "names"
    assert suited.mistakes_template(replace(summary, target={"modality": "smell", "task": "sniff"})) == "names"
    assert "item 1" in section(render(bare), "mistakes")


@pytest.mark.parametrize("kind", ["texts", "clips", "transcripts"])
def test_items_that_are_right_are_shown_for_want_of_mistakes(summaries: dict[str, StudySummary], kind: str) -> None:
    summary = summaries[kind]
    right = tuple(replace(one, predicted=one.truth, is_right=True) for one in summary.mistakes)
    shown, before = (section(render(one), "mistakes") for one in (replace(summary, mistakes=right), summary))
    assert "<h2>None was wrong</h2>" in shown
    assert "None was wrong" not in before
    assert shown.count("<figure>") == before.count("<figure>") == 3
    assert "got wrong" not in shown
    assert "called" not in shown  # the colour of what is wrong
    assert "taken for" not in shown


def test_texts_are_escaped_and_find_their_own_direction(summaries: dict[str, StudySummary]) -> None:
    shown = section(render(summaries["texts"]), "mistakes")
    quotes = re.findall(r'<blockquote dir="auto">(.*?)</blockquote>', shown)
    assert [unescape(quote) for quote in quotes] == [one.text for one in summaries["texts"].mistakes]
    assert "<b>empty" not in shown


def test_a_clip_can_be_heard_and_one_from_elsewhere_is_dropped(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["clips"]
    html = render(summary)
    assert section(html, "mistakes").count('src="data:audio/wav;base64,UklGRg=="') == 3
    assert "media-src data:" in html
    spy = replace(summary.mistakes[0], clip="https://example.org/spy.wav")
    assert "example.org" not in render(replace(summary, mistakes=(spy,)))


def test_rows_show_their_cells_and_how_far_off_they_are(summaries: dict[str, StudySummary]) -> None:
    shown = section(render(summaries["rows"]), "mistakes")
    assert re.findall(r'<th scope="col">(.*?)</th>', shown) == ["Row", "Is", "Said", "age", "sex&lt;"]
    assert "<h2>Farthest off</h2>" in shown
    assert shown.count("+2.1") == 3
    assert "sure" not in shown


def test_numbers_have_a_scatter_and_no_table_of_classes(summaries: dict[str, StudySummary]) -> None:
    html = render(summaries["rows"])
    assert section(html, "scatter")
    assert not section(html, "confusion")
    assert not section(render(summaries["helps"]), "scatter")


def test_points_of_the_scatter_lie_where_its_ticks_say(summaries: dict[str, StudySummary]) -> None:
    drawn = scatter(summaries["rows"])
    assert drawn is not None
    picture = ElementTree.fromstring(str(drawn.picture))
    ticks = [t for t in picture.iter("text") if t.attrib["class"] == "tick" and t.text]
    across = [(float(t.text or 0), float(t.attrib["x"])) for t in ticks if t.attrib["text-anchor"] == "middle"]
    down = [(float(t.text or 0), float(t.attrib["y"]) - 4) for t in ticks if t.attrib["text-anchor"] == "end"]
    points = list(picture.iter("circle"))
    assert len(points) == 3
    for (truth, guess), point in zip(summaries["rows"].numbers, points, strict=True):
        for value, marks, place in ((truth, across, "cx"), (guess, down, "cy")):
            slope, start = np.polyfit(*zip(*marks, strict=True), 1)
            assert float(point.attrib[place]) == pytest.approx(start + slope * value, abs=0.3)


def test_the_metric_that_is_better_when_less_says_so(summaries: dict[str, StudySummary]) -> None:
    html = render(summaries["rows"])
    assert "that is less rmse" in html
    assert "rmse, less is better" in html
    assert "The shorter the bar the better" in section(html, "ranking")
    assert "less is better" not in render(summaries["helps"])


def test_the_tag_that_is_told_worst_stands_first() -> None:
    found = tag_bars([TagResult("a", 3, 0.9, 0, 0), TagResult("b", 0, None, 0, 1), TagResult("c", 2, 0.2, 1, 0)])
    assert found is not None
    assert [bar.result.tag for bar in found.bars] == ["c", "a", "b"]
    many = tag_bars([TagResult(f"{i}", 1, i / 100, 0, 0) for i in range(100)])
    assert many is not None
    assert (len(many.bars), many.n_better) == (40, 60)
    assert tag_bars([]) is None


@pytest.mark.parametrize(("metric", "said"), [(ACCURACY, "-31.0"), (RMSE, "+0.31")])
def test_a_column_that_matters_makes_the_metric_worse(metric: MetricInfo, said: str) -> None:
    found = importance_bars([Importance("age", 0.31, 0.02), Importance("sex", 0.0, 0.0)], metric)
    assert found is not None
    assert [bar.change for bar in found.bars] == [said, "0"]
    bars = [next(ElementTree.fromstring(str(bar.picture)).iter("rect")) for bar in found.bars]
    assert float(bars[0].attrib["width"].rstrip("%")) > 50 > float(bars[1].attrib["width"].rstrip("%"))


def test_of_many_columns_the_first_are_shown() -> None:
    found = importance_bars([Importance(f"c{i}", 1 / (i + 1), 0.0) for i in range(40)], ACCURACY)
    assert found is not None
    assert (len(found.bars), found.n_less) == (MOST, 40 - MOST)


def test_a_line_of_a_window_is_broken_where_nothing_is_said() -> None:
    channels = [[0.0, 1.0, float("nan"), 3.0, 4.0], [5.0] * 5]
    picture = ElementTree.fromstring(str(window_picture(channels, ("heat", "a < b"), "a window")))
    lines = list(picture.iter("polyline"))
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 2, 5]
    places = [tuple(map(float, point.split(","))) for line in lines for point in line.attrib["points"].split()]
    assert all(0 <= x <= WIDTH and HEIGHT * (i > 3) <= y <= HEIGHT * (1 + (i > 3)) for i, (x, y) in enumerate(places))
    assert [text.text for text in picture.iter("text")] == ["heat", "0 to 4", "a < b", "5"]


def test_channels_that_nobody_named_are_counted() -> None:
    picture = ElementTree.fromstring(str(window_picture([[0.0, 1.0], [float("nan")] * 2], (), "a window")))
    assert [text.text for text in picture.iter("text")] == ["channel 1", "0 to 1", "channel 2", "says nothing"]


def gaps(text: str) -> list[int]:
    """Marked words before, between and after those that are not."""
    counts = [0]
    for word in re.findall(r"<(?:del|ins)>\w</(?:del|ins)>|\w", text):
        if word.startswith("<"):
            counts[-1] += 1
        else:
            counts.append(0)
    return counts


def test_marked_words_are_as_few_as_the_edit_distance() -> None:
    draw = np.random.default_rng(0)
    for _ in range(100):
        first, second = (draw.choice(list("abcd"), draw.integers(1, 9)).tolist() for _ in range(2))
        truth, heard = map(gaps, map(str, marked(" ".join(first), " ".join(second))))
        assert sum(max(pair) for pair in zip(truth, heard, strict=True)) == edit_distance(first, second)


def test_words_that_are_not_marked_are_the_same_in_both() -> None:
    truth, heard = marked("<i>a</i> b c", "a b d")
    kept = [re.sub(r"<(del|ins)>.*?</\1>", "", str(one)).split() for one in (truth, heard)]
    assert kept == [["b"], ["b"]]
    assert "<i>" not in truth
    assert "nothing" in marked("hello", "")[1]
