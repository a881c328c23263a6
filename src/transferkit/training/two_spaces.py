"""Two spaces: a labelled source domain and a target whose feature vectors have nothing in common - other columns,
another network, another kind of data - and what links them: declared pairs, classes of the same name, or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.method import Method, models_and_data
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.core.task import Task
from transferkit.training.body import Body
from transferkit.training.default_bodies import default_body
from transferkit.training.domain_features import MOST_RAW
from transferkit.training.fused import Part

NO_NUMBERS = ("text",)
"""Kinds of data whose items have no numbers of their own."""


@dataclass(frozen=True, eq=False)
class Space:
    """What makes a feature vector of an item, scaled to mean 0 and variance 1 over the items it was told."""

    part: Part
    centre: np.ndarray
    """(d,) what is taken off."""
    scale: np.ndarray
    """(d,) what is divided by; 1 where a feature is constant."""

    @classmethod
    def of(cls, model: Source | None, domain: Target, items: Examples, run: Run) -> tuple[Space, np.ndarray]:
        """The space of a domain, and the rows (n, d) of these items of it. One line where items have no numbers to be
        features."""
        if model is None and domain.modality in NO_NUMBERS:
            raise WrongUse(
                f"items of {domain.name} are {domain.modality} and have no numbers of their own; name a model that reads them "
                "with --from, such as sentence: or words:"
            )
        nothing = replace(items.take([]), labels=None)
        told = replace(domain, train=replace(items, labels=None, weights=None, groups=None), validation=nothing)
        body = Body.pretrained(model, told) if model else default_body(told, 0)
        part = Part(body.processor, body if model else None)
        rows = np.asarray(part.features(items, run), dtype=np.float64)
        if model is None and rows.shape[1] > MOST_RAW:
            raise WrongUse(
                f"items of {domain.name} are {rows.shape[1]} numbers each, too many to be features; name a model with --from, "
                "such as zoo:objects-cnn, whose features to use"
            )
        if not np.isfinite(rows).all():
            raise WrongUse(f"features of {domain.name} hold values that are not finite")
        centre, deviation = rows.mean(0), rows.std(0)
        scale = np.where(deviation > 1e-8 * (1 + np.abs(centre)), deviation, 1.0)
        return cls(part, centre, scale), (rows - centre) / scale


@dataclass(frozen=True, eq=False)
class TwoSpaces:
    """Rows of both, float64, each space on its own scale."""

    task: Task
    """With the classes of both."""
    source: np.ndarray
    """(n_s, d) labelled items of the source that the target does not hold."""
    source_labels: tuple[Any, ...]
    source_weights: np.ndarray
    """(n_s,) of mean 1."""
    target: np.ndarray
    """(n_t, k) every open item of the target, those of `target.train` first."""
    target_labels: tuple[Any, ...]
    """(n_l,) of the first rows of `target`: those that may be learned from."""
    target_weights: np.ndarray
    """(n_l,) of mean 1."""
    pairs: tuple[np.ndarray, np.ndarray] | None
    """Rows (p, d) and (p, k) that belong together; None where nothing says so."""
    space: Space
    """Of the target."""
    notes: tuple[str, ...]

    @classmethod
    def of(cls, method: Method, sources: Sequence[Source], target: Target, run: Run) -> TwoSpaces:
        """Read both and give their features. One line where they cannot serve.

        Of two models one reads the source and the other the target, by the kind of data they take, else in the order
        they are named; a lone one reads whichever it can, both where it can both. Rows of a table are their own
        features.
        """
        models, data_sources = models_and_data(method, tuple(sources))
        data = data_sources[0].data(task=target.task.name)
        task = target.task.joined(data.task)
        own = data.without(target.contents()).train
        task = task.seen([*(own.labels or ()), *(target.train.labels or ())])
        reads_source, reads_target = _readers(models, data_sources[0], data, target)
        theirs = _unlabelled(data.train, data.validation, data.unlabelled)
        ours = _unlabelled(target.train, target.validation, target.unlabelled)
        _check(method, data, own, ours, target)
        run.check_deadline()
        _, source_rows = Space.of(reads_source, replace(data, task=task), theirs, run)
        space, target_rows = Space.of(reads_target, replace(target, task=task), ours, run)
        place = {item: i for i, item in enumerate(theirs.ids)}
        source = source_rows[[place[item] for item in own.ids]]
        notes = _notes(reads_source, reads_target, source, target_rows, data, target)
        return cls(
            task,
            source,
            own.labels or (),
            _weights(own),
            target_rows,
            target.train.labels or (),
            _weights(target.train),
            _pairs(theirs, source_rows, ours, target_rows),
            space,
            notes,
        )


def _readers(
    models: Sequence[Source], data_source: Source, data: Target, target: Target
) -> tuple[Source | None, Source | None]:
    """The model that reads the source's items, and the one that reads the target's."""
    learned = data_source if data_source.options.learned and data.modality != "tabular" else None
    if not models:
        return learned, None
    takes = [model.card().modality for model in models]
    if len(models) == 2:
        wrong_way = data.modality != target.modality and takes == [target.modality, data.modality]
        return (models[1], models[0]) if wrong_way else (models[0], models[1])
    if data.modality == target.modality:
        return models[0], models[0]
    return (models[0], None) if takes[0] == data.modality else (learned, models[0])


def _check(method: Method, data: Target, own: Examples, ours: Examples, target: Target) -> None:
    from transferkit.training.domains import LEAST_ITEMS

    if not len(own):
        raise WrongUse(f"{data.name}: every labelled item is in the target too, which leaves nothing to learn from")
    if data.task.balances and len(set(own.labels or ())) < 2:
        raise WrongUse(f"every labelled item of {data.name} is of one class; a classifier needs two")
    if len(ours) < LEAST_ITEMS:
        raise WrongUse(
            f"{target.name} has {len(ours)} items to learn from, which tell too little of their space; give at least "
            f"{LEAST_ITEMS}"
        )
    if method.needs.target_labels and not len(target.train):
        raise WrongUse(
            f"method {method.name} learns from labels of the target, and {target.name} has none; label some items"
        )


def _notes(
    reads_source: Source | None, reads_target: Source | None, source: np.ndarray, target: np.ndarray, *domains: Target
) -> tuple[str, ...]:
    notes = []
    if reads_source is not None and reads_source == reads_target:
        notes.append(
            f"{reads_source.name} reads source and target: they are in one space, where nothing needs to be mapped; methods of "
            "the family adapt align there"
        )
    for rows, domain in zip((source, target), domains, strict=True):
        if not np.ptp(rows, axis=0).any():
            notes.append(f"features of {domain.name} are the same for every item, so a map has nothing to go by")
    return tuple(notes)


def _pairs(
    theirs: Examples, source: np.ndarray, ours: Examples, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Items of one group in both, and the same item in both; of several on a side their mean."""
    of_source, of_target = _places(theirs), _places(ours)
    shared = sorted(of_source.keys() & of_target.keys())
    if not shared:
        return None
    return tuple(
        np.array([rows[places[key]].mean(axis=0) for key in shared])
        for rows, places in ((source, of_source), (target, of_target))
    )  # type: ignore[return-value]


def _places(examples: Examples) -> dict[tuple[str, str], list[int]]:
    keys = [("group", group) for group in examples.groups] if examples.groups else [("item", i) for i in examples.ids]
    found: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return found


def _unlabelled(*parts: Examples) -> Examples:
    """All of them, without their labels."""
    everything = replace(parts[0], labels=None)
    for part in parts[1:]:
        everything = everything.join(replace(part, labels=None))
    return everything


def _weights(examples: Examples) -> np.ndarray:
    if examples.weights is None or not len(examples):
        return np.ones(len(examples))
    weights: np.ndarray = np.asarray(examples.weights, dtype=np.float64) / np.mean(examples.weights)
    return weights
