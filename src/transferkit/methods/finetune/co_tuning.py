"""CoTuning: the source's own head is kept, and taught what each target class looks like in the source's classes.

You, Kou, Long & Wang 2020, "Co-Tuning for Transfer Learning", NeurIPS, Alg. 1-2: with h the source's head,

    L = L_task + strength * cross-entropy(h(features), p(y_source | y_target))

The relationship p(y_source | y_target) is learned once, before training: `reverse` fits p(y_target | y_source) by logistic
regression from the source's probabilities, with the strength that is likeliest on inner folds - so that it is calibrated - and
turns it round by Bayes' rule; `direct` is the mean of the source's probabilities over the items of a class. Differs: the
source's own probabilities are taken as they are, for the data that could calibrate them is not at hand.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.method import Needs
from transferkit.training.class_labels import n_classes
from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.losses import Step
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class CoTuning(TuningMethod):
    """Fine-tune with the source's classes as a second, soft label of every item.

    Where the source has a head and its classes have something to do with the target's: breeds for cats and dogs. Not for
    sources without classes.

    >>> str(CoTuning(relationship="direct"))
    'co_tuning:relationship=direct'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1), features=True)
    paper: ClassVar[str] = "NeurIPS 2020"
    not_negative: ClassVar[tuple[str, ...]] = (
        *TuningMethod.not_negative,
        "strength",
    )

    strength: float = 1.0
    relationship: Literal["reverse", "direct"] = "reverse"

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """The second loss, and a copy of the source's head that learns along."""
        import torch
        from torch.nn import functional

        from transferkit.training.frozen import frozen_states
        from transferkit.training.head_outputs import head_outputs
        from transferkit.training.loop import Addition

        count = n_classes(target.task, self)
        logits = head_outputs(body, frozen_states(body, target.train, run), target.train, run)
        if model.network.head is None or logits is None:
            kind = model.network.architecture.kind
            raise WrongUse(
                f"method {self.name} needs a source with a head of its own, and this {kind} came without; use l2_sp or full"
            )
        head = copy.deepcopy(model.network.head).requires_grad_(True)
        labels = target.task.strata(target.train.labels or ())
        learn = {"reverse": reverse, "direct": direct}[self.relationship]
        relationship = learn(probabilities(logits), labels, count)  # (n_target, n_source)
        wanted = torch.from_numpy(relationship).float().to(run.device)

        def second(step: Step) -> Tensor:
            return self.strength * functional.cross_entropy(head(step.features), wanted[step.targets])

        return Addition(penalty=second, modules=(head,))


def probabilities(logits: np.ndarray) -> np.ndarray:
    """(n, n_source) softmax."""
    from scipy.special import softmax

    chances: np.ndarray = softmax(np.asarray(logits, dtype=np.float64), axis=1)
    return chances


def direct(chances: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """p(y_source | y_target) (count, n_source): the mean over the items of each class; over all, where it has none.

    >>> direct(np.array([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9]]), np.array([0, 0, 1]), 2)
    array([[0.7, 0.3], [0.1, 0.9]])
    """
    return np.stack([chances[labels == c].mean(0) if (labels == c).any() else chances.mean(0) for c in range(count)])


def reverse(chances: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """p(y_source | y_target) (count, n_source), by Bayes' rule from p(y_target | y_source) and the mean p(y_source)."""
    from transferkit.tasks.linear_heads import logistic_head

    fitted = logistic_head(chances, labels, count, standardised=False)
    given_source = probabilities(fitted.weight.T + fitted.bias)  # (n_source, count): what a sure source says
    joint: np.ndarray = given_source.T * chances.mean(0)
    return np.asarray(joint / joint.sum(1, keepdims=True))
