"""AdaBN: BatchNorm layers take the target's mean and variance for the source's. Nothing else moves.

Li, Wang, Shi, Liu & Hou 2016, arXiv:1603.04779. The statistics are those of all open target items alike, and not an average
that forgets the first ones. Differs: target labels, where there are some, are learned from beside the source's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.training.adapting_method import DomainMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class AdaBN(DomainMethod):
    """Learn the source, then normalise as the target's items ask for; one pass and no gradient.

    For networks with BatchNorm and shifts of brightness, contrast, noise or sensor. It cannot do much harm.

    >>> str(AdaBN(epochs=20))
    'adabn:epochs=20'
    """

    paper: ClassVar[str] = "arXiv:1603.04779"

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """The source's training, then a pass over the target."""
        from transferkit.training.source_stage import first_part, learn_source
        from transferkit.training.target_statistics import batch_norms, take_statistics

        domains, body = self.read(sources, target, run)
        learned = learn_source(self, domains, body, first_part(run, share=0.9))
        if not batch_norms(learned.model.network):
            raise WrongUse(
                f"method adabn replaces the statistics of BatchNorm, and {body.architecture.kind} has none; use shot or mcc "
                "instead"
            )
        take_statistics(learned.model, domains.unlabelled, run)
        return learned
