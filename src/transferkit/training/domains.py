"""Domains: labelled data of one source domain or several beside a target domain with no, few or many labels.

Classes are matched by their names. What methods of domain adaptation learn from is

    L = L_source + L_target + lambda * L_domain

with L_source on `labelled`, L_target on the target's own labels where it has some, L_domain on the items of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples, Sealed
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.core.task import Task
from transferkit.training.body import Body
from transferkit.training.default_bodies import default_body


@dataclass(frozen=True, eq=False)
class Domains:
    """Source domains and a target, in the task of all of them at once."""

    target: Target
    sources: tuple[Target, ...]
    """Labelled data without what the target holds too; `validation` of each is held out, to be judged on."""

    @classmethod
    def of(cls, sources: Sequence[Source], target: Target, run: Run) -> Domains:
        """Read the labelled data of each source. One line where one cannot serve: another kind of data, no shared class."""
        data = tuple(_read(source, target, run) for source in sources)
        _share_a_class(target, data)
        task = target.task
        for one in data:
            task = task.joined(one.task)
        task = task.seen([label for one in (*data, target) for label in one.train.labels or ()])
        found = cls(replace(target, task=task), tuple(replace(one, task=task) for one in data))
        found._check()
        return found

    @property
    def task(self) -> Task:
        """Of all domains: with classes, those of any of them."""
        return self.target.task

    @property
    def labelled(self) -> Examples:
        """Labelled items of all source domains, one domain after the other."""
        return _joined([one.train for one in self.sources])

    @property
    def origin(self) -> np.ndarray:
        """(n,) int: which source domain each of `labelled` comes from."""
        return np.repeat(np.arange(len(self.sources)), [len(one.train) for one in self.sources])

    @property
    def held_out(self) -> Examples:
        """Labelled items of the source domains that nothing is learned from; possibly none."""
        return _joined([one.validation for one in self.sources])

    @property
    def unlabelled(self) -> Examples:
        """All open items of the target, without what labels they have."""
        labelled = self.target.train.join(self.target.validation)
        return replace(labelled, labels=None).join(self.target.unlabelled)

    @property
    def shared(self) -> tuple[str, ...]:
        """Classes with labelled items in a source and in the target; all the sources' where the target has no labels."""
        ours = _classes(self.target.train)
        theirs = _classes(self.labelled)
        return tuple(sorted(theirs & ours if ours else theirs))

    @property
    def only_in_sources(self) -> tuple[str, ...]:
        """Classes of which the labelled target has no item."""
        return tuple(sorted(_classes(self.labelled) - set(self.shared)))

    @property
    def only_in_target(self) -> tuple[str, ...]:
        """Classes that no source has."""
        ours = {*self.task.describe().get("classes", ()), *_classes(self.target.train)}
        return tuple(sorted(ours - _classes(self.labelled)))

    def pooled(self) -> Target:
        """All labelled items of source domains and target as one set, for a method that knows no domains."""
        return replace(
            self.target,
            train=_joined([self.labelled, self.target.train]),
            validation=_joined([self.held_out, self.target.validation]),
            validation_is_given=True,
            test=Sealed(self.target.train.take([])),
        )

    def body(self, models: Sequence[Source], run: Run) -> Body:
        """The network of the first model; without one the default network of the modality, made for items of all domains."""
        everything = replace(self.pooled(), train=_joined([self.labelled, replace(self.unlabelled, labels=None)]))
        if models:
            return Body.pretrained(models[0], everything)
        return default_body(everything, run.derived_seed("initialisation"))

    def _check(self) -> None:
        n_items = len(self.unlabelled)
        if n_items < LEAST_ITEMS:
            raise WrongUse(
                f"{self.target.name} has {n_items} items to learn from, which tell too little of their domain; give at least "
                f"{LEAST_ITEMS}"
            )
        counted, that_count = self.labelled, ""
        if counted.weights is not None and not counted.weights.all():
            counted, that_count = counted.take(np.flatnonzero(counted.weights)), " that does not weigh 0"
        if not len(counted):
            raise WrongUse("every labelled source item weighs 0, which leaves nothing to learn from")
        theirs = _classes(counted)
        if len(theirs) == 1 and self.task.balances:
            raise WrongUse(
                f"every labelled source item{that_count} is of the one class {next(iter(theirs))!r}; a classifier needs two"
            )


LEAST_ITEMS = 8
"""Of the target: fewer say nothing of its distribution."""
LOOKED_AT = 20
"""Rows by which the columns of a table are told."""


def _share_a_class(target: Target, data: Sequence[Target]) -> None:
    """By the classes that the target's task names, be their labels open or sealed, and those of the sources' labels."""
    ours = {*target.task.describe().get("classes", ()), *_classes(target.train)}
    theirs = set[str]().union(*(_classes(one.train) for one in data))
    if ours and theirs and not ours & theirs:
        few = [", ".join(sorted(classes)[:5]) for classes in (theirs, ours)]
        raise WrongUse(
            f"source and target share no class: {few[0]} and {few[1]}; classes are matched by their names: give those that "
            "mean the same one name"
        )


def _read(source: Source, target: Target, run: Run) -> Target:
    data = source.data(task=target.task.name)
    if data.modality != target.modality or _no_column_shared(data, target):
        kinds = f"{data.modality} and {target.name} {target.modality}"
        if data.modality == target.modality:
            kinds = f"none of the columns of {target.name}"
        spelled = "procrustes" if len(target.train) and target.task.balances else "gaussian_map"
        once = "" if len(target.train) else f", once items of {target.name} have labels to prove it on"
        raise WrongUse(
            f"{source.name} holds {kinds}: feature spaces that share nothing; the family mapping/ carries knowledge between "
            f"such: --method {spelled}, with --from a model that reads each domain that is no table{once}"
        )
    own = data.without(target.contents())
    if not len(own.train):
        raise WrongUse(f"{source.name}: every labelled item is in the target too, which leaves nothing to learn from")
    return own


def _no_column_shared(data: Target, target: Target) -> bool:
    """Of two tables, as far as their first rows tell."""
    if target.modality != "tabular":
        return False
    ours, theirs = (
        {name for row in rows[:LOOKED_AT] for name in row}
        for rows in (target.train.join(target.validation).join(target.unlabelled).items, data.train.items)
    )
    return not ours & theirs


def _joined(parts: Sequence[Examples]) -> Examples:
    everything = parts[0]
    for part in parts[1:]:
        everything = everything.join(part)
    return everything


def _classes(examples: Examples) -> set[str]:
    labels = examples.labels or ()
    found = {
        tag
        for label in labels
        for tag in ((label,) if isinstance(label, str) else label if isinstance(label, tuple) else ())
    }
    return {name for name in found if isinstance(name, str)}
