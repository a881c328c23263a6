"""Arms: what a study tries - sources x method - and the baseline each is compared with."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method, check_sources, trainable_by
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.task import Task
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.sources import architectures

Wanted = tuple[Method, frozenset[str]]
"""A method, and those of its settings that a person has named: they are not tuned."""


@dataclass(frozen=True)
class Arm:
    """One method on given sources. Its name stays the same while its settings are tuned."""

    name: str
    method: Method
    sources: tuple[Source, ...]
    baseline: str | None = None
    """Name of the arm it is compared with; None for a baseline itself."""
    fixed: frozenset[str] = frozenset()
    """Settings that are not tuned."""
    pinned: bool = False
    """True where a person wants it tried to the end and proven."""
    tunes: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    """Settings and the values to choose from, in place of the method's own."""
    taken: bool = False
    """True where it is proven without a trial; see `planner/taken.py`."""

    def candidates(self) -> list[Method]:
        """The settings to choose from on validation, the method's own first."""
        tunes = self.method.tunes | dict(self.tunes)
        free = [key for key in tunes if key not in self.fixed and getattr(self.method, key) == tunes[key][0]]
        grid = [[(key, value) for value in tunes[key]] for key in free]
        return [replace(self.method, **dict(point)) for point in itertools.product(*grid)]

    @property
    def source_names(self) -> tuple[str, ...]:
        """The sources as the person named them."""
        return tuple(source.name for source in self.sources)

    def written(self) -> list[Any]:
        """As JSON-able values; `read_arm` is the inverse."""
        sources, fixed = list(self.source_names), sorted(self.fixed)
        return [self.name, str(self.method), sources, self.baseline, fixed, self.pinned, self.taken]


def suited(arms: Sequence[Arm], task: Task) -> list[Arm]:
    """The same arms, in which settings that hold a value that does not suit the task are not tuned."""
    return [
        replace(
            arm,
            fixed=arm.fixed
            | {
                key
                for key, values in arm.method.tunes.items()
                if not all(replace(arm.method, **{key: value}).suits(task) for value in values)
            },
        )
        for arm in arms
    ]


def read_arm(written: Sequence[Any], sources: Sequence[Source]) -> Arm:
    """The arm that was written down, on sources of these names."""
    name, method, names, baseline, fixed, *marks = written
    pinned, taken = (*marks, False, False)[:2]
    by_name = {source.name: source for source in sources}
    chosen = tuple(by_name[n] for n in names)
    return Arm(name, read_method(method), chosen, baseline, frozenset(fixed), pinned, taken=taken)


def named(
    sources: Sequence[Source],
    methods: Sequence[Wanted],
    modality: str | None = None,
    stand_ins: Collection[str] = (),
) -> list[Arm]:
    """The arms of `compare`: every named method on every set of sources it takes; an unfit one gives its reason.

    `modality`: of the target; `stand_ins`: names of sources; see `with_baselines` of both.
    """
    scratches = [method for method, _ in methods if isinstance(method, Scratch)]
    if len(scratches) > 1:
        raise WrongUse(f"scratch is named {len(scratches)} times; the baseline is one, name its settings once")
    if all(method.is_baseline for method, _ in methods):
        raise WrongUse(
            "every named method is a baseline; name one that is compared with it, such as linear_probe or full"
        )
    wanted: list[tuple[Method, frozenset[str], tuple[Source, ...]]] = []
    for method, fixed in dict.fromkeys(methods):
        fitting = list(_fitting(method, sources))
        if not fitting:
            check_sources(method, tuple(s for s in sources if not trainable_by(method, s))[:1] or tuple(sources))
            raise WrongUse(f"method {method.name} fits none of the sources {', '.join(s.name for s in sources)}")
        wanted += [(method, fixed, group) for group in fitting]
    return with_baselines(wanted, modality, stand_ins)


