"""Sealing: which labelled items are the sealed test, which may be used to learn and to choose.

The owner's word goes first. Rules, in this order:

1. A test split given by the owner is sealed as it is.
2. A validation split without a test split is sealed as the test, for that is what people mean by it; validation is then
   drawn from train.
3. Nothing given: a stratified share of the labels is drawn and sealed. Items with identical content, and items of one group,
   stay on one side.

A class with one labelled item stays open: it is learned from and never tested.

Where the labels are too few for a drawn test to prove anything (`ENOUGH_TEST_ITEMS`), they can be dealt into outer folds
instead, each of which is sealed once while the others are learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.compact import numbered
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import Split
from transferkit.core.task import Task
from transferkit.ops.folds import ALWAYS_LEARNED, folds
from transferkit.ops.splits import holdout, linked

VALIDATION_SHARE = 0.25
"""Of the open labels; every class that has two gives at least one."""
FEW_TEST_ITEMS = 20
ENOUGH_TEST_ITEMS = 25
"""A drawn test with fewer proves little: cross-fitting, which judges every label, proves more (docs/decisions/0004)."""
OUTER_FOLDS = 5


@dataclass(frozen=True)
class Division:
    """Positions among the labelled items."""

    train: np.ndarray
    """(n,) int; every open label where the owner gave no validation items."""
    validation: np.ndarray | None
    """(n,) int; None where the owner gave none, or they became the test."""
    test: np.ndarray
    notes: tuple[str, ...] = ()
    test_is_given: bool = False
    """True where the owner named the test items."""


def divide(
    labelled: Examples, splits: Sequence[Split | None] | None, task: Task, test_share: float, seed: int
) -> Division:
    """Seal a test split by the rules above; where the labels do not reach, one line says how many are missing."""
    given = np.array([split or "open" for split in splits or [None] * len(labelled)], dtype=str)
    notes: list[str] = []
    if "validation" in given and "test" not in given:
        given[given == "validation"] = "test"
        notes.append(
            "there is a validation split and no test split: the validation split is sealed as the test, "
            "and validation is drawn from train"
        )
    drawn = "test" not in given
    if drawn:
        given[held_out(labelled, task, test_share, seed, "test")] = "test"
    train = np.flatnonzero((given == "open") | (given == "train"))
    validation, test = np.flatnonzero(given == "validation"), np.flatnonzero(given == "test")
    if len(labelled) and not len(test):
        raise WrongUse(_too_few(labelled, "the test split", 3))
    if len(train) and not len(validation) and not held_out(labelled.take(train), task, VALIDATION_SHARE, 0).any():
        if drawn:
            raise WrongUse(_too_few(labelled, "validation beside the test split", 3))
        raise WrongUse(_too_few(labelled.take(train), "validation", 2))
    if drawn and len(train) and len(test) < ENOUGH_TEST_ITEMS:
        notes.append(
            f"{len(labelled)} labels are too few to seal some for a test: a study that learns from them judges each by "
            "cross-fitting"
        )
    else:
        notes += about_test(labelled.take(train), labelled.take(test), task)
    return Division(train, validation if len(validation) else None, test, tuple(notes), not drawn)


def held_out(examples: Examples, task: Task, share: float, seed: int, purpose: str = "validation") -> np.ndarray:
    """(n,) bool: a seeded, stratified share; items of one group or of equal content stay together."""
    if not len(examples) or examples.labels is None:
        return np.zeros(len(examples), dtype=bool)
    return holdout(task.strata(examples.labels), share, seed, groups=_together(examples), purpose=purpose)


def outer_folds(examples: Examples, task: Task, seed: int, n_folds: int = OUTER_FOLDS) -> np.ndarray:
    """(n,) int: the outer fold that seals each item, 0, 1, ...; -1: always learned from, never judged.

    Seeded and stratified; items of one group or of equal content stay together. A class stays whole on the side of learning
    where all its items do. With fewer than `n_folds` such groups there are as many folds as groups. WrongUse, one line, where
    what is left beside a fold does not reach to choose on.
    """
    labels, together = examples.labels or (), _together(examples)
    strata = task.strata(labels)
    are_classes = _classes_in(labels, task) is not None
    movable = folds(strata, 2, seed, groups=together, keep_last=are_classes) != ALWAYS_LEARNED
    n_folds = min(n_folds, len(set(together[movable].tolist())))
    if n_folds < 2:
        raise WrongUse(_too_few(examples, "cross-fitting", 3))
    fold = folds(strata, n_folds, seed, groups=together, keep_last=are_classes)
    for number in range(n_folds):
        rest = examples.take(np.flatnonzero(fold != number))
        if not held_out(rest, task, VALIDATION_SHARE, 0).any():
            raise WrongUse(_too_few(examples, "validation beside each fold", 3))
    return fold


def _together(examples: Examples) -> np.ndarray:
    """(n,) int: equal for items that must not straddle a split."""
    contents = numbered(examples.ids)
    return linked(contents) if examples.groups is None else linked(contents, numbered(examples.groups))


def _too_few(examples: Examples, what: str, needed: int) -> str:
    n, kinds = len(examples), len(set(map(str, examples.labels or ())))
    groups = "" if examples.groups is None else ", in different groups"
    return (
        f"{n} labelled item{'s' if n != 1 else ''} of {kinds} class{'es' if kinds != 1 else ''} leave none for {what}; "
        f"at least one class needs {needed} different labelled items{groups}"
    )


def about_test(train: Examples, test: Examples, task: Task) -> list[str]:
    """What a person should know where classes or the test split are very small."""
    notes = []
    learned, tested = _classes_in(train.labels or (), task), _classes_in(test.labels or (), task)
    if learned is not None and tested is not None:
        unlearnable = sorted(tested - learned) if len(train) else []
        untested = sorted(learned - tested)
        if unlearnable:
            notes.append(f"{_classes(unlearnable)} only in the test split: nothing to learn from")
        if untested:
            notes.append(f"{_classes(untested)} not in the test split: learned from, never tested")
    if 0 < len(test) < FEW_TEST_ITEMS:
        notes.append(f"the test split has only {len(test)} items: nothing but a very large gain can be proven on it")
    return notes


def never_judged(examples: Examples, fold: np.ndarray) -> list[str]:
    """What a person should know of classes that no outer fold could seal an item of."""
    labels = tuple(map(str, examples.labels or ()))
    missing = sorted(set(labels) - {labels[i] for i in np.flatnonzero(fold != ALWAYS_LEARNED)})
    if not missing:
        return []
    return [f"{_classes(missing)} learned from and never judged: a class needs 2 different labelled items for that"]


def _classes_in(labels: Sequence[Any], task: Task) -> set[str] | None:
    """The classes or tags among the labels; None where these are neither, but numbers or texts."""
    if task.balances and all(isinstance(label, str) for label in labels):
        return set(labels)
    if all(isinstance(label, tuple) and all(isinstance(tag, str) for tag in label) for label in labels):
        return {tag for tags in labels for tag in tags}
    return None


def _classes(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")
    return f"class {shown} is" if len(names) == 1 else f"{len(names)} classes ({shown}) are"
