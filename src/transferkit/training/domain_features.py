"""Domain features: one feature vector an item of source domains and target, for methods that work on such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.method import Method, models_and_data
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.training.domains import Domains
from transferkit.training.fused import Part

Features = Literal["network", "raw"]
MOST_RAW = 4096
"""Numbers of an item beyond which its plain input is no feature vector."""


@dataclass(frozen=True, eq=False)
class DomainFeatures:
    """Rows of features, float64, scaled alike in all domains so that their mean is 0 and their variance 1 over all items."""

    domains: Domains
    part: Part
    """What makes features of an item, before they are scaled."""
    centre: np.ndarray
    """(d,) what is taken off."""
    scale: np.ndarray
    """(d,) what is divided by; 1 where a feature is constant."""
    source: np.ndarray
    """(n_s, d) of `domains.labelled`."""
    target: np.ndarray
    """(n_t, d) of `domains.unlabelled`: every open item of the target, the labelled ones first."""

    @property
    def source_labels(self) -> tuple[Any, ...]:
        """(n_s,)"""
        return self.domains.labelled.labels or ()

    @property
    def target_labels(self) -> tuple[Any, ...]:
        """Of the first rows of `target`: the labels that may be learned from, those of `target.train`, possibly none."""
        return self.domains.target.train.labels or ()

    @property
    def target_labelled(self) -> np.ndarray:
        """(n_l, d) the rows that `target_labels` belong to."""
        return self.target[: len(self.target_labels)]

    def of(self, examples: Examples, run: Run) -> np.ndarray:
        """(n, d) of other examples, scaled in the same way."""
        rows: np.ndarray = np.asarray(self.part.features(examples, run), dtype=np.float64)
        scaled: np.ndarray = (rows - self.centre) / self.scale
        return scaled


def features_for(
    method: Method, sources: tuple[Source, ...], target: Target, run: Run, kind: Features = "network"
) -> DomainFeatures:
    """Of the domains that a method is given: the features of its model, else of the network that was learned from a source data
    set before, where there is one; rows of a table are their own features.

    Raises one line where the sources are not what the method takes.
    """
    models, data = models_and_data(method, sources)
    learned = tuple(source for source in data if source.options.learned and target.modality != "tabular")
    return domain_features(Domains.of(data, target, run), models or learned, run, kind)


def domain_features(domains: Domains, models: Sequence[Source], run: Run, kind: Features = "network") -> DomainFeatures:
    """Features of every open item: those of the first model's frozen network, or without a model (or where `kind` says so) the
    items' own numbers, as rows of a table have them.

    One line where items have no such numbers: a model must then be named.
    """
    models = () if kind == "raw" else models
    modality = domains.target.modality
    if not models and modality == "text":
        raise WrongUse("a text has no numbers of its own; name a model that reads, such as sentence: or words:")
    body = domains.body(models, run)
    part = Part(body.processor, body if models else None)
    source, target = part.features(domains.labelled, run), part.features(domains.unlabelled, run)
    if part.body is None and source.shape[1] > MOST_RAW:
        raise WrongUse(
            f"items of {domains.target.name} are {source.shape[1]} numbers each, too many to be features; name a model, such "
            "as --from zoo:objects-cnn, whose features to use"
        )
    both = np.concatenate([source, target]).astype(np.float64)
    if not np.isfinite(both).all():
        raise WrongUse(f"features of {domains.target.name} and its sources hold values that are not finite")
    centre, deviation = both.mean(0), both.std(0)
    scale = np.where(deviation > 1e-8 * (1 + np.abs(centre)), deviation, 1.0)
    rows = (both - centre) / scale
    return DomainFeatures(domains, part, centre, scale, rows[: len(source)], rows[len(source) :])
