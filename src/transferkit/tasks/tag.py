"""Tag: any number of tags an item, none included; judged by mean average precision.

A label is a tuple of tags. In a table a cell holds them one after the other, as `red|round` or `red;round`; a separator alone
says that there are none. In JSONL and Parquet a cell is a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.labels import read_tags
from transferkit.core.task import ClosedForm, Predictions
from transferkit.tasks.measured import MeasuredTask
from transferkit.tasks.metrics.known import Judged

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from transferkit.core.examples import Examples
    from transferkit.core.network import Network, State
    from transferkit.core.source import Processor
    from transferkit.ops.augment import Augmentation

LEAST_CHANCE = 1e-12
"""A probability below is taken for this one, so that one decision cannot make the mean log-loss infinite."""
MOST_WEIGHT = 20.0
"""How much more, at most, an item counts for a tag that it bears than for one that it lacks."""


@dataclass(frozen=True)
class Tag(MeasuredTask):
    """Say of each of `classes` whether an item bears it. Use where several may hold at once; not for classes that exclude
    each other.

    >>> Tag(("red", "round")).encode([("red", "round"), ()]).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """

    name: ClassVar[str] = "tag"
    judged: ClassVar[Judged] = "tags"
    balances: ClassVar[bool] = False
    """The loss weighs tags, not items."""
    classes: tuple[str, ...]
    metric_name: str = "average_precision"
    shares: tuple[float, ...] = ()
    """Share of the items that bear each tag, of those that may be learned from; `seen` sets it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        object.__setattr__(self, "shares", tuple(self.shares))
        super().__post_init__()

    def widened(self, classes: Sequence[str]) -> Tag:
        """In alphabetical order; a tag that no item seen so far bears has the share 0."""
        shares = dict(zip(self.classes, self.shares, strict=False))
        names = tuple(sorted({*self.classes, *classes}))
        return replace(self, classes=names, shares=tuple(shares.get(n, 0.0) for n in names) if shares else ())

    @classmethod
    def recognise(cls, examples: Examples) -> Tag | None:
        """Every label is a list of words, or words with separators between them. Refuses data without any tag."""
        labels = read_tags(examples.labels or ())
        if not labels or (isinstance((examples.labels or ("",))[0], str) and not _recur(labels)):
            return None
        known = sorted({tag for tags in labels for tag in tags})
        if not known:
            raise WrongUse("not one of the labelled items bears a tag; there is nothing to tell apart")
        if all(len(tags) == len(known) for tags in labels):
            raise WrongUse(
                f"every labelled item bears the same tags ({', '.join(known[:5])}); there is nothing to tell apart"
            )
        return cls(tuple(known))

    def read(self, labels: Sequence[Any]) -> tuple[tuple[str, ...], ...]:
        """Each as a tuple of tags, sorted."""
        found = read_tags(labels)
        if found is None:
            raise WrongUse(f"labels such as {labels[0]!r} are no tags; write them as a|b or as lists of words")
        return found

    def seen(self, labels: Sequence[Any]) -> Tag:
        """The same task with the shares of the tags among these labels."""
        if not len(labels):
            return self
        return replace(self, shares=tuple(self._table(labels).mean(axis=0).tolist()))

    def _of_metric(self) -> tuple[Any, ...]:
        return (self.classes,)

    def strata(self, labels: Sequence[Any]) -> np.ndarray:
        """(n,) the rarest tag each item bears, among these labels; C for an item without any.

        Rare tags first is what iterative stratification does too (Sechidis, Tsoumakas & Vlahavas 2011): where each rare tag is
        kept in proportion, frequent ones are nearly so.
        """
        borne = self._table(labels)
        rarity = np.where(borne, borne.sum(axis=0), np.inf)  # (n, C)
        return np.where(borne.any(axis=1), rarity.argmin(axis=1) if len(self.classes) else 0, len(self.classes))

    def _table(self, labels: Sequence[Any]) -> np.ndarray:
        from transferkit.tasks.metrics.tags._tables import table

        return table(labels, self.classes)

    def blind(self, labels: Sequence[Any]) -> Tensor:
        """(1, C) log-odds of each tag's share; a tag that every item or none bears counts as half an item short of it."""
        return self._log_odds(labels).double()[None]

    def prior_logits(self, labels: Sequence[Any]) -> Tensor:
        """(C,) the same."""
        return self._log_odds(labels)

    def _log_odds(self, labels: Sequence[Any]) -> Tensor:
        import torch

        counts = self._table(labels).sum(axis=0).clip(0.5, len(labels) - 0.5)
        return torch.from_numpy(np.log(counts / (len(labels) - counts)).astype(np.float32))

    def encode(self, labels: Sequence[Any], processor: Processor | None = None) -> Tensor:
        """(n, C) float32: 1 where the item bears the tag."""
        import torch

        return torch.from_numpy(self._table(labels).astype(np.float32))

    def head(self, network: Network, seed: int) -> nn.Module:
        from torch import nn

        from transferkit.core.network import seeded

        with seeded(seed):
            return nn.Linear(network.feature_dim, len(self.classes))

    def weights(self) -> np.ndarray:
        """(C,) how much an item that bears a tag counts, one that lacks it counting 1: both sides of a tag weigh alike, up to
        `MOST_WEIGHT`."""
        shares = np.asarray(self.shares or [0.5] * len(self.classes))
        weights: np.ndarray = np.clip((1 - shares) / np.maximum(shares, 1e-9), 1 / MOST_WEIGHT, MOST_WEIGHT)
        return weights

    def loss(self, outputs: Any, targets: Any, item_weights: Tensor | None = None) -> Tensor:
        """Mean binary cross-entropy over items and tags; outputs: logits (n, C), targets: (n, C)."""
        import torch
        from torch.nn import functional

        weights = torch.as_tensor(self.weights(), dtype=outputs.dtype, device=outputs.device)
        losses = functional.binary_cross_entropy_with_logits(outputs, targets, pos_weight=weights, reduction="none")
        return losses.mean() if item_weights is None else (losses.mean(dim=1) * item_weights).mean()

    def even_loss(self, outputs: Any, item_weights: Tensor | None = None) -> Tensor:
        """The loss against "one half" for every tag: what label smoothing mixes in."""
        from torch.nn import functional

        halves = outputs.new_full(outputs.shape, 0.5)
        losses = functional.binary_cross_entropy_with_logits(outputs, halves, reduction="none").mean(dim=1)
        return losses.mean() if item_weights is None else (losses * item_weights).mean()

    def decode(self, outputs: Any, processor: Processor | None = None) -> Predictions:
        """Logits (n, C) -> the tags above one half, and every tag's probability."""
        scores = outputs.detach().double().sigmoid().cpu().numpy()
        return Predictions(
            tuple(tuple(self.classes[k] for k in np.flatnonzero(row > 0.5)) for row in scores), np.asarray(scores)
        )

    def log_loss(self, predictions: Predictions, labels: Sequence[Any]) -> float | None:
        if predictions.scores is None:
            return None
        borne = self._table(labels)
        told = np.where(borne, predictions.scores, 1 - predictions.scores)
        return float(-np.log(np.clip(told, LEAST_CHANCE, 1.0)).mean())

    def augment(
        self, inputs: State, targets: Any, augmentation: Augmentation, generator: torch.Generator
    ) -> tuple[State, Any]:
        """As for classes."""
        from transferkit.ops.augment import augment

        return augment(inputs, augmentation, generator), targets

    def closed_form_head(
        self, features: np.ndarray, labels: Sequence[Any], item_weights: np.ndarray | None = None, solver: str = "ridge"
    ) -> ClosedForm:
        """Ridge on the indicators with the leave-one-out penalty; `logistic` is for classes."""
        from transferkit.tasks.indicator_head import indicator_head

        if solver != "ridge":
            raise WrongUse(f"solver={solver} is for classes; tags are fitted with solver=ridge")
        return indicator_head(features, self._table(labels), self.weights(), item_weights)

    def describe(self) -> dict[str, Any]:
        return {"classes": list(self.classes), "metric_name": self.metric_name, "shares": list(self.shares)}


def _recur(labels: Sequence[tuple[str, ...]]) -> bool:
    """Whether these are tags and not classes or sentences: some item bears several, and tags are used more than once."""
    used = [tag for tags in labels for tag in tags]
    return any(len(tags) != 1 for tags in labels) and len(set(used)) <= len(used) / 2
