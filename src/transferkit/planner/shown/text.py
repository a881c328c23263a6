"""A text: all of a short one, the beginning and the end of a long one."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

from transferkit.evaluate.summary import Mistake

BEGINNING, END = 240, 80
"""Characters."""
_LONGEST_WORD = 24
"""Characters that are given up at most so that a cut lies between words; scripts without spaces are cut anywhere."""


def show(mistake: Mistake, item: Any) -> Mistake:
    """With a `text`."""
    return replace(mistake, text=excerpt(str(item)))


def excerpt(text: str, beginning: int = BEGINNING, end: int = END) -> str:
    """At most `beginning` + `end` characters and what stands for the rest; white space of any kind becomes one space.

    >>> excerpt("It began well, went on for hours, and in the end everybody slept.", 16, 16)
    'It began well, \N{HORIZONTAL ELLIPSIS} everybody slept.'
    """
    words = " ".join(text.split())
    if len(words) <= beginning + end + 3:
        return words
    first = words[: _cut(words, beginning)].rstrip()
    last = words[len(words) - _cut(words[::-1], end) :].lstrip()
    while last and unicodedata.combining(last[0]):  # an accent without its letter
        last = last[1:]
    return f"{first} \N{HORIZONTAL ELLIPSIS} {last}"


def _cut(words: str, length: int) -> int:
    """Where to cut so that about `length` characters stay, after a space where there is one near."""
    space = words.rfind(" ", max(0, length - _LONGEST_WORD), length + 1)
    if space > 0:
        return space
    while length > 0 and unicodedata.combining(words[length]):
        length -= 1
    return length
