"""Wording: how verdicts, gains, seconds and counts are said to a person, in the terminal, the report and the model card."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite, log10
from typing import Any, get_args

from transferkit.evaluate.summary import ArmSummary, Gain, MetricInfo, StudySummary, VerdictWord

_WEIGHT_FILE = re.compile(r"torch:(?:[^\s?]*/)?([^\s/?]+?)(?:\.(?:safetensors|pt|pth|bin))?(?:\?[^\s)]*)?(?=[\s)]|$)")
"""A source of the kind `torch:FOLDER/NAME.safetensors?options`, also inside the name of an arm."""


@dataclass(frozen=True)
class Wording:
    """How one verdict is shown. The sign tells it where colour cannot."""

    title: str
    sign: str
    meaning: str


VERDICTS: dict[VerdictWord, Wording] = {
    "helps": Wording("Helps", "+", "Better than its baseline: the whole interval lies above 0."),
    "hurts": Wording("Hurts", "-", "Worse than its baseline: the whole interval lies below 0."),
    "no_difference": Wording(
        "No difference", "=", "As good as its baseline: the whole interval lies within the margin that does not matter."
    ),
    "undecided": Wording(
        "Undecided", "?", "This test could not tell: the interval includes 0 and reaches beyond the margin."
    ),
}
assert set(VERDICTS) == set(get_args(VerdictWord))


def headline(summary: StudySummary) -> str:
    """The verdict of the whole study in one or two words; a study that was stopped says so.

    The verdict word of such a study, `undecided`, would otherwise look like a finding.
    """
    return "Interrupted" if summary.extra.get("interrupted") else VERDICTS[summary.verdict].title


def metric_name(metric: MetricInfo) -> str:
    """The name as words: macro f1."""
    return metric.name.replace("_", " ")


def heading(name: str) -> str:
    """A metric's name at the beginning of a line; a short one is made of initials.

    >>> heading("macro f1"), heading("wer")
    ('Macro f1', 'WER')
    """
    return name.upper() if len(name) <= len("auroc") else name.capitalize()


def value(number: float | None, metric: MetricInfo) -> str:
    """A metric's value for people; "" where there is none.

    >>> value(0.9312, MetricInfo("accuracy", True, "points", 100.0))
    '93.1 %'
    >>> value(0.347, MetricInfo("mean_absolute_error", False, "units", 1.0))
    '0.347'
    """
    if number is None or not isfinite(number):
        return ""
    scaled = number * metric.scale
    return f"{scaled:.1f} %" if metric.scale == 100 and metric.unit == "points" else in_short(scaled, 3)


def in_short(number: float, digits: int) -> str:
    """A number with so many digits, those before the point never fewer than it has.

    >>> in_short(0.34567, 3), in_short(-2374.1, 3), in_short(999.7, 3), in_short(5.0, 4)
    ('0.346', '-2374', '1000', '5')
    """
    return f"{number:.0f}" if 10**digits - 0.5 <= abs(number) < 1e9 else f"{number:.{digits}g}"


def difference(number: float, metric: MetricInfo, digits: int = 1) -> str:
    """A difference in the metric's points, with its sign.

    >>> difference(0.0634, MetricInfo("accuracy", True, "points", 100.0))
    '+6.3'
    """
    return f"{number * metric.scale:+.{digits}f}" if isfinite(number) else "unknown"


def interval(gain: Gain, metric: MetricInfo, digits: int = 1) -> str:
    """The interval in the metric's points.

    >>> interval(Gain(0.063, 0.041, 0.085, 0.95, 5, 1347, 0.031), MetricInfo("accuracy", True, "points", 100.0))
    '+4.1 to +8.5'
    """
    return f"{difference(gain.low, metric, digits)} to {difference(gain.high, metric, digits)}"


def level(gain: Gain) -> str:
    """The interval's coverage.

    >>> level(Gain(0.063, 0.041, 0.085, 0.99, 5, 1347, 0.031))
    '99 %'
    """
    return f"{100 * gain.level:.3g} %"


def detectable(summary: StudySummary) -> str:
    """What the test of the chosen arm could have shown; "" where nothing was proven, or the sentence says it already."""
    if summary.gain is None or summary.verdict == "undecided":
        return ""
    shown = difference(summary.gain.smallest_detectable, summary.metric, digits_for([summary.gain], summary.metric))
    unit = f"{metric_name(summary.metric)} {summary.metric.unit}"
    return f"Smallest difference this test would have shown with 80 % power: {shown.removeprefix('+')} {unit}."


def digits_for(gains: Sequence[Gain], metric: MetricInfo) -> int:
    """Decimals so that no bound of an interval looks like 0 that is not; at least 1, at most 4.

    A metric that is no percentage has no usual number of decimals: its smallest bound gets two digits.
    """
    bounds = [abs(bound * metric.scale) for gain in gains for bound in (gain.low, gain.high)]
    telling = min((bound for bound in bounds if bound and isfinite(bound)), default=1.0)
    return min(4, max(1, ceil(-log10(telling)) + (metric.scale != 100)))


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> [duration(s) for s in (0.04, 3.21, 75, 4020)]
    ['0.04 s', '3.2 s', '1 min 15 s', '1 h 7 min']
    """
    if not isfinite(seconds):
        return "unknown"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 0.1 else f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def quantity(number: int | None) -> str:
    """A large count in short; "" where it is unknown.

    >>> [quantity(n) for n in (934, 11_689_512, 25_300)]
    ['934', '11.7 M', '25.3 k']
    """
    if number is None:
        return ""
    for size, suffix in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if number >= size:
            return f"{number / (1000 if suffix == 'k' else size):.1f} {suffix}"
    return str(number)


