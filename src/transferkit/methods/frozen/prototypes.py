"""Prototypes: the class whose mean feature is nearest.

Mensink, Verbeek, Perronnin & Csurka 2013, doi:10.1109/TPAMI.2013.83; Snell, Swersky & Zemel 2017, arXiv:1703.05175. With m_c
the mean of a class and m the mean of these,

    euclidean: -|x - m_c|^2 / 2        cosine: |x - m| cos(x - m, m_c - m)

Both are linear in x up to what all classes share, so they end as a linear head; the length |x - m| in the second changes how
sure it is, never which class it names. `shrink` pulls the means towards m (Tibshirani et al. 2002, doi:10.1073/pnas.082099299,
without their soft threshold). Differs: outputs are multiplied by the sharpness under which the labels are likeliest, every item
left out of its own class mean once, so that confidence means something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method, Needs, check_sources
from transferkit.core.task import ClosedForm
from transferkit.training.class_labels import n_classes

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task

Distance = Literal["cosine", "euclidean"]
SHARPNESS = np.logspace(-2, 3, 26)
"""To choose from, in units of one over the spread of the outputs."""


@dataclass(frozen=True, kw_only=True)
class Prototypes(Method):
    """One mean a class on frozen features: nothing to tune, hard to break, and often best with one to five labels a class.

    With more labels a linear probe reads more out of the same features.

    >>> str(Prototypes(distance="euclidean"))
    'prototypes:distance=euclidean'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1), features=True, moves_weights=False)
    paper: ClassVar[str] = "arXiv:1703.05175"
    deterministic: ClassVar[bool] = True
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"distance": ("cosine", "euclidean")}

    distance: Distance = "cosine"
    shrink: float = 0.0
    """Share of the way each class mean is moved to the mean of all, 0 to below 1; changes nothing for the cosine."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.shrink < 1:
            raise WrongUse(f"{self.name}:shrink={self.shrink} must be at least 0 and below 1")

    def suits(self, task: Task) -> bool:
        """Only classes have means."""
        return task.balances

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One cached pass, then one mean a class."""
        from transferkit.training.body import Body
        from transferkit.training.frozen import frozen_states
        from transferkit.training.probe import linear_of, with_head

        check_sources(self, sources)
        count = n_classes(target.task, self)
        body = Body.pretrained(sources[0], target)
        features, labels = frozen_states(body, target.train, run), target.task.strata(target.train.labels or ())
        closed = prototype_head(features, labels, count, self.distance, self.shrink, target.train.weights)
        return with_head(body, target, linear_of(closed), closed.settings)


def prototype_head(
    features: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    distance: Distance = "cosine",
    shrink: float = 0.0,
    weights: np.ndarray | None = None,
) -> ClosedForm:
    """The linear head of the class means of features (n, d), labels (n,); a class without items is never chosen."""
    items = np.asarray(features, dtype=np.float64)
    shares = np.zeros((len(items), n_classes))
    shares[np.arange(len(items)), labels] = 1.0 if weights is None else weights
    totals = shares.sum(0)  # (n_classes,)
    there = totals > 0
    means = shares.T @ items / np.maximum(totals, 1e-300)[:, None]  # (n_classes, d)
    centre = means[there].mean(0)

    def rows(towards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights and biases of means at centre + towards (k, d)."""
        towards = (1 - shrink) * towards
        if distance == "cosine":
            towards = towards / np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-12)
            return towards, -towards @ centre
        return towards, -towards @ centre - np.square(towards).sum(1) / 2

    weight, bias = rows(means - centre)
    outputs = items @ weight.T + bias  # (n, n_classes)
    own = shares[np.arange(len(items)), labels]
    several = totals[labels] - own > 0  # those that leave others of their class behind
    left = np.maximum(totals[labels] - own, 1e-300)[:, None]
    own_weight, own_bias = rows((totals[labels][:, None] * means[labels] - own[:, None] * items) / left - centre)
    without = outputs.copy()
    without[np.arange(len(items)), labels] = (items * own_weight).sum(1) + own_bias
    sharpness = _sharpness(without[several][:, there], np.cumsum(there)[labels[several]] - 1, outputs[:, there])
    bias = np.where(there, bias, outputs.min() - 20 / sharpness)
    return ClosedForm(sharpness * weight, sharpness * bias, {"sharpness": sharpness})


def _sharpness(without: np.ndarray, labels: np.ndarray, outputs: np.ndarray) -> float:
    """The factor under which the labels of items left out (n, k) are likeliest; one over the spread where none could be."""
    from scipy.special import log_softmax

    unit = 1 / max(float(outputs.std()), 1e-12)
    if not len(labels):
        return unit
    rows = np.arange(len(labels))
    return float(unit * max(SHARPNESS, key=lambda s: log_softmax(s * unit * without, axis=1)[rows, labels].mean()))
