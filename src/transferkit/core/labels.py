"""Labels as a person wrote them -> labels as the tasks read them.

The rule: empty, null and NaN mean "not labelled". Words are classes; so are numbers without a fraction; as soon as one
number has a fraction, all are quantities. Words among numbers are refused: nearly always a slipped column or a typing error.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from transferkit.core.errors import WrongUse

_KINDS = {"word": "words", "whole": "numbers", "fraction": "numbers"}


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
    plain = [_plain(value) for value in values]
    kinds = [_kind(value) for value in plain]
    first = {kind: i for i, kind in reversed(list(enumerate(kinds))) if kind is not None}
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
    return None if isinstance(value, float) and math.isnan(value) else value


def _kind(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, (str, int, float)):
        return f"{type(value).__name__}s"
    text = str(value)
    if re.fullmatch(r"[-+]?\d+(\.0*)?", text):
        return "whole"
    try:
        return "fraction" if math.isfinite(float(text)) and re.search(r"\d", text) else "word"
    except ValueError:
        return "word"
