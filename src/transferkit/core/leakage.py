"""Leakage: the same content, or the same group, where a split or a label says there should be a difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from transferkit.core.compact import joined, numbered
from transferkit.core.examples import Examples

SHOWN = 3
"""Examples named in a line."""


def leakage(train: Examples, validation: Examples, test: Examples, unlabelled: Examples) -> list[str]:
    """One line for each pair of splits that share items or groups, and one for identical items with different labels."""
    return [
        *_shared("train", train, "test", test),
        *_shared("train", train, "validation", validation),
        *_shared("validation", validation, "test", test),
        *_shared("unlabelled", unlabelled, "test", test),
        *_contradictions(train.join(validation).join(test)),
    ]


def _shared(first: str, one: Examples, second: str, other: Examples) -> list[str]:
    lines = []
    contents, others = np.split(numbered(joined(one.ids, other.ids)), [len(one)])
    twin = {contents[i]: _name(one, i) for i in np.flatnonzero(np.isin(contents, others)).tolist()}
    same = np.flatnonzero(np.isin(others, contents)).tolist()
    if same:
        pairs = [f"{_name(other, i)} = {twin[others[i]]}" for i in same[: SHOWN + 1]]
        are = "item of {} is" if len(same) == 1 else "items of {} are"
        lines.append(
            f"leakage: {len(same)} {are.format(second)} also in {first}: {_some(pairs, ', ')}; remove one of each"
        )
    groups = sorted(set(one.groups or ()) & set(other.groups or ()))
    if groups:
        have = "group has" if len(groups) == 1 else "groups have"
        lines.append(f"leakage: {len(groups)} {have} items in {first} and in {second}: {_some(groups, ', ')}")
    return lines


def _contradictions(labelled: Examples) -> list[str]:
    if labelled.labels is None:
        return []
    contents = numbered(labelled.ids)
    seen: dict[int, dict[str, str]] = defaultdict(dict)  # content -> label -> a name
    for i in np.flatnonzero(np.bincount(contents)[contents] > 1).tolist():
        seen[contents[i]].setdefault(str(labelled.labels[i]), _name(labelled, i))
    twice = [
        " but ".join(f"{name} is {label!r}" for label, name in labels.items())
        for labels in seen.values()
        if len(labels) > 1
    ]
    if not twice:
        return []
    have = "item has" if len(twice) == 1 else "items have"
    return [f"{len(twice)} identical {have} different labels: {_some(twice, '; ')}"]


def _name(examples: Examples, i: int) -> str:
    return examples.names[i] if examples.names else f"item {i}"


def _some(lines: Sequence[str], separator: str) -> str:
    return separator.join(lines[:SHOWN]) + (f"{separator}..." if len(lines) > SHOWN else "")
