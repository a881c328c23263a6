"""Printed: a study or a ranking for the terminal - the verdict first, then a line an arm."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from transferkit.artifact import wording
from transferkit.artifact.further_metrics import caveat, chosen_arm, further_metrics
from transferkit.evaluate.summary import ArmSummary, RankedSource, StudySummary

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

COLOURS = {"helps": "green", "hurts": "red", "no_difference": "blue", "undecided": "yellow"}
_NOTES_SHOWN = 5
_LABELS_SHOWN = 30
"""Names of items to label that are spelled out; a person may want to copy them."""


def printed(summary: StudySummary, width: int | None = None) -> str:
    """A study as plain text, `width` columns wide (default: the terminal's)."""
    return as_text(study_renderable(summary), width)


def printed_ranking(rows: Sequence[RankedSource], width: int | None = None) -> str:
    """A ranking as plain text."""
    return as_text(ranking_renderable(rows), width)


def study_renderable(summary: StudySummary) -> RenderableType:
    """What rich draws, in colour where the terminal has it."""
    from rich.console import Group
    from rich.text import Text

    colour = COLOURS[summary.verdict]
    title = Text(f" {wording.headline(summary).upper()} ", style=f"bold reverse {colour}")
    parts: list[RenderableType] = [Text.assemble(title, " ", summary.sentence)]
    parts += [Text(summary.label_equivalence.sentence)] if summary.label_equivalence else []
    parts.append("")
    parts += [_arms(summary), ""]
    if chosen := chosen_arm(summary):
        parts += [_further(chosen, summary), Text(caveat(chosen, summary), style="dim"), ""]
    parts.append(Text(wording.returned(summary), style="bold"))
    parts += filter(None, [_to_label(summary)])
    cost = f"Spent {wording.duration(summary.cost.get('total', float('nan')))}, budget {summary.budget}"
    parts.append(f"{cost}; {wording.judged(summary)}. {_levels(summary)}".rstrip())
    parts += filter(None, [wording.detectable(summary)])
    parts += [Text(f"! {line}", style="yellow") for line in _warnings(summary)]
    return Group(*parts)


def ranking_renderable(rows: Sequence[RankedSource]) -> RenderableType:
    """The ranking as a table; a source that is no better than random features says so."""
    from rich.text import Text

    short = wording.shortener(row.name for row in rows)
    chances = any(row.chance is not None for row in rows)
    shown = table("source", "predicted", "95 % interval", *["is the best"] * chances, "parameters", "note")
    for row in rows:
        if row.predicted is None:
            blank = [""] * (2 + chances)
            shown.add_row(Text(short(row.name)), *blank, wording.quantity(row.parameters), Text(row.note), style="dim")
            continue
        between = "" if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}"
        floor = "no better than random features" if row.above_floor is False else ""
        note = "; ".join(filter(None, (floor, row.note)))
        chance = [] if row.chance is None else [f"{100 * row.chance:.0f} %" if row.chance >= 0.01 else "< 1 %"]
        size = wording.quantity(row.parameters)
        shown.add_row(Text(short(row.name)), f"{row.predicted:.3f}", between, *chance, size, Text(note))
    return shown


def _to_label(summary: StudySummary) -> str:
    """The items whose labels would settle what could not be; "" where something was proven."""
    found = summary.extra.get("adaptation") or {}
    names = found.get("to_label") or []
    if not names or summary.gain:
        return ""
    rest = f", and {len(names) - _LABELS_SHOWN} more in the report" if len(names) > _LABELS_SHOWN else ""
    deciding = found.get("n_deciding") or 0
    how = f", of which the first {deciding} decide" if 0 < deciding < len(names) else ""
    return f"Label these{how}: {wording.items_named(names[:_LABELS_SHOWN])}{rest}."


def _arms(summary: StudySummary) -> Table:
    from rich.text import Text

    metric = summary.metric
    digits = wording.digits_for([arm.gain for arm in summary.arms if arm.gain], metric)
    short = wording.shortener(arm.name for arm in summary.arms)
    shown = table("arm", "gain", "interval", "verdict", wording.metric_name(metric), "cost")
    for arm in wording.in_order(summary.arms):
        gain = between = ""
        if arm.gain:
            gain = wording.difference(arm.gain.mean, metric, digits)
            between = wording.interval(arm.gain, metric, digits)
        name = Text(short(arm.name), style="bold" if arm.name == summary.best else "")
        shown.add_row(name, gain, between, _verdict(arm), _test(arm, summary), wording.duration(arm.seconds))
    return shown


def _further(arm: ArmSummary, summary: StudySummary) -> Table:
    """The chosen arm beside its baseline by every other metric."""
    shown = table("by other metrics", "better", "baseline", "arm", "gain", "interval")
    for row in further_metrics(arm, summary):
        shown.add_row(row.metric, row.better, row.baseline, row.arm, row.gain, row.interval)
    return shown


def _levels(summary: StudySummary) -> str:
    """At which level the intervals hold; those of the other arms are wider, so that all hold at once."""
    levels = {arm.status == "chosen": wording.level(arm.gain) for arm in summary.arms if arm.gain}
    if len(set(levels.values())) < 2:
        return "".join(f"Intervals: {level}." for level in set(levels.values()))
    return f"Intervals: {levels[True]} for the chosen arm, {levels[False]} for each of the others."


def _verdict(arm: ArmSummary) -> Text:
    from rich.text import Text

    if arm.verdict is None:
        return Text(wording.standing(arm), style="dim")
    return Text(wording.VERDICTS[arm.verdict].title.lower(), style=f"bold {COLOURS[arm.verdict]}")


def _test(arm: ArmSummary, summary: StudySummary) -> str:
    """The value on the test split; where the arm was only tried, that on validation, marked as such."""
    if arm.test is not None:
        return wording.value(arm.test, summary.metric)
    tried = wording.value(arm.validation, summary.metric)
    return f"({tried})" if tried else ""


def _warnings(summary: StudySummary) -> list[str]:
    failed = [f"{arm.name} failed: {'; '.join(arm.notes)}" for arm in summary.arms if arm.status == "failed"]
    lines = [*summary.target.get("warnings", ()), *summary.notes, *failed]
    if any(arm.test is None and arm.validation is not None for arm in summary.arms):
        lines.append("numbers in brackets are validation values of arms that were not proven; they flatter")
    hidden = len(lines) - _NOTES_SHOWN
    return (
        lines if hidden <= 0 else [*lines[:_NOTES_SHOWN], f"and {wording.counted(hidden, 'more note')} in the report"]
    )


def table(*columns: str) -> Table:
    """An empty table in this product's style."""
    from rich import box
    from rich.table import Table

    empty = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for column in columns:
        number = column not in (
            "source",
            "target",
            "arm",
            "verdict",
            "note",
            "why",
            "because",
            "not tried",
            "by other metrics",
            "better",
        )
        wraps = column in ("arm", "source", "target", "note", "why", "because", "not tried")
        empty.add_column(column, justify="right" if number else "left", no_wrap=not wraps, overflow="fold")
    return empty


def as_text(renderable: RenderableType, width: int | None) -> str:
    """What rich would draw, without colour."""
    from rich.console import Console

    columns = width or shutil.get_terminal_size((100, 24)).columns
    written = io.StringIO()
    Console(file=written, width=columns, color_system=None, force_terminal=False, highlight=False).print(renderable)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())
