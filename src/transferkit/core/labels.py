"""Labels as a person wrote them -> labels as the tasks read them.

The rule: empty, null and NaN mean "not labelled". Words are classes; so are numbers without a fraction, 2.0 included, unless
there are many (`are_quantities`, asked where no task was named); as soon as one number has a fraction, all are quantities.
Words among numbers are refused: nearly always a slipped column or a typing error. Lists of words are tags, and so are words
with a `|` or `;` between them (`are_tags`).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from transferkit.core.cells import number
from transferkit.core.errors import WrongUse

MOST_NUMBERED_CLASSES = 20
"""From more whole numbers than these on, some of which occur only once, labels are quantities."""
MOST_RECURRING, LEAST_RECURRING = 10, 5
"""So many different numbers at most, and so many items of each on average, from which on numbers may be names of classes."""
_KINDS = {"word": "words", "whole": "numbers", "fraction": "numbers"}


def in_order(classes: Iterable[str]) -> tuple[str, ...]:
    """Each class once: numbers by their value, then words by the alphabet.

    >>> in_order(["10", "9", "other", "-1"])
    ('-1', '9', '10', 'other')
    """

    def place(name: str) -> tuple[bool, float, str]:
        value = number(name)
        return value is None, value or 0.0, name

    return tuple(sorted(set(classes), key=place))


def read_labels(values: Sequence[Any], where: Callable[[int], str]) -> list[Any]:
    """One label a value: str for a class, float for a quantity, None where there is none; anything else stays.

    `where(i)` says for an error message where value i was found.

    >>> read_labels(["cat", "", "dog"], where=str)
    ['cat', None, 'dog']
    >>> read_labels([1, 2.0, float("nan")], where=str)
    ['1', '2', None]
    >>> read_labels(["1.5", "2"], where=str)
    [1.5, 2.0]
    """
    shared: dict[str, str] = {}  # equal words are one, for there may be millions
    plain = [shared.setdefault(one, one) if isinstance(one, str) else one for one in map(_plain, values)]
    kinds = [_kind(value) for value in plain]
    first: dict[str, int] = {}
    for i, kind in enumerate(kinds):
        if kind is not None:
            first.setdefault(kind, i)
    families = {_KINDS.get(kind, kind): kind for kind in sorted(first, key=first.__getitem__, reverse=True)}
    if len(families) > 1:
        found = " and ".join(f"{values[i]!r} ({where(i)})" for i in sorted(first[kind] for kind in families.values()))
        raise WrongUse(f"labels mix {' and '.join(sorted(families))}: {found}; make them all of one kind")
    if "fraction" in first:
        return [None if kind is None else float(value) for value, kind in zip(plain, kinds, strict=True)]
    return [
        str(int(float(value))) if kind == "whole" and "." in str(value) else value if kind != "whole" else str(value)
        for value, kind in zip(plain, kinds, strict=True)
    ]


def are_quantities(labels: Sequence[Any]) -> bool:
    """Whether class labels are rather whole-numbered quantities: more than 20 different ones, some of which occur once.

    A class hardly ever has a number for a name, more than 20 sisters, and a single item. Where this errs a task is named.

    >>> are_quantities([str(n) for n in (*range(40), 3, 3)]), are_quantities(["3", "5", "5"] * 20)
    (True, False)
    """
    return are_many_numbers(labels) and min(Counter(labels).values()) == 1


def are_many_numbers(labels: Sequence[Any]) -> bool:
    """Whether class labels are whole numbers, more than 20 different ones: classes or quantities, more must be known.

    >>> are_many_numbers([str(n) for n in range(40)] * 2), are_many_numbers(["3", "5"] * 40)
    (True, False)
    """
    if not all(isinstance(label, str) and re.fullmatch(r"[-+]?\d+", label) for label in labels):
        return False
    return len(set(labels)) > MOST_NUMBERED_CLASSES


def may_be_classes(labels: Sequence[Any]) -> bool:
    """Whether quantities may rather be names of classes: at most 10 different ones, each of some 5 items or more on average.

    They stay quantities - grades and doses recur as well - but a person should know of the other reading.

    >>> may_be_classes([0.5, 1.5] * 60), may_be_classes([0.5, 1.5]), may_be_classes(["1", "2"] * 60)
    (True, False, False)
    """
    if not labels or not all(isinstance(label, float) for label in labels):
        return False
    different = len(set(labels))
    return 2 <= different <= MOST_RECURRING and len(labels) >= LEAST_RECURRING * different


def as_classes(labels: Sequence[Any]) -> tuple[Any, ...]:
    """Quantities as the names of classes, where a person says that they are; what is no number stays.

    >>> as_classes([3.0, 0.5, "cat"])
    ('3', '0.5', 'cat')
    """
    return tuple(f"{label:.15g}" if isinstance(label, float) else label for label in labels)


def read_tags(labels: Sequence[Any]) -> tuple[tuple[str, ...], ...] | None:
    """Each label as its tags, sorted: lists of words, or words between `|` or `;`; None where labels are neither.

    One separator holds for all labels: `|` where it occurs, else `;`.

    >>> read_tags(["red|round", "red", "|"]), read_tags([["b", "a"], []]), read_tags([1.5])
    ((('red', 'round'), ('red',), ()), (('a', 'b'), ()), None)
    """
    if all(isinstance(label, str) for label in labels):
        separator = _separator(labels)
        parted = [label.split(separator) for label in labels]
    elif all(isinstance(label, list | tuple | set | frozenset) for label in labels):
        parted = [list(label) for label in labels]
        if not all(isinstance(tag, str | int) for tags in parted for tag in tags):
            return None
    else:
        return None
    return tuple(tuple(sorted({str(tag).strip() for tag in tags} - {""})) for tags in parted)


def are_tags(labels: Sequence[Any]) -> bool:
    """Whether words are rather several tags each: at least a quarter hold a `|` or `;`, and parts recur in other combinations.

    Where this errs a task is named.

    >>> are_tags(["red|round", "red", "round", "red|flat"]), are_tags(["yes|no"] * 3 + ["maybe"]), are_tags(["red", "flat"])
    (True, False, False)
    """
    if not labels or not all(isinstance(label, str) for label in labels):
        return False
    separator = _separator(labels)
    parts = {part.strip() for label in labels for part in label.split(separator)}
    return sum(separator in label for label in labels) >= len(labels) / 4 and len(parts) <= len(set(labels))


def _separator(labels: Sequence[str]) -> str:
    return "|" if any("|" in label for label in labels) else ";"


def _plain(value: Any) -> Any:
    """A Python value; None where nothing is said."""
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:  # a scalar of numpy or torch
        value = value.item()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # one spelling for an accented letter, however the file system composed it
        text = unicodedata.normalize("NFC", value.strip())
        return None if text.lower() in ("", "nan") else text
    is_nothing = (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in ("NAType", "NaTType")
    return None if is_nothing else value


def _kind(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, (str, int, float)):
        return f"{type(value).__name__}s"
    text = str(value)
    if re.fullmatch(r"[-+]?\d+(\.0*)?", text):
        return "whole"
    return "word" if number(text) is None else "fraction"
