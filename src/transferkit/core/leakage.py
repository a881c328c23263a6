"""Leakage: the same content, or the same group, where a split or a label says there should be a difference."""

from __future__ import annotations

from collections import defaultdict

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
    known = dict(zip(one.ids, _names(one), strict=True))
    same = [f"{name} = {known[item]}" for item, name in zip(other.ids, _names(other), strict=True) if item in known]
    if same:
        are = "item of {} is" if len(same) == 1 else "items of {} are"
        lines.append(
            f"leakage: {len(same)} {are.format(second)} also in {first}: {_some(same, ', ')}; remove one of each"
        )
    groups = sorted(set(one.groups or ()) & set(other.groups or ()))
    if groups:
        have = "group has" if len(groups) == 1 else "groups have"
        lines.append(f"leakage: {len(groups)} {have} items in {first} and in {second}: {_some(groups, ', ')}")
    return lines


def _contradictions(labelled: Examples) -> list[str]:
    if labelled.labels is None:
        return []
    seen: dict[str, dict[str, str]] = defaultdict(dict)  # id -> label -> a name
    for item, label, name in zip(labelled.ids, labelled.labels, _names(labelled), strict=True):
        seen[item].setdefault(str(label), name)
    twice = [
        " but ".join(f"{name} is {label!r}" for label, name in labels.items())
        for labels in seen.values()
        if len(labels) > 1
    ]
    if not twice:
        return []
    have = "item has" if len(twice) == 1 else "items have"
    return [f"{len(twice)} identical {have} different labels: {_some(twice, '; ')}"]


def _names(examples: Examples) -> tuple[str, ...]:
    return examples.names or tuple(f"item {i}" for i in range(len(examples)))


def _some(lines: list[str], separator: str) -> str:
    return separator.join(lines[:SHOWN]) + (f"{separator}..." if len(lines) > SHOWN else "")