def with_baselines(
    wanted: Sequence[tuple[Method, frozenset[str], tuple[Source, ...]]],
    modality: str | None = None,
    stand_ins: Collection[str] = (),
) -> list[Arm]:
    """Add, first, one scratch for every architecture among the arms, and the majority floor.

    Of a network that was made for another modality than the target's, scratch is the target's default network: from scratch
    nobody would train a network of pictures on sounds. None: all were made for it. `stand_ins`: names of sources for whose
    own network the default one stands, for it does not fit the budget.
    """

    @functools.cache
    def key_of(source: Source) -> str:
        return "" if source.name in stand_ins else _architecture(source, modality)

    scratch_of: dict[str, Source] = {}
    for method, _, sources in wanted:
        if not method.is_baseline and _own_baseline(method, sources) is None:
            for source in sources[:1]:
                scratch_of.setdefault(key_of(source), source)
    by_hand = next(((m, f) for m, f, _ in wanted if isinstance(m, Scratch)), None)
    scratch, fixed_scratch = by_hand or (Scratch(), frozenset())
    is_plain = len(scratch_of) == 1 and not any(source.name in stand_ins for source in scratch_of.values())
    baselines = {
        key: Arm(
            "scratch" if is_plain else f"scratch ({source.name if key else 'default network'})",
            scratch,
            (source,) if key else (),
            None,
            fixed_scratch,
        )
        for key, source in scratch_of.items()
    } or {"": Arm("scratch", scratch, (), None, fixed_scratch)}
    arms = [*baselines.values(), Arm("majority", Majority(), ())]
    for method, fixed, sources in wanted:
        if method.is_baseline:
            continue
        if (own := _own_baseline(method, sources)) is not None:
            arms += [own] if own not in arms else []
            baseline = own.name
        else:
            baseline = baselines[key_of(sources[0])].name if sources else next(iter(baselines.values())).name
        spelled = str(method) if sum(m.name == method.name for m, _, s in wanted if s == sources) > 1 else method.name
        arms.append(Arm(f"{spelled} < {' + '.join(s.name for s in sources)}", method, sources, baseline, fixed))
    return arms


def _own_baseline(method: Method, sources: tuple[Source, ...]) -> Arm | None:
    """What a method says it is compared with, where that learns from the target's labels as scratch does."""
    baseline = read_method(method.baseline)
    if baseline.name == Scratch().name or not baseline.needs.target_labels:
        return None
    return Arm(f"{baseline.name} < {' + '.join(source.name for source in sources)}", baseline, sources)


def _fitting(method: Method, sources: Sequence[Source]) -> Iterator[tuple[Source, ...]]:
    """The sets of sources a method takes: one model at a time where one is enough, all where it wants several."""
    if method.needs.data[1] and not method.is_baseline:
        yield from with_data(method, sources)
        return
    sources = [source for source in sources if trainable_by(method, source)]
    least, most = method.needs.models
    if method.is_baseline:
        yield ()
    elif least <= 1 <= most and not method.needs.together:
        yield from ((source,) for source in sources)
    elif least <= len(sources):
        yield tuple(sources[:most])


def with_data(method: Method, sources: Sequence[Source]) -> Iterator[tuple[Source, ...]]:
    """The sets of sources that a method of labelled data takes: one model at a time, where it takes one, with all the data."""
    models, data = ([source for source in sources if source.lends_data == lends] for lends in (False, True))
    least, most = method.needs.models
    lent = tuple(data[: method.needs.data[1]])
    if len(lent) < method.needs.data[0]:
        return
    if most and models and method.needs.together:
        yield (*models[:most], *lent)
    elif most and models:
        yield from ((model, *lent) for model in models if trainable_by(method, model))
    elif least == 0:
        yield lent


def _architecture(source: Source, modality: str | None) -> str:
    """Equal for sources whose scratch is the same network on the same inputs; "" where that is the default network."""
    card = source.card()
    if card.holds == "data" or card.frozen or modality not in (None, card.modality):
        return ""
    shape = architectures.from_scratch(card.architecture).fingerprint if card.architecture else ""
    return f"{shape}{source.processor().fingerprint}"
