"""Rows as sentences, so that a text encoder takes tables: "age is 63. sex is male."

After Hegselmann, Buendia, Lang, Agrawal, Jiang & Sontag 2023, arXiv:2210.10723, whose plain list of names and values does as
well as any phrasing. A column's name loses its underscores, a number its needless digits; what is missing is not said.

The columns are those of the table that it was made for: one that another table has beside them, such as a number of the row or
the label itself, is left aside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

from transferkit.core.cells import number, word
from transferkit.core.errors import WrongUse
from transferkit.core.source import Processor
from transferkit.sources import processors

if TYPE_CHECKING:
    from transferkit.core.network import State

DIGITS = 4
"""Of a number: more would only be more word pieces to a text encoder."""


@final
@dataclass(frozen=True)
class TabularAsText(Processor):
    """Rows -> what a text network takes, by way of one sentence a column."""

    modality: ClassVar[str] = "tabular"
    inner: Processor
    """The text network's own."""
    columns: tuple[str, ...] | None = None
    """Those that are said, in this order; None: all that a row has."""

    def __call__(self, items: Sequence[Any]) -> State:
        return self.inner(self._said(items))

    def lengths(self, items: Sequence[Any]) -> Sequence[int] | None:
        """Of the sentences, as the text network counts them."""
        return self.inner.lengths(self._said(items))

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """What the text network does not see of the sentences."""
        return self.inner.notes(self._said(items))

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns that are said; none where it says all that there are."""
        return self.columns or ()

    def describe(self) -> dict[str, Any]:
        """The inner processor's settings are part of it."""
        columns = None if self.columns is None else list(self.columns)
        return {"kind": "tabular_as_text", "inner": self.inner.describe(), "columns": columns}

    def _said(self, items: Sequence[Any]) -> list[str]:
        return [sentences(item, self.columns) for item in items]


def sentences(row: Mapping[str, Any], columns: Sequence[str] | None = None) -> str:
    """A row in words; of these columns, or of all it has.

    >>> sentences({"age": 63.0, "chest_pain": "typical", "ca": None, "oldpeak": 2.30001})
    'age is 63. chest pain is typical. oldpeak is 2.3.'
    """
    if not isinstance(row, Mapping):
        raise WrongUse(f"a row is a mapping such as {{'age': 63}}, got {type(row).__name__}")
    said = ((name, _said(row.get(name))) for name in (row if columns is None else columns))
    return (
        " ".join(f"{name.replace('_', ' ').strip()} is {text}." for name, text in said if text) or "nothing is known."
    )


def _said(cell: Any) -> str | None:
    value = number(cell)
    if value is None or value == int(value):
        return word(cell)
    return f"{value:.{DIGITS}g}"


def around(inner: Processor, items: Sequence[Any]) -> TabularAsText:
    """The bridge to the text network that `inner` feeds, for rows with the columns of these."""
    return TabularAsText(inner, tuple(items[0]) if len(items) else None)


def of(settings: Mapping[str, Any]) -> TabularAsText:
    """The processor of these settings."""
    columns = settings.get("columns")
    return TabularAsText(processors.build(settings["inner"]), None if columns is None else tuple(columns))