def shortener(names: Iterable[str]) -> Callable[[str], str]:
    """Shows a weight file by its name, without folder, ending and options; where two would look alike, all stay as they are.

    >>> short = shortener(["torch:/models/a/resnet.safetensors?architecture=cifar_resnet", "zoo:digits-cnn"])
    >>> short("full < torch:/models/a/resnet.safetensors?architecture=cifar_resnet"), short("full < zoo:digits-cnn")
    ('full < torch:resnet', 'full < zoo:digits-cnn')
    """
    several = set(names)
    alike = len({_WEIGHT_FILE.sub(r"torch:\1", name) for name in several}) < len(several)
    return lambda name: name if alike else _WEIGHT_FILE.sub(r"torch:\1", name)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "seed"), counted(2, "class", "classes")
    ('1 seed', '2 classes')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def few(names: Sequence[str], shown: int = 6) -> str:
    """Names in a row, those beyond `shown` counted.

    >>> few(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def items_named(names: Sequence[str]) -> str:
    """Items by their names; rows of one table, whose name is said once.

    >>> items_named(["a.csv row 7", "a.csv row 3"])
    'a.csv rows 7, 3'
    >>> items_named(["a.csv row 7", "b.csv row 3"])
    'a.csv row 7, b.csv row 3'
    """
    tables = {name.rpartition(" row ")[0] for name in names}
    rows = [name.rpartition(" row ")[2] for name in names]
    if len(names) > 1 and len(tables) == 1 and all(tables) and all(row.isdecimal() for row in rows):
        return f"{tables.pop()} rows {', '.join(rows)}"
    return ", ".join(names)


_ITEMS = {
    "image": ("picture", "pictures"),
    "text": ("text", "texts"),
    "audio": ("clip", "clips"),
    "tabular": ("row", "rows"),
    "time_series": ("window", "windows"),
}


def items(target: Mapping[str, Any], number: int = 2) -> str:
    """What the items of a study's target are called; `number` of them.

    >>> items({"modality": "tabular"}), items({"modality": "audio"}, 1), items({})
    ('rows', 'clip', 'items')
    """
    singular, plural = _ITEMS.get(target.get("modality", ""), ("item", "items"))
    return singular if number == 1 else plural


def counted_items(number: int, target: Mapping[str, Any], what: str = "") -> str:
    """A number of items of a study's target.

    >>> counted_items(1347, {"modality": "image"}, "test")
    '1347 test pictures'
    """
    return " ".join(filter(None, (str(number), what, items(target, number))))


def memory(peak_bytes: int | None) -> str:
    """Bytes as a person says them; "" where they are unknown.

    >>> memory(1_340_000_000), memory(52_000_000), memory(None)
    ('1.3 GB', '52 MB', '')
    """
    if not peak_bytes:
        return ""
    return f"{peak_bytes / 1e9:.1f} GB" if peak_bytes >= 1e9 else f"{max(1, round(peak_bytes / 1e6))} MB"


def judged(summary: StudySummary) -> str:
    """How the proof was made, in a few words."""
    folds = summary.extra.get("cross_fitting")
    if folds and not folds["repeats"]:
        return "nothing was proven by cross-fitting"
    if folds:
        return f"{folds['folds']}-fold cross-fitting, {counted(folds['repeats'], 'repeat')}"
    n_test = summary.target.get("n_test") or 0
    if summary.extra.get("adaptation") and not n_test:
        return "no label to prove anything on"
    on = f" on {counted_items(n_test, summary.target, 'test')}" if n_test else ""
    return f"{counted(len(summary.seeds), 'seed')} for the proof{on}"


def standing(arm: ArmSummary) -> str:
    """What became of an arm that has no verdict."""
    return {
        "baseline": "baseline",
        "failed": "failed",
        "not_tried": "not tried",
    }.get(arm.status, "not proven")


def in_order(arms: Sequence[ArmSummary]) -> list[ArmSummary]:
    """The chosen arm, the other proven ones by gain, those only tried, the baselines, the failed."""
    rank = {"chosen": 0, "proven": 1, "tried": 2, "baseline": 3, "not_tried": 4, "failed": 5}
    return sorted(arms, key=lambda arm: (rank[arm.status], -(arm.gain.mean if arm.gain else 0.0)))


def returned(summary: StudySummary) -> str:
    """Which model the person gets, and why."""
    if summary.extra.get("interrupted"):
        return "No model yet: the study was interrupted before the proof."
    by_name = {arm.name: arm for arm in summary.arms}
    adaptation = summary.extra.get("adaptation")
    if adaptation and not summary.gain:
        return f"You get {summary.best}, which looks best without labels; nothing is proven."
    if summary.best in by_name and by_name[summary.best].status != "baseline":
        return f"You get {summary.best}."
    return f"You get {summary.best}, the baseline: nothing was proven to be better."
