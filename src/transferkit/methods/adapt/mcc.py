"""MCC: target predictions that do not waver between the same classes.

Jin, Wang, Long & Wang 2020, arXiv:1912.03699: L_domain is the class confusion of the target batch, eq. 6. No domain is
aligned. Target labels, where there are some, are used too.
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


@dataclass(frozen=True, kw_only=True)
class MCC(AdaptingMethod):
    """Train on the source while the target's predictions become sure, class against class.

    Cheap, steady, and at home in closed, partial and multi-source settings alike. Not where the first predictions are little
    better than chance: it makes them surer.

    >>> str(MCC(temperature=2.0))
    'mcc:temperature=2.0'
    """

    paper: ClassVar[str] = "arXiv:1912.03699"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "promising"
    positive: ClassVar[tuple[str, ...]] = (*AdaptingMethod.positive, "temperature")
    of_classes: ClassVar[bool] = True

    temperature: float = 2.5
    """What logits are divided by before they are compared."""

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """The class confusion of the target batch."""
        from transferkit.ops.domain_losses.class_confusion import class_confusion
        from transferkit.training.adaptation import Objective

        def loss(both: Both) -> Tensor:
            return class_confusion(both.target.outputs, self.temperature)

        return Objective(loss)
