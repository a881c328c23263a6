"""LinearProbe: a linear head on frozen features, fitted without gradient steps.

Ridge: one-hot targets, the penalty chosen by exact leave-one-out; logistic: the penalty chosen by inner folds.
Alain & Bengio 2016, arXiv:1610.01644; leave-one-out in closed form: Allen 1974 (PRESS).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from transferkit.core.method import Method, Needs, check_sources

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task


@dataclass(frozen=True, kw_only=True)
class LinearProbe(Method):
    """Leave the network as it is and learn only the last, linear step. Seconds, and hard to beat with few labels.

    Not the best where labels are many or the target looks unlike what the source was trained on; then `full`.

    >>> str(LinearProbe(solver="logistic"))
    'linear_probe:solver=logistic'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1), features=True, moves_weights=False)
    paper: ClassVar[str] = "arXiv:1610.01644"
    deterministic: ClassVar[bool] = True
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "every"
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"solver": ("ridge", "logistic")}

    solver: Literal["ridge", "logistic"] = "ridge"

    def suits(self, task: Task) -> bool:
        """Logistic regression is for classes."""
        return self.solver == "ridge" or task.balances

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One cached pass, then a closed form (ridge) or a convex problem (logistic)."""
        from transferkit.training.body import Body
        from transferkit.training.probe import probe

        check_sources(self, sources)
        return probe(Body.pretrained(sources[0], target), target, self.solver, run)
