"""Mistakes: single test items the returned model is wrong about, each with what there is to see of it.

Where it is wrong about none, those that came nearest to it are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from transferkit.artifact.report import suited
from transferkit.artifact.report.differences import marked
from transferkit.artifact.report.window import window_picture
from transferkit.evaluate.summary import Mistake, StudySummary


@dataclass(frozen=True)
class ShownMistake:
    """One item, drawn and in words."""

    mistake: Mistake
    truth: Markup | str
    said: Markup | str
    how: str
    """How sure, or how far off: "93 % sure"; "" where neither is known."""
    plot: Markup | None
    """Of a time series."""


@dataclass(frozen=True)
class ShownMistakes:
    """All of them, and the template that suits them."""

    template: str
    heading: str
    items: tuple[ShownMistake, ...]
    how: str
    """What `ShownMistake.how` tells: "Sure", "Off"."""
    columns: tuple[str, ...]
    """Of rows of a table, the most important first."""
    none_is_wrong: bool


def shown_mistakes(summary: StudySummary) -> ShownMistakes | None:
    """None where nothing was proven, or nothing is known of single items."""
    if not summary.mistakes:
        return None
    kind = suited.mistakes_template(summary)
    return ShownMistakes(
        template=f"mistakes/{kind}.html.jinja",
        heading=suited.heading(summary),
        items=tuple(_shown(one, kind) for one in summary.mistakes),
        how="Off" if all(one.confidence is None for one in summary.mistakes) else "Sure",
        columns=_columns(summary.mistakes),
        none_is_wrong=suited.none_is_wrong(summary),
    )


def _shown(mistake: Mistake, kind: str) -> ShownMistake:
    texts: tuple[Markup | str, Markup | str] = (mistake.truth, mistake.predicted)
    if kind == "transcripts":
        texts = marked(mistake.truth, mistake.predicted)
    sure = "" if mistake.confidence is None else f"{100 * mistake.confidence:.0f}\N{NO-BREAK SPACE}% sure"
    plot = window_picture(mistake.window, mistake.channels, f"The window {mistake.name}") if mistake.window else None
    return ShownMistake(mistake, *texts, sure or mistake.off, plot)


def _columns(mistakes: Sequence[Mistake]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for mistake in mistakes for name in mistake.cells))
