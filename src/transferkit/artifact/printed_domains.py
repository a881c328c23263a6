"""Printed domains: a ranking of labelled source data for the terminal, for a target without labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transferkit.artifact import wording
from transferkit.artifact.printed import as_text, table
from transferkit.evaluate.ranked_domain import RankedDomain

if TYPE_CHECKING:
    from rich.console import RenderableType

NO_PREDICTION = (
    "This is no prediction of accuracy: without labels of the target none can be made. Distance: proxy A-distance of the "
    "items, 0 where they look like one domain, 2 where they are told apart without error. transfer adapts, and says what can "
    "be said."
)


def printed_domains(rows: Sequence[RankedDomain], notes: Sequence[str] = (), width: int | None = None) -> str:
    """A ranking of domains as plain text, `width` columns wide (default: the terminal's)."""
    return as_text(domains_renderable(rows, notes), width)


def domains_renderable(rows: Sequence[RankedDomain], notes: Sequence[str] = ()) -> RenderableType:
    """What rich draws."""
    from rich.console import Group
    from rich.text import Text

    has_classes = any(row.classes for row in rows)
    shown = table("source", "distance", *(["own accuracy", "classes"] if has_classes else []), "labelled", "note")
    for row in rows:
        classes = [_own(row), _classes(row)] if has_classes else []
        distance = "" if row.distance is None else f"{row.distance:.2f}"
        note = row.note or (f"lacks {wording.few(row.lacks)}" if row.lacks else "")
        labelled = str(row.n_labelled) if row.is_usable else ""
        style = "" if row.is_usable else "dim"
        shown.add_row(Text(row.name), distance, *classes, labelled, Text(note), style=style)
    lines = [f"! {line}" for line in notes]
    return Group(
        shown, "", Text(f"Features of {_features(rows)}. {_order(rows)}"), Text(NO_PREDICTION), *map(Text, lines)
    )


def _own(row: RankedDomain) -> str:
    return "" if row.own is None else f"{100 * row.own:.1f} %"


def _classes(row: RankedDomain) -> str:
    return f"{len(row.classes)} of {len(row.classes) + len(row.lacks)}" if row.is_usable else ""


def _features(rows: Sequence[RankedDomain]) -> str:
    several = dict.fromkeys(row.features for row in rows if row.is_usable)
    return next(iter(several)) if len(several) == 1 else "the network learned from each source"


def _order(rows: Sequence[RankedDomain]) -> str:
    if all(row.bound is not None for row in rows if row.is_usable):
        return (
            "Ordered by what is known of the bound on the target error: the error on the source, and half the distance."
        )
    return "Ordered by the distance."
