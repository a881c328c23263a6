"""Target: a person's own data, with its task, its modality and a test split that is sealed from the start.

Examples are kept in the order of their content, so that neither file names nor the order of reading change a split or a
fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.core.content import content_order, fingerprint_of, in_content_order
from transferkit.core.errors import UnknownName, WrongUse
from transferkit.core.examples import Examples, Sealed
from transferkit.core.format import Reading, ReadOptions, Skipped, Split
from transferkit.core.labels import are_quantities, are_tags, may_be_classes, read_labels
from transferkit.core.leakage import leakage
from transferkit.core.recognise import recognise_format, recognise_in_memory, recognise_task
from transferkit.core.run import Progress, silent
from transferkit.core.sealing import ENOUGH_TEST_ITEMS, VALIDATION_SHARE, about_test, divide, held_out
from transferkit.core.task import Task
from transferkit.core.unseen import unseen_in_test

_TAGGED = "labels with a | or ; in them were read as several tags each; for classes say --task classify"


@dataclass(frozen=True, eq=False)
class Target:
    """What a method fits to. `train` and `validation` are open; `test` is opened once, by the proof."""

    name: str
    modality: str
    task: Task
    train: Examples
    validation: Examples
    test: Sealed[Examples]
    unlabelled: Examples
    validation_is_given: bool = False
    """True where the owner named the validation items; `fold` then keeps them."""
    test_is_given: bool = True
    """False where the sealed test was drawn from the labels, so that they may be dealt anew."""
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()
    """Lines a person should read: identical items on both sides of a split, very few labels, ..."""
    fingerprint: str = ""
    """Changes when, and only when, contents, labels, weights, groups, given splits or the test split change."""
    label_column: str = ""
    """Of data to learn from: what the column of the labels is called in the table they are from."""

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        task: Task | str | None = None,
        metric: str | None = None,
        seed: int = 0,
        options: ReadOptions | None = None,
        test_share: float = 0.25,
        progress: Progress = silent,
    ) -> Target:
        """Read a folder or a table; task and modality are recognised, the test split is sealed here.

        The owner's splits are honoured; a validation split without a test split becomes the sealed test; without either,
        `test_share` of the labels are drawn by `seed`, in proportion to the classes (see `core/sealing.py`). What cannot be
        used is in `skipped`, what should be known in `warnings`. `metric`: what arms are chosen and proven by, such as "auroc";
        None: the task's own choice. Raises WrongUse, one line, where there is nothing to learn or to prove.
        """
        options = options or ReadOptions()
        reading = recognise_format(path, options).read(Path(path), options, progress)
        target = _target(Path(path).resolve().name, reading, task, test_share, seed, where=str(path))
        return target.judged_by(metric) if metric else target

    @classmethod
    def of(
        cls,
        items: Sequence[Any],
        labels: Sequence[Any],
        *,
        test: tuple[Sequence[Any], Sequence[Any]] | None = None,
        name: str = "target",
        modality: str | None = None,
        task: Task | str | None = None,
        metric: str | None = None,
        seed: int = 0,
        test_share: float = 0.25,
    ) -> Target:
        """From what is already in memory, and one label an item: PIL images, or an array (n, h, w) or (n, h, w, 3); texts.

        `modality`: None where the items tell. Items whose label is None, "" or NaN are unlabelled. `test`: items and labels
        to seal; else a share is drawn.

        >>> import numpy as np
        >>> pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
        >>> target = Target.of(pictures, ["cat", "dog"] * 20)
        >>> len(target.train), len(target.validation), len(target.test)
        (22, 8, 10)
        """
        parts: list[tuple[Sequence[Any], Sequence[Any], Split | None]] = [(items, labels, "train" if test else None)]
        if test is not None:
            parts.append((*test, "test"))
        for part_items, part_labels, split in parts:
            if len(part_items) != len(part_labels):
                what = "test items" if split == "test" else "items"
                raise WrongUse(f"{name}: {len(part_items)} {what} and {len(part_labels)} labels; each item needs one")
        kind, examples = recognise_in_memory(items, modality)
        if test is not None:
            examples = examples.join(recognise_in_memory(test[0], kind)[1])
        given = [label for _, part_labels, _ in parts for label in part_labels]
        known = read_labels(given, where=lambda i: f"{name} item {i}")
        splits: list[Split | None] = [split for part_items, _, split in parts for _ in range(len(part_items))]
        examples = replace(examples, labels=tuple(known), names=tuple(f"item {i}" for i in range(len(known))))
        reading = Reading.of(kind, examples, splits)
        target = _target(name, reading, task, test_share, seed, where=name)
        return target.judged_by(metric) if metric else target

    @classmethod
    def to_learn_from(cls, name: str, reading: Reading, task: Task | str | None = None, seed: int = 0) -> Target:
        """Labelled data that serves as a source: nothing is sealed, for nothing is proven on it.

        Held out for validation is what the owner named so, else the owner's test split, else a share drawn by `seed`. `task`: a
        task or the name of one; data whose labels do not allow it say themselves what they are.
        """
        with _telling_what_was_left_out(reading.skipped):
            try:
                kind = recognise_task(reading.labelled, task, name)
            except WrongUse:
                if task is None:
                    raise
                kind = recognise_task(reading.labelled, None, name)
        splits = np.array([split or "" for split in reading.splits or [None] * len(reading.labelled)], dtype=str)
        labelled = replace(reading.labelled, labels=kind.read(reading.labelled.labels or ()))
        held = next(
            (splits == split for split in ("validation", "test") if split in splits), np.zeros(len(splits), bool)
        )
        learned = ~held & (splits != "test")
        train, validation = (in_content_order(labelled.take(np.flatnonzero(part))) for part in (learned, held))
        if not len(train):
            raise WrongUse(f"{name}: every item is in the validation or test split, which leaves nothing to learn from")
        return cls(
            name=name,
            modality=reading.modality,
            task=kind.seen(train.labels or ()),
            train=train,
            validation=validation,
            test=Sealed(reading.labelled.take([])),
            unlabelled=in_content_order(reading.unlabelled),
            validation_is_given=bool(held.any()),
            skipped=reading.skipped,
            warnings=reading.notes,
            fingerprint=fingerprint_of(reading.modality, {"train": train, "validation": validation}),
            label_column=reading.label_column,
        ).fold(seed)

    @classmethod
    def unlabelled_of(cls, name: str, reading: Reading, task: Task, test: Sealed[Examples]) -> Target:
        """Items to learn for without labels, in a task that another domain has told; `test`: the labelled ones, if any, sealed.

        Where every item is labelled they are learned for as they are sealed: by their content, never by their labels.
        """
        nothing = replace(reading.labelled.take([]), labels=())
        items = reading.unlabelled if len(reading.unlabelled) else replace(reading.labelled, labels=None)
        return cls(
            name=name,
            modality=reading.modality,
            task=task,
            train=nothing,
            validation=nothing,
            test=test,
            unlabelled=in_content_order(items),
            skipped=reading.skipped,
            warnings=reading.notes,
            fingerprint=fingerprint_of(reading.modality, {"test": reading.labelled, "unlabelled": reading.unlabelled}),
        )

    def without(self, ids: frozenset[str]) -> Target:
        """The same target without the open labelled items of these contents; so that a source does not hold a target's."""
        train, validation = (
            part.take([i for i, item in enumerate(part.ids) if item not in ids])
            for part in (self.train, self.validation)
        )
        if len(train) + len(validation) == len(self.train) + len(self.validation):
            return self
        return replace(
            self,
            train=train,
            validation=validation,
            fingerprint=fingerprint_of(self.modality, {"train": train, "validation": validation}),
        )

    def hidden(self) -> Target:
        """The same target whose open labels are not known: their items are unlabelled ones, and the sealed test stays sealed.

        For learning from another domain, where the labels of this one serve as evidence alone.
        """
        everything = self.whole().train
        if not len(everything):
            return self
        return replace(
            self,
            train=everything.take([]),
            validation=everything.take([]),
            unlabelled=in_content_order(replace(everything, labels=None).join(self.unlabelled)),
            validation_is_given=False,
            test_is_given=True,
            fingerprint=hashlib.sha256(f"hidden {self.fingerprint}".encode()).hexdigest()[:16],
        )

    def contents(self) -> frozenset[str]:
        """The ids of every item, those under the seal too: an id tells neither label nor content, only what is the same."""
        return frozenset((*self.train.ids, *self.validation.ids, *self.test.ids, *self.unlabelled.ids))

    def judged_by(self, metric: str) -> Target:
        """The same target, whose arms are chosen and proven by another metric of its task; an unknown one is one line."""
        return replace(self, task=self.task.with_metric(metric))

    def fold(self, seed: int) -> Target:
        """The same target with train and validation drawn anew from all open labels; for repeated selection.

        A quarter of every class is validation, at least one item of a class that has two. Where the owner gave the
        validation items they stay.
        """
        if self.validation_is_given:
            return self
        everything = self.whole().train
        held = held_out(everything, self.task, VALIDATION_SHARE, seed)
        return replace(
            self, train=everything.take(np.flatnonzero(~held)), validation=everything.take(np.flatnonzero(held))
        )

    @property
    def too_small_to_seal(self) -> bool:
        """True where the sealed test was drawn and is too small to prove much: `opened` and `part` then serve."""
        return not self.test_is_given and 0 < len(self.test) < ENOUGH_TEST_ITEMS

    def opened(self, purpose: str) -> Target:
        """The same target with every label open and none sealed, for cross-fitting; only where the test was drawn.

        The seal remembers what for: whoever learns from these labels can no longer prove anything on that split.
        """
        if self.test_is_given:
            raise WrongUse(f"{self.name}: the test split was given by its owner, and is opened by the proof alone")
        test = self.test.open(purpose)
        everything = in_content_order(self.whole().train.join(test))
        learned = self.whole().train
        about_the_old = (*about_test(learned, test, self.task), *_unseen(self.modality, learned, test))
        nothing = Sealed(everything.take([]))
        nothing.openings = self.test.openings
        return replace(
            self,
            task=self.task.seen(everything.labels or ()),
            train=everything,
            validation=everything.take([]),
            test=nothing,
            warnings=tuple(line for line in self.warnings if line not in about_the_old),
            fingerprint=fingerprint_of(self.modality, {"train": everything, "unlabelled": self.unlabelled}),
        )

    def part(self, held: np.ndarray, seed: int) -> Target:
        """A target of its own in which the open labels where `held` (n,) is True are sealed; for cross-fitting.

        `held` is in the order of `whole().train`. Validation is drawn from the others by `seed`.
        """
        everything = self.whole().train
        rest, sealed = everything.take(np.flatnonzero(~held)), everything.take(np.flatnonzero(held))
        return replace(
            self,
            task=self.task.seen(rest.labels or ()),
            train=rest,
            validation=rest.take([]),
            test=Sealed(sealed),
            warnings=(),
            test_is_given=True,
            fingerprint=fingerprint_of(self.modality, {"train": rest, "test": sealed, "unlabelled": self.unlabelled}),
        ).fold(seed)

    def whole(self) -> Target:
        """The same target with every open label in `train` and none in `validation`; for the last fit."""
        everything = in_content_order(self.train.join(self.validation))
        return replace(self, train=everything, validation=everything.take([]))


