"""JAN: features and the classes predicted from them, jointly distributed alike in both domains.

Long, Zhu, Wang & Jordan 2017, arXiv:1605.06636, eq. 9: L_domain = the JMMD of (features, class probabilities). The width of
the kernel of probabilities is that of the released code, s = 0.92. Differs: the unbiased estimator of all pairs, not the
linear one. Target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.training.adapting_method import AdaptingMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.training.adaptation import Both, Objective
    from transferkit.training.domains import Domains
    from transferkit.training.model import Model


PROBABILITY_WIDTH = 0.92
"""s of the kernel of class probabilities."""


@dataclass(frozen=True, kw_only=True)
class JAN(AdaptingMethod):
    """Train on the source while features are aligned together with the classes they lead to.

    Where MMD would lay a class of one domain over another class of the other. Not where the classes differ.

    >>> str(JAN(weight=0.5))
    'jan:weight=0.5'
    """

    paper: ClassVar[str] = "arXiv:1605.06636"
    of_classes: ClassVar[bool] = True

    estimator: Literal["unbiased", "biased", "linear"] = "unbiased"

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """JMMD of features and class probabilities."""
        from transferkit.ops.discrepancies.jmmd import jmmd
        from transferkit.training.adaptation import Objective

        def loss(both: Both) -> Tensor:
            x, y = ([side.features, side.outputs.softmax(dim=1)] for side in (both.source, both.target))
            return jmmd(x, y, bandwidths=[None, (PROBABILITY_WIDTH,)], estimator=self.estimator)

        return Objective(loss)
