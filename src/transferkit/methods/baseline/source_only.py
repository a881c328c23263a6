"""Source only: a network trained on the source's labels, used on the target as it is; baseline of deep adaptation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.adapting_method import DomainMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class SourceOnly(DomainMethod):
    """Train on the labels of the source domain, predict on the target as if it were the same domain.

    The baseline of methods that adapt a network: the same network, rates and number of steps. The right choice itself where the
    domains do not differ. No target item is learned from; what makes inputs of items, such as a table's columns, is told both.

    >>> str(SourceOnly(epochs=20))
    'source_only:epochs=20'
    """

    is_baseline: ClassVar[bool] = True

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """The loop of every other method; held-out source items choose the epoch."""
        from transferkit.training.source_stage import learn_source

        domains, body = self.read(sources, target, run)
        return learn_source(self, domains, body, run, own_labels=False)
