"""Distill: a small network learns what a large one makes of each item, labelled or not.

Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2: L = L_task + weight T^2 KL(softmax(z_teacher / T) || softmax(z / T)).
For outputs that are no classes the squared difference takes the place of the divergence. The teacher is the linear probe on
the first source; the student the second source, or a small fresh network. Differs: unlabelled items of the target, where
there are some, are learned from as well, with the teacher as their only word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.core.method import Needs, check_sources
from transferkit.training.class_labels import refuse_mixing
from transferkit.training.gradient_method import GradientMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class Distill(GradientMethod):
    """Get a small, fast network that knows most of what a large source knows about your items.

    Where predicting has to be cheap, or many items have no label. Not where the large network may simply be used.

    >>> str(Distill(temperature=4.0))
    'distill:temperature=4.0'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 2), features=True, moves_weights=False, together=True)
    paper: ClassVar[str] = "arXiv:1503.02531"
    positive: ClassVar[tuple[str, ...]] = (*GradientMethod.positive, "temperature", "weight")

    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    keep_statistics: bool = False
    temperature: float = 2.0
    """How much of the teacher's doubt the student is shown; 1: its probabilities as they are."""
    weight: float = 1.0
    """Of what the teacher says, beside the labels."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Probe the teacher, run it over every item once, train the student."""
        from transferkit.training.body import Body
        from transferkit.training.default_bodies import default_body
        from transferkit.training.distillation import taught_by
        from transferkit.training.fine_tuning import fine_tune
        from transferkit.training.probe import probe_head

        check_sources(self, sources)
        refuse_mixing(self)
        if len(sources) > 1 and sources[1].card().frozen:
            raise WrongUse(
                f"method {self.name} trains its second source, and the weights of {sources[1].name} cannot be trained; name "
                "it first, as the teacher, or leave it out"
            )
        teacher = Body.pretrained(sources[0], target)
        head = probe_head(teacher, target, "logistic" if target.task.name == "classify" else "ridge", run)
        student = (
            Body.pretrained(sources[1], target)
            if len(sources) > 1
            else default_body(target, run.derived_seed("initialisation"))
        )
        add = taught_by(teacher, head, student, target, run, self.temperature, self.weight)
        predictor = fine_tune(student, None, target, self.recipe(len(target.train)), run, add=add)
        predictor.record = replace(
            predictor.record,
            notes=(*teacher.processor.notes(target.train.items), *predictor.record.notes),
            origin=(*teacher.origin, *predictor.record.origin),  # what it says comes from the teacher
        )
        return predictor
