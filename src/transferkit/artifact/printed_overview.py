"""Printed overview: several targets for the terminal, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transferkit.artifact import wording
from transferkit.artifact.overview import overview_row, sentence
from transferkit.artifact.printed import COLOURS, as_text, table
from transferkit.evaluate.target_result import TargetResult

if TYPE_CHECKING:
    from rich.console import RenderableType


def printed_overview(results: Sequence[TargetResult], width: int | None = None) -> str:
    """The overview as plain text, `width` columns wide (default: the terminal's)."""
    return as_text(overview_renderable(results), width)


def overview_renderable(results: Sequence[TargetResult]) -> RenderableType:
    """What rich draws."""
    from rich.console import Group
    from rich.text import Text

    rows = [overview_row(result) for result in results]
    units = dict.fromkeys(row.unit for row in rows if row.gain)
    short = wording.shortener(row.arm for row in rows)
    shown = table("target", "verdict", "arm", "gain", "interval", "note")
    for row in rows:
        gain = f"{row.gain} {row.unit}" if row.gain and len(units) > 1 else row.gain
        colour = COLOURS.get(row.word, "red" if row.word == "failed" else "dim")
        said = Text(row.verdict.lower(), style=f"bold {colour}")
        shown.add_row(Text(row.target), said, Text(short(row.arm)), gain, row.interval, Text(row.note))
    parts: list[RenderableType] = [Text(f"{sentence(results)}.", style="bold"), "", shown]
    if len(units) == 1:
        parts += ["", Text(f"Gains over each target's own baseline, in {next(iter(units))}.", style="dim")]
    return Group(*parts)
