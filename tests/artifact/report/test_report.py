"""The report says everything, escapes everything and asks nobody for anything."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from transferkit.artifact.report import render
from transferkit.artifact.report.axis import axis_over, element
from transferkit.artifact.report.forest import forest
from transferkit.evaluate.summary import Mistake, StudySummary

ENDS = (
    "helps",
    "hurts",
    "undecided",
    "no_difference",
    "fifteen_classes",
    "many_classes",
    "no_pictures",
    "interrupted",
    "hostile",
    "not_finite",
    "empty",
    "texts",
    "clips",
    "rows",
    "windows",
    "transcripts",
    "tags",
)
VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Reads a page as a browser would, and notes what it would load, run or stumble over."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.text.append(data)


def words(page: Page) -> str:
    return " ".join(" ".join(page.text).split())


@pytest.mark.parametrize("end", ENDS)
def test_every_end_gives_a_whole_page_that_loads_and_runs_nothing(summaries: dict[str, StudySummary], end: str) -> None:
    html = render(summaries[end])
    page = Page(html)
    assert page.open == []
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "data", "action", "xlink:href"):
            address = attributes.get(name)
            allowed = ("data:audio/",) if tag == "audio" else ("data:image/", "#")
            assert address is None or address.startswith(allowed), address
        if tag == "img":
            assert attributes["alt"]
        if tag == "svg" and attributes.get("class") in ("lane", "curve", "labels"):
            assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label")
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "nan%" not in html.lower()
    assert ">nan<" not in html.lower()


@pytest.mark.parametrize(
    ("end", "title"),
    [("helps", "Helps"), ("hurts", "Hurts"), ("undecided", "Undecided"), ("no_difference", "No difference")],
)
def test_the_verdict_is_the_first_heading_with_its_sentence(
    summaries: dict[str, StudySummary], end: str, title: str
) -> None:
    html = render(summaries[end])
    heading = re.search(r"<h1>.*?</span>(.*?)</h1>", html)
    assert heading
    assert heading[1] == title
    assert f'class="hero {end}"' in html
    assert summaries[end].sentence in words(Page(html))


def test_an_interrupted_study_does_not_look_like_an_undecided_one(summaries: dict[str, StudySummary]) -> None:
    html = render(summaries["interrupted"])
    assert 'class="hero interrupted"' in html
    assert "Undecided</h1>" not in html


def test_of_an_adaptation_it_says_what_was_chosen_only_once(summaries: dict[str, StudySummary]) -> None:
    """Without labels the baseline may be chosen; the arm that the verdict is on is another then."""
    summary = summaries["helps"]
    chosen = next(arm for arm in summary.arms if arm.status == "chosen")
    about = {
        "sources": [{"name": "old.csv", "n_labelled": 70, "n_held_out": 30}], "n_unlabelled": 90, "n_sealed": 40, "terms": [],
        "classes": {"shared": ["a"], "only_in_sources": [], "only_in_target": []}, "reason": "it is kept", "epochs": {},
        "candidates": [{"name": name, "together": 0.5, "scores": {}} for name in (chosen.baseline, chosen.name)],
    }  # fmt: skip
    for name, tag in ((chosen.baseline, "leading adaptation"), (chosen.name, "chosen")):
        page = render(replace(summary, extra={"adaptation": about | {"chosen_without_labels": name}}))
        assert f'<span class="tag">{tag}</span>' in page
        assert words(Page(page)).count("(chosen)") == 1


def test_what_decides_and_what_else_to_label_are_two_sentences(summaries: dict[str, StudySummary]) -> None:
    about = {
        "sources": [], "n_unlabelled": 90, "n_sealed": 0, "terms": [], "reason": "", "epochs": {}, "candidates": [],
        "classes": {"shared": ["a"], "only_in_sources": [], "only_in_target": []},
        "to_label": ["one", "two"], "n_deciding": 1, "n_disputed": 1, "n_judged": 90, "most": 0.1, "reach": 0.029,
    }  # fmt: skip
    said = words(Page(render(replace(summaries["undecided"], gain=None, extra={"adaptation": about}))))
    assert "to within about 2.9 points. The others are" in said


def test_hostile_names_stay_text(summaries: dict[str, StudySummary]) -> None:
    html = render(summaries["hostile"])
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert summaries["hostile"].best.split("\n")[0] in "".join(Page(html).text)


def test_a_thumbnail_from_elsewhere_is_not_loaded(summaries: dict[str, StudySummary]) -> None:
    spy = Mistake("a.png", "cat", "dog", 0.9, "https://example.org/spy.png")
    html = render(replace(summaries["helps"], mistakes=(*summaries["helps"].mistakes, spy)))
    assert "example.org" not in html


def test_everything_needed_to_repeat_it_is_there(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["helps"]
    said = words(Page(render(summary)))
    for fact in (
        summary.repeat["command"],
        "2f9d8c7b6a5e4f30",
        "b1946ac92492d234",
        "0, 1, 2, 3, 4",
        "2.13.0",
        "3.11.9",
        "is cut short: 120 of 812 bytes",
        "2 identical pictures",
        "cannot be reached: you are offline",
    ):
        assert fact in said


def test_a_large_table_of_classes_becomes_the_most_confused_pairs(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["many_classes"]
    assert summary.confusion is not None
    html = render(summary)
    assert 'class="heat' not in html
    worst = max((count, i, j) for i, row in enumerate(summary.confusion) for j, count in enumerate(row) if i != j)
    first = html.partition("Share of that class")[2].partition("</tr>")[2].partition("</tr>")[0]
    assert f'<td class="number">{worst[0]}</td>' in first


def test_a_small_table_of_classes_shows_every_count(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["helps"]
    assert summary.confusion is not None
    table = render(summary).partition('<table class="heat')[2].partition("</table>")[0]
    cells = re.findall(r'<td class="(?:right|wrong)[^>]*>([^<]*)</td>', table)
    assert [0 if cell == "·" else int(cell) for cell in cells] == [count for row in summary.confusion for count in row]


def test_dots_and_intervals_lie_where_the_axis_says(summaries: dict[str, StudySummary]) -> None:
    summary = summaries["helps"]
    plot = forest(summary)
    assert plot is not None
    marks = [
        (float(t.text.replace("\N{MINUS SIGN}", "-")), float(t.attrib["x"].rstrip("%")))
        for t in ElementTree.fromstring(str(plot.scale)).iter("text")
        if t.text
    ]
    (low, left), (high, right) = marks[0], marks[-1]
    gains = {arm.name: arm.gain for arm in summary.arms if arm.gain}
    assert len(plot.rows) == len(gains) == 4
    for row in plot.rows:
        gain = gains[row.name]
        picture = ElementTree.fromstring(str(row.picture))
        dot = next(c for c in picture.iter("circle"))
        reach = next(line for line in picture.iter("line") if line.attrib["class"] == "reach")
        for value, place in (
            (gain.mean, dot.attrib["cx"]),
            (gain.low, reach.attrib["x1"]),
            (gain.high, reach.attrib["x2"]),
        ):
            expected = left + (100 * value - low) * (right - left) / (high - low)
            assert float(place.rstrip("%")) == pytest.approx(expected, abs=0.02)


def test_the_plan_and_every_metric_are_there(summaries: dict[str, StudySummary]) -> None:
    html = render(summaries["helps"])
    plan = words(Page(html.partition('<section id="plan">')[2].partition("</section>")[0]))
    assert "full < zoo:shuffled-cnn dropped no better than random features" in plan
    metrics = words(Page(html.partition('<section id="metrics">')[2].partition("</section>")[0]))
    assert "log loss lower 0.41 0.23 +0.18 +0.12 to +0.24" in metrics
    assert "scratch 86.8 % 0.41" in metrics
    for section in ("plan", "metrics", "labels"):
        assert f'<section id="{section}">' not in render(summaries["empty"])


@pytest.mark.parametrize(
    "values", [(0, 1), (-0.003, 0.0041), (-29, 8.5), (1e6, 3e6), (5, 5), (0.1, 0.30000000000000004)]
)
def test_an_axis_shows_all_values_with_a_few_round_ticks(values: tuple[float, float]) -> None:
    axis = axis_over(values)
    assert axis.low <= min(values)
    assert axis.high >= max(values)
    assert 2 <= len(axis.ticks) <= 8
    assert all(axis.low - 1e-9 <= tick <= axis.high + 1e-9 for tick in axis.ticks)
    assert max(len(f"{tick:.12g}".lstrip("-").replace(".", "").strip("0")) for tick in axis.ticks) <= 3
    assert axis.place(axis.low) == 0
    assert axis.place(axis.high) == 100


def test_an_axis_over_nothing_finite_is_still_an_axis() -> None:
    assert axis_over([float("nan"), float("inf")]).place(0.5) == 50


def test_svg_attributes_and_text_are_escaped() -> None:
    drawn = str(element("text", "<&>", aria_label='"><script>'))
    assert ElementTree.fromstring(drawn).text == "<&>"
    assert ElementTree.fromstring(drawn).attrib["aria-label"] == '"><script>'