def _target(
    name: str, reading: Reading, named_task: Task | str | None, test_share: float, seed: int, where: str
) -> Target:
    """Recognise the task, divide, seal, look for leakage."""
    if not 0 < test_share < 1:
        raise WrongUse(f"test_share={test_share} is no share; give a number between 0 and 1, such as 0.25")
    labelled, unlabelled = reading.labelled, in_content_order(reading.unlabelled)
    order = content_order(labelled)
    labelled = labelled.take(order)
    splits = reading.splits and [reading.splits[i] for i in order]
    if splits and set(splits) <= {"validation", "test"} and not len(unlabelled):
        raise WrongUse(f"{where}: every item is in the validation or test split, which leaves nothing to learn from")
    with _telling_what_was_left_out(reading.skipped):
        task = recognise_task(labelled, named_task, where)
    numbers = labelled.labels or ()
    counted = named_task is None and (are_quantities(numbers) or (task.name == "regress" and may_be_classes(numbers)))
    tagged = named_task is None and are_tags(labelled.labels or ())
    labelled = replace(labelled, labels=task.read(labelled.labels or ()))
    with _telling_what_was_left_out(reading.skipped):
        try:
            division = divide(labelled, splits, task, test_share, seed)
        except WrongUse as reason:
            raise WrongUse(f"{where}: {reason}") from None
    train, test = labelled.take(division.train), labelled.take(division.test)
    validation = labelled.take([] if division.validation is None else division.validation)
    found = leakage(train, validation, test, unlabelled)
    target = Target(
        name=name,
        modality=reading.modality,
        task=task.seen((*(train.labels or ()), *(validation.labels or ()))),
        train=train,
        validation=validation,
        test=Sealed(test),
        unlabelled=unlabelled,
        validation_is_given=division.validation is not None,
        test_is_given=division.test_is_given,
        skipped=reading.skipped,
        warnings=(
            *division.notes,
            *found,
            *_unseen(reading.modality, train.join(validation), test),
            *reading.notes,
            *([_counted(labelled)] if counted else []),
            *([_TAGGED] if tagged else []),
            *([_untagged(len(unlabelled))] if task.name == "tag" and len(unlabelled) else []),
        ),
        fingerprint=fingerprint_of(
            reading.modality, {"train": train, "validation": validation, "test": test, "unlabelled": unlabelled}
        ),
    )
    return target.fold(seed)


@contextmanager
def _telling_what_was_left_out(skipped: Sequence[Skipped]) -> Iterator[None]:
    """What is refused for want of items may be so because they could not be used."""
    try:
        yield
    except WrongUse as reason:
        if not skipped or isinstance(reason, UnknownName):
            raise
        one, were = skipped[0], "1 item was" if len(skipped) == 1 else f"{len(skipped)} items were"
        raise WrongUse(f"{reason}; {were} left out, such as {one.name} ({one.reason})") from None


def _untagged(n_unlabelled: int) -> str:
    items = "1 item without a label is" if n_unlabelled == 1 else f"{n_unlabelled} items without a label are"
    return f"{items} taken for not yet labelled; where an item bears no tag write a lone |, or in JSONL an empty list"


def _counted(labelled: Examples) -> str:
    kinds = len(set(labelled.labels or ()))
    whole = "whole " if all(float(label).is_integer() for label in labelled.labels or ()) else ""
    return f"{kinds} different {whole}numbers as labels were read as quantities; for classes say --task classify"


def _unseen(modality: str, learned: Examples, test: Examples) -> list[str]:
    return unseen_in_test(learned.items, test.items) if modality == "tabular" else []
