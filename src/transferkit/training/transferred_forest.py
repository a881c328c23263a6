"""TransferredForest: what methods share that change the trees of a forest of the source on the target's labels.

Segev, Harel, Mannor, Crammer & El-Yaniv 2017, arXiv:1511.01258, section 4: each tree is changed on items drawn anew
from the target's with replacement, and the forest answers with the mean of its trees' shares.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from transferkit.core.method import Method, Needs
from transferkit.training.class_labels import n_classes
from transferkit.training.target_labels import NEEDS

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task
    from transferkit.ops.trees.tree import Tree


@dataclass(frozen=True, kw_only=True)
class ForestMethod(Method):
    """A method is what it makes of one tree."""

    needs: ClassVar[Needs] = NEEDS
    paper: ClassVar[str] = "arXiv:1511.01258"
    baseline: ClassVar[str] = "source_probe"
    positive: ClassVar[tuple[str, ...]] = ("trees", "depth")

    features: Literal["network", "raw"] = "network"
    """network: of the model's frozen network; raw: the items' own numbers, as those of a table's rows are in any case."""
    trees: int = 50
    depth: int | None = None
    """Of the source's trees at most; None: until their leaves are pure."""
    bootstrap: bool = True
    """Draw the target's items anew for each tree; False: all trees see all of them."""

    @abstractmethod
    def changed(self, tree: Tree, items: np.ndarray, labels: np.ndarray, seed: int) -> list[Tree]:
        """What becomes of one tree for target items (n, d), labels (n,)."""

    def suits(self, task: Task) -> bool:
        """Trees that tell classes apart."""
        return task.name == "classify"

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, a forest of the source, then tree by tree."""
        from sklearn.ensemble import RandomForestClassifier

        from transferkit.ops.trees.tree import Tree
        from transferkit.training.learner_method import record_of
        from transferkit.training.learners.forest import Forest
        from transferkit.training.on_features import OnFeatures
        from transferkit.training.target_labels import both_labelled

        features, source, own = both_labelled(self, sources, target, run, self.features)
        task = features.domains.task
        seed = run.derived_seed("forest") % 2**32
        forest = RandomForestClassifier(self.trees, max_depth=self.depth, random_state=seed)
        forest.fit(source.features, source.targets, sample_weight=source.weights)
        draw = np.random.default_rng(run.derived_seed("items of a tree"))
        chances = own.weights / own.weights.sum()
        changed: list[Tree] = []
        for fitted in forest.estimators_:
            run.check_deadline()
            tree = _over_all_classes(Tree.of(fitted), forest.classes_, n_classes(task, self))
            rows = np.arange(len(own))
            if self.bootstrap:
                rows = np.sort(draw.choice(len(own), len(own), p=chances))
            changed += self.changed(tree, own.features[rows], own.targets[rows], int(draw.integers(2**31)))
        learner = Forest(task, tuple(changed))
        settings: dict[str, Any] = {"nodes": sum(map(len, changed))}
        return OnFeatures.of(features, (), learner, record_of(learner, settings))


def _over_all_classes(tree: Tree, present: np.ndarray, count: int) -> Tree:
    """The same tree, whose shares tell of the classes that the source does not have too."""
    from dataclasses import replace

    value = np.zeros((len(tree), count))
    value[:, present] = tree.value
    return replace(tree, value=value)
