"""Edit distance: the fewest insertions, deletions and substitutions that make one sequence of another.

Levenshtein 1966, by the bit-parallel algorithm of Myers 1999 in the form of Hyyro 2003 (fig. 8, without the search): a column
of the table of distances is two whole numbers of as many bits as `first` has members, +1 and -1 between neighbours.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def edit_distance(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """How many single changes lie between two sequences of words or characters.

    >>> edit_distance("kitten", "sitting"), edit_distance("one two".split(), "one two four".split())
    (3, 1)
    """
    if not first:
        return len(second)
    places: dict[Hashable, int] = {}
    for i, member in enumerate(first):
        places[member] = places.get(member, 0) | 1 << i
    every, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    more, less, distance = every, 0, len(first)  # of each row over the one above it: one more, one less
    for member in second:
        equal = places.get(member, 0)
        diagonal = (((equal & more) + more) ^ more) | equal | less
        right_more = (less | ~(diagonal | more)) & every
        right_less = diagonal & more
        distance += bool(right_more & last) - bool(right_less & last)
        right_more = (right_more << 1 | 1) & every
        right_less = right_less << 1 & every
        more = (right_less | ~(diagonal | right_more)) & every
        less = right_more & diagonal
    return distance
