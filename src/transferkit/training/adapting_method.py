"""DomainMethod and AdaptingMethod: what deep methods of domain adaptation are set by. Imports nothing heavy.

All of them minimise L = L_source + L_target + lambda * L_domain with one recipe (see `training/adaptation.py`); a method is
its L_domain.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from transferkit.core.errors import WrongUse
from transferkit.core.method import Needs, models_and_data
from transferkit.training.class_labels import n_classes, refuse_mixing
from transferkit.training.gradient_method import GradientMethod
from transferkit.training.schedule import steps_for

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task
    from transferkit.training.adaptation import Objective
    from transferkit.training.body import Body
    from transferkit.training.domains import Domains
    from transferkit.training.model import Model
    from transferkit.training.recipe import Recipe

EPOCH_STEPS = 50
"""Most steps between two looks at the target: an epoch of a large source is a part of it, drawn anew each time."""


@dataclass(frozen=True, kw_only=True)
class DomainMethod(GradientMethod, ABC):
    """A network learned from the labels of a source domain, for a target domain. A subclass gives `fit`."""

    needs: ClassVar[Needs] = Needs(models=(0, 1), data=(1, 99), target_labels=False, unlabelled=True)
    baseline: ClassVar[str] = "source_only"
    positive: ClassVar[tuple[str, ...]] = (*GradientMethod.positive, "body_rate")
    of_classes: ClassVar[bool] = False
    """True where it builds on one class an item, and not on features alone."""

    learning_rate: float = 4e-3
    """Of all that is new; see `body_rate`."""
    body_rate: float = 0.1
    """Share of the learning rate at which a pretrained network's own weights move."""
    batch_size: int = 32
    """Of the source, and as many of the target."""
    keep_statistics: bool = False
    """True: BatchNorm keeps the running mean and variance it starts with; only for networks that have learned them."""

    def suits(self, task: Task) -> bool:
        """Classes where it builds on classes; else anything that is told from one feature vector an item."""
        return task.name == "classify" if self.of_classes else task.needs_features

    def read(self, sources: tuple[Source, ...], target: Target, run: Run) -> tuple[Domains, Body]:
        """The domains and the network to start from; one line where they do not serve."""
        from transferkit.training.domains import Domains

        models, data = models_and_data(self, sources)
        domains = Domains.of(data, target, run)
        refuse_mixing(self)
        if self.of_classes:
            n_classes(domains.task, self)
        if not domains.task.needs_features:
            raise WrongUse(f"method {self.name} works on one feature vector an item; task {domains.task.name} has none")
        return domains, domains.body(models, run)

    def recipe_for(self, body: Body, n_items: int, **changes: Any) -> Recipe:
        """How to train this network on so many items; in epochs of `EPOCH_STEPS` steps at most."""
        seen = min(n_items, EPOCH_STEPS * self.batch_size)
        rate = self.learning_rate * (self.body_rate if body.origin else 1.0)
        recipe = self.recipe(seen, learning_rate=rate, head_learning_rate=self.learning_rate, epoch_items=seen)
        return replace(recipe, **changes)

    def steps(self, n_items: int) -> int:
        """Of the whole schedule, or of the epochs that are run."""
        seen = min(n_items, EPOCH_STEPS * self.batch_size)
        return steps_for(seen, self.batch_size, self.epochs, self.stop_after, self.schedule)


@dataclass(frozen=True, kw_only=True)
class AdaptingMethod(DomainMethod, ABC):
    """Adaptation while the source is learned: a subclass says in `objective` what L_domain is."""

    not_negative: ClassVar[tuple[str, ...]] = (*DomainMethod.not_negative, "weight")

    weight: float = 1.0
    """lambda, what the domains' loss counts beside that of the labels."""
    weight_schedule: Literal["rising", "constant"] = "rising"
    """rising: lambda grows from 0 as 2 / (1 + exp(-10 p)) - 1 over the share p of the training that is done
    (arXiv:1409.7495), as classes have to be known before domains are worth aligning."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One training on batches of both domains."""
        from transferkit.training.adaptation import adapt

        return adapt(self, *self.read(sources, target, run), run)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch_size < 2:
            raise WrongUse(f"{self.name}:batch_size={self.batch_size} must be at least 2: one item has no distribution")

    @abstractmethod
    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """L_domain for this model, which is about to be trained."""

    def strength(self, progress: float) -> float:
        """lambda where `progress`, 0 to 1, of the training is done.

        >>> from transferkit.methods.adapt.mmd import MMD
        >>> [round(MMD(weight=2.0).strength(p), 2) for p in (0.0, 0.1, 1.0)]
        [0.0, 0.92, 2.0]
        """
        if self.weight_schedule == "constant":
            return self.weight
        return self.weight * (2 / (1 + math.exp(-10 * progress)) - 1)
