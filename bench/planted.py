"""Planted worlds: two learners whose true difference on a finite population is known exactly.

A world is a population of items, a person's training items drawn from the same law, and two learners fitted to those with
many seeds. A seed draws some of the learner's hidden layer and the share of the training items it sees. The learner is a
ridge on that layer:

- scratch sees the hidden layer alone;
- an arm that helps sees the outputs of a source that knows the law, more or less well, beside it;
- an arm that hurts sees a narrower layer, as through the frozen features of a source that lost something;
- an arm that does nothing is scratch itself, with other seeds: over all seeds its gain is exactly 0.

Who draws seeds and items from a world with replacement draws independently from a law whose mean is known to the digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from transferkit.core.task import Metric, Predictions
from transferkit.tasks.metrics.known import Judged, metric_class, names

Effect = Literal["null", "negative", "positive"]
EFFECTS: tuple[Effect, ...] = ("null", "negative", "positive")
DIMENSIONS = 32
WIDTH = 24
SURENESS = 5.0
"""Ridge outputs on one-hot labels times this are the logits."""


@dataclass(frozen=True, eq=False)
class World:
    """K seeds of an arm and its baseline on M items."""

    effect: Effect
    judged: Judged
    shares: tuple[float, ...]
    """Of the classes; empty for numbers."""
    truth: np.ndarray
    """(M,) class, or number."""
    open_labels: list[Any]
    """Of the training items."""
    arm: np.ndarray
    """(K, M, C) probabilities, or (K, M) numbers."""
    baseline: np.ndarray

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names."""
        return tuple("abcdefghij"[: len(self.shares)])

    @property
    def rarest(self) -> float:
        """The share of the rarest class in the population; infinite where numbers are predicted."""
        return float(np.bincount(self.truth).min() / len(self.truth)) if self.shares else float("inf")

    def metrics(self) -> dict[str, Metric]:
        """Every metric of this world's kind, by name."""
        arguments = (self.classes,) if self.judged == "classes" else ()
        return {name: metric_class(name, self.judged)(*arguments) for name in names(self.judged)}

    def labels(self, items: np.ndarray) -> list[Any]:
        """The truth of some items, as a target has it."""
        return self.words(self.truth[items])

    def words(self, values: np.ndarray) -> list[Any]:
        """Class numbers in words; numbers as they are."""
        words: list[Any] = (np.array(self.classes)[values] if self.judged == "classes" else values).tolist()
        return words

    def predictions(self, outputs: np.ndarray, items: np.ndarray) -> Predictions:
        """One seed's predictions of some items; outputs: a row of `arm` or `baseline`."""
        chosen = outputs[items]
        if self.judged == "numbers":
            return Predictions(tuple(chosen.tolist()))
        return Predictions(tuple(self.words(chosen.argmax(axis=1))), chosen)

    def true_gains(self) -> dict[str, float]:
        """Metric -> mean gain over all seeds on the whole population, positive where better."""
        everything = np.arange(len(self.truth))
        labels = self.labels(everything)
        gains = {}
        for name, metric in self.metrics().items():
            values = [
                np.mean([metric.value(self.predictions(outputs, everything), labels) for outputs in side])
                for side in (self.arm, self.baseline)
            ]
            gains[name] = float(values[0] - values[1]) * (1 if metric.higher_is_better else -1)
        return gains


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a world is made of."""

    effect: Effect
    shares: tuple[float, ...] = ()
    """Of the classes; empty: numbers are predicted."""
    n_train: int
    seen: float
    """Share of the training items that a seed sees: the smaller, the more seeds differ."""
    drawn: float
    """0 to 1: how much of the hidden layer a seed draws; the rest all seeds share."""
    strength: float
    """0 to 1: how much the source knows, or has lost."""
    n_seeds: int
    n_items: int


def world(plan: Plan, generator: np.random.Generator) -> World:
    """Make one."""
    n_outputs = len(plan.shares) or 1
    law = generator.normal(size=(DIMENSIONS, n_outputs)) / np.sqrt(DIMENSIONS)
    misled = law + 1.5 * (1 - plan.strength) * generator.normal(size=law.shape) / np.sqrt(DIMENSIONS)
    train, open_truth = _draw(law, plan.shares, plan.n_train, generator)
    items, truth = _draw(law, plan.shares, plan.n_items, generator)
    width = {"null": WIDTH, "positive": WIDTH, "negative": max(1, round(WIDTH * (1 - plan.strength)))}[plan.effect]
    source = misled if plan.effect == "positive" else None
    shared = generator.normal(size=(DIMENSIONS, WIDTH)) / np.sqrt(DIMENSIONS)
    baseline = _fits(train, open_truth, items, plan, shared, None, generator)
    arm = (
        np.roll(baseline, 1, axis=0)
        if plan.effect == "null"
        else _fits(train, open_truth, items, plan, shared[:, :width], source, generator)
    )
    judged: Judged = "classes" if plan.shares else "numbers"
    made = World(plan.effect, judged, plan.shares, truth, [], arm, baseline)
    made.open_labels.extend(made.words(open_truth))
    return made


def _draw(
    law: np.ndarray, shares: Sequence[float], n: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Items (n, d) and their truth (n,): about `shares` of each class, with labels that no learner can know for sure."""
    items = generator.normal(size=(n, law.shape[0]))
    bent = _bent(items, law)
    if not shares:
        return items, bent[:, 0] + generator.standard_t(5, size=n)
    logits = bent + 1.3 * np.log(shares)
    return items, (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)


def _bent(items: np.ndarray, law: np.ndarray) -> np.ndarray:
    """What a law says of items: (n, C), not linear."""
    return 4.0 * (items @ law + 0.3 * np.abs(items) @ law)


def _fits(
    train: np.ndarray,
    truth: np.ndarray,
    items: np.ndarray,
    plan: Plan,
    shared: np.ndarray,
    source: np.ndarray | None,
    generator: np.random.Generator,
) -> np.ndarray:
    """(K, M, C) probabilities or (K, M) numbers, one row a seed."""
    wanted = np.eye(len(plan.shares))[truth] if plan.shares else truth[:, None]
    n_seen = max(8, round(plan.seen * len(train)))
    rows = []
    for _ in range(plan.n_seeds):
        own = generator.normal(size=shared.shape) / np.sqrt(DIMENSIONS)
        hidden = (1 - plan.drawn**2) ** 0.5 * shared + plan.drawn * own
        seen = generator.permutation(len(train))[:n_seen]
        inside, outside = (_features(x, hidden, source) for x in (train[seen], items))
        middle = wanted[seen].mean(axis=0)
        gram = inside.T @ inside + np.eye(inside.shape[1])
        outputs = outside @ np.linalg.solve(gram, inside.T @ (wanted[seen] - middle)) + middle
        rows.append(_probabilities(outputs) if plan.shares else outputs[:, 0])
    return np.stack(rows)


def _features(items: np.ndarray, hidden: np.ndarray, source: np.ndarray | None) -> np.ndarray:
    layer = np.tanh(items @ hidden)
    return layer if source is None else np.concatenate([layer, _bent(items, source)], axis=1)


def _probabilities(outputs: np.ndarray) -> np.ndarray:
    logits = SURENESS * outputs
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return chances
