"""Differences: a transcript and what was heard, word by word - what was left out, said wrongly, or never said.

The words are aligned by the fewest insertions, deletions and substitutions (Levenshtein 1966), by the table of distances.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

LONGEST = 200
"""Words; of a longer text the rest is left out and told."""


def marked(truth: str, heard: str) -> tuple[Markup, Markup]:
    """Both texts, the words of the first that were lost in `<del>`, those of the second that are wrong in `<ins>`.

    >>> marked("one two three", "one too three four")[1]
    Markup('one <ins>too</ins> three <ins>four</ins>')
    """
    first, second = truth.split(), heard.split()
    kept, same = _kept(first[:LONGEST], second[:LONGEST])
    return (
        _written(first[:LONGEST], kept, "del", len(first) > LONGEST),
        _written(second[:LONGEST], same, "ins", len(second) > LONGEST),
    )


def _kept(first: Sequence[str], second: Sequence[str]) -> tuple[set[int], set[int]]:
    """Places of words in either that stand for the same word in the other."""
    table = [list(range(len(second) + 1))]  # table[i][j]: changes between the first i and the first j words
    for i, word in enumerate(first, start=1):
        row = [i]
        for j, other in enumerate(second, start=1):
            row.append(min(table[i - 1][j] + 1, row[j - 1] + 1, table[i - 1][j - 1] + (word != other)))
        table.append(row)
    i, j = len(first), len(second)
    in_first, in_second = set(), set()
    while i and j:
        if table[i][j] == table[i - 1][j - 1] + (first[i - 1] != second[j - 1]):
            i, j = i - 1, j - 1
            if first[i] == second[j]:
                in_first.add(i)
                in_second.add(j)
        elif table[i][j] == table[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1
    return in_first, in_second


def _written(words: Sequence[str], same: Iterable[int], tag: str, is_longer: bool) -> Markup:
    same = set(same)
    parts = [
        Markup("{}").format(word) if i in same else Markup("<{0}>{1}</{0}>").format(Markup(tag), word)
        for i, word in enumerate(words)
    ]
    if is_longer:
        parts.append(Markup("\N{HORIZONTAL ELLIPSIS}"))
    return Markup(" ").join(parts) if parts else Markup('<span class="small">nothing</span>')
