"""JDOT: learn on the target from the source's labels, carried there by the plan that joins like items of like labels.

Courty, Flamary, Habrard & Rakotomamonjy 2017, "Joint distribution optimal transportation for domain adaptation",
arXiv:1705.08848; see `ops/alignment/joint_transport.py`. Differs: the learner is linear in the features (a kernel
regression, the paper's for numbers, learns its first plan by heart where nothing tunes it); classes are told apart one
against all by the squared loss, where the paper has the hinge; the penalty is the one that the source's labels choose, left
out one by one, and so is how sure an output is (in the paper both are set by hand); target labels, where there are some,
are used too, all alike whatever their weights. Needs POT, the extra `[ot]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.core.errors import Failed
from transferkit.core.method import ANY, Method, Needs

if TYPE_CHECKING:
    import numpy as np

    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task
    from transferkit.training.domain_features import DomainFeatures
    from transferkit.training.learners.linear import Linear

MOST_ITEMS = 1000
"""Of a domain that a plan joins."""


@dataclass(frozen=True, kw_only=True)
class JDOT(Method):
    """A learner of the target whose own answers and the source's labels agree as cheaply as can be.

    Use where the inputs moved and their meaning with them, for numbers as well as for classes; not when classes have other
    shares in the target or numbers another spread, for every label must go somewhere.

    >>> str(JDOT(feature_weight=0.1))
    'jdot:feature_weight=0.1'
    """

    needs: ClassVar[Needs] = Needs(
        models=(0, 1), data=(1, ANY), target_labels=False, unlabelled=True, features=True, moves_weights=False
    )
    baseline: ClassVar[str] = "source_probe"
    deterministic: ClassVar[bool] = True
    paper: ClassVar[str] = "arXiv:1705.08848"
    positive: ClassVar[tuple[str, ...]] = ("rounds",)
    not_negative: ClassVar[tuple[str, ...]] = ("feature_weight",)

    features: Literal["network", "raw"] = "network"
    """network: of the model's frozen network; raw: the items' own numbers, as those of a table's rows are in any case."""
    feature_weight: float = 1.0
    """alpha: what the largest squared distance of two items costs beside a label that is wrong, by a whole class or a
    standard deviation."""
    rounds: int = 20
    """Most turns of plan and learner; they end where the objective does not fall."""

    def suits(self, task: Task) -> bool:
        return task.name in ("classify", "regress")

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then plans and ridge regressions by turns."""
        from transferkit.core.predictor import FitRecord
        from transferkit.training.domain_features import features_for
        from transferkit.training.learners.linear import fit_linear
        from transferkit.training.nothing_to_adapt import does_not_vary, note_of_no_difference
        from transferkit.training.on_features import OnFeatures

        found = features_for(self, sources, target, run, self.features)
        run.check_deadline()
        if of := does_not_vary(found.source, found.target):
            learner = fit_linear(
                found.domains.task, found.source, found.source_labels, found.domains.labelled.weights, "ridge"
            )
            note = f"no feature varies among the {of} items; nothing was carried"
            return OnFeatures.of(found, (), learner, FitRecord(notes=(note,)))
        try:
            learner, turns = self._learned(found, run)
        except ImportError as reason:
            raise Failed(f"method {self.name}: {reason}") from None
        notes = note_of_no_difference(found.source, found.target)
        return OnFeatures.of(found, (), learner, FitRecord(notes=notes, settings={"turns": turns}))

    def _learned(self, found: DomainFeatures, run: Run) -> tuple[Linear, int]:
        """The learner, and after how many turns."""
        import numpy as np

        from transferkit.core.task import ClosedForm
        from transferkit.ops.alignment.contract import evenly
        from transferkit.ops.alignment.joint_transport import feature_costs, joint_transport
        from transferkit.training.learners.linear import Linear

        task, given = found.domains.task, found.domains.labelled.weights
        ours, theirs = (evenly(len(part), MOST_ITEMS) for part in (found.source, found.target))
        labels, known = _numbers(task, found.source_labels)[ours], _numbers(task, found.target_labels)
        known = known[theirs[theirs < len(known)]]
        weights = None if given is None else np.asarray(given, dtype=np.float64)[ours]
        source, target = found.source[ours], found.target[theirs]
        penalty, sharpness = _chosen(task, source, labels, weights)
        carried = joint_transport(
            feature_costs(source, target, self.feature_weight),
            labels,
            target,
            penalty=penalty * len(target) / len(source),
            known=known,
            weights=weights,
            rounds=self.rounds,
            before_turn=run.check_deadline,
        )
        head = ClosedForm(sharpness * carried.slope.T, sharpness * carried.intercept)
        return Linear(task, head), len(carried.objectives)


def _numbers(task: Task, labels: tuple[object, ...]) -> np.ndarray:
    """(n, k) one-hot rows, or numbers in standard deviations."""
    import numpy as np

    if task.name == "classify":
        from transferkit.ops.scores.inputs import one_hot

        return one_hot(task.strata(labels), len(task.describe()["classes"]))
    return np.asarray(task.encode(labels), dtype=np.float64)[:, None]


def _chosen(task: Task, source: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> tuple[float, float]:
    """Penalty of a ridge regression of the source's labels (n_s, k), and the sharpness of its outputs."""
    from transferkit.ops.scores.leave_one_out import leave_one_out_classes, leave_one_out_numbers

    if task.name == "classify":
        left_out = leave_one_out_classes(source, labels.argmax(1), n_classes=labels.shape[1], weights=weights)
        return left_out.penalty, left_out.sharpness
    return leave_one_out_numbers(source, labels, weights=weights).penalty, 1.0
