"""Open set: adaptation where the target has items of classes that no source has; they are called unknown (OSBP).

Saito, Yamamoto, Ushiku & Harada 2018, arXiv:1804.10427, eq. 2-5: a classifier with one more class, "unknown", which for target
items is trained towards a probability of `border`, while the features, behind a reversed gradient, drive each item away from
there, to the known classes or to the unknown one:

    L_domain = - border log p_unknown - (1 - border) log(1 - p_unknown)

Differs: lambda rises. Target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.training.adapting_method import AdaptingMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.adaptation import Both, Objective
    from transferkit.training.body import Body
    from transferkit.training.domains import Domains
    from transferkit.training.model import Model

UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class OpenSet(AdaptingMethod):
    """Train on the source, and tell target items of its classes from those of classes that nobody has named.

    Where the target is known to hold things the source never saw; what is predicted for them is the class "unknown". With all
    classes shared it calls some of them unknown: use dann, cdan or mcc.

    >>> str(OpenSet(border=0.6))
    'open_set:border=0.6'
    """

    paper: ClassVar[str] = "arXiv:1804.10427"
    of_classes: ClassVar[bool] = True
    says_besides: ClassVar[tuple[str, ...]] = (UNKNOWN,)

    border: float = 0.5
    """Probability of "unknown" at which known and unknown part."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.border < 1:
            raise WrongUse(f"{self.name}:border={self.border} must be above 0 and below 1")

    def read(self, sources: tuple[Source, ...], target: Target, run: Run) -> tuple[Domains, Body]:
        """The domains in a task with one class more."""
        domains, body = super().read(sources, target, run)
        if UNKNOWN in domains.only_in_sources or UNKNOWN in domains.shared:
            raise WrongUse(f"a class of the source is called {UNKNOWN!r}, as items of no known class are; rename it")
        task = domains.task.widened((UNKNOWN,))
        parts = tuple(replace(one, task=task) for one in domains.sources)
        return replace(domains, target=replace(domains.target, task=task), sources=parts), body

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """The border's cross-entropy, with its gradient to the features reversed."""
        from transferkit.ops.domain_losses.gradient_reversal import reversed_gradient
        from transferkit.ops.domain_losses.open_border import open_border
        from transferkit.training.adaptation import Objective

        unknown = int(domains.task.strata([UNKNOWN])[0])

        def loss(both: Both) -> Tensor:
            outputs = model.outputs(reversed_gradient(both.target.features))
            return open_border(outputs, unknown, self.border)

        return Objective(loss)
