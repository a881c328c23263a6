"""AlignmentMethod: what every method that aligns features in closed form shares. Imports nothing heavy.

Source and target features are brought together (`align`, one file a method), then a linear head is fitted to the
aligned items that have a label: those of the source and, where there are some, of the target. New target items go the
target's way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.method import ANY, Method, Needs

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class AlignmentMethod(Method, ABC):
    """A subclass gives `align`, and says by `of_classes` whether it looks at classes."""

    needs: ClassVar[Needs] = Needs(
        models=(0, 1), data=(1, ANY), target_labels=False, unlabelled=True, features=True, moves_weights=False
    )
    baseline: ClassVar[str] = "source_probe"
    deterministic: ClassVar[bool] = True

    features: Literal["network", "raw"] = "network"
    """network: of the model's frozen network; raw: the items' own numbers, as those of a table's rows are in any case."""
    solver: Literal["logistic", "ridge"] = "logistic"
    """Of the linear head on aligned features."""

    @property
    def of_classes(self) -> bool:
        """True where it aligns class by class, so that the task must have classes."""
        return False

    @abstractmethod
    def align(self, sides: Sides) -> Alignment:
        """Bring the two together, features of mean 0 and variance 1 over both."""

    def suits(self, task: Task) -> bool:
        return task.name == "classify" or not self.of_classes

    def aligned(self, sides: Sides) -> tuple[Alignment, tuple[str, ...]]:
        """`align`, and what a person should know of it; features that do not vary stay as they are. Errors are one line."""
        from transferkit.ops.alignment.contract import Alignment
        from transferkit.training.nothing_to_adapt import does_not_vary, note_of_no_difference

        source, target = sides.source, sides.target
        if self.of_classes and sides.source_classes is None:
            raise WrongUse(
                f"method {self.name} aligns class by class, and this task has no classes; tca and recolouring need none"
            )
        if of := does_not_vary(source, target):
            return Alignment(source, target), (f"no feature varies among the {of} items; nothing was aligned",)
        notes = note_of_no_difference(source, target)
        try:
            return self.align(sides), notes
        except ImportError as reason:
            raise Failed(f"method {self.name}: {reason}") from None
        except ValueError as reason:
            raise WrongUse(f"method {self.name}: {reason}") from None

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then closed forms."""
        import numpy as np

        from transferkit.core.predictor import FitRecord
        from transferkit.ops.alignment.contract import Sides
        from transferkit.training.domain_features import features_for
        from transferkit.training.learners.linear import fit_linear
        from transferkit.training.on_features import OnFeatures

        found = features_for(self, sources, target, run, self.features)
        run.check_deadline()
        task, labelled, known = found.domains.task, found.domains.labelled, found.domains.target.train
        ours = theirs = None
        if task.name == "classify":
            ours, theirs = task.strata(found.source_labels), np.full(len(found.target), -1)
            theirs[: len(found.target_labels)] = task.strata(found.target_labels)
        alignment, notes = self.aligned(Sides(found.source, found.target, ours, theirs))
        run.check_deadline()
        rows = np.concatenate([alignment.source, alignment.target[: len(known)]])
        learner = fit_linear(
            task, rows, (*found.source_labels, *found.target_labels), labelled.join(known).weights, self.solver
        )
        numbers = sum(part.numel() for part in learner.tensors().values())
        numbers += sum(part.size for one in alignment.target_maps for part in one.arrays().values())
        record = FitRecord(
            trainable_parameters=numbers, total_parameters=numbers, notes=notes, settings=dict(alignment.settings)
        )
        return OnFeatures.of(found, alignment.target_maps, learner, record)
