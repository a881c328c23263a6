"""Soup: several fine-tunings of one source, averaged as long as that helps on validation.

Wortsman, Ilharco, Gadre, Roelofs, Gontijo-Lopes, Morcos, Namkoong, Farhadi, Carmon, Kornblith & Schmidt 2022,
arXiv:2203.05482, recipe 1 (greedy): the members, best first, are added to the average one by one; one stays where the average
with it is no worse on validation. All start from the same probed head, so that they stay in one basin. BatchNorm's statistics,
where they move, are not averaged but taken anew from the training items, as Izmailov et al. 2018, arXiv:1803.05407, do: those
of the members are not what an average of them sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from transferkit.core.errors import WrongUse
from transferkit.core.method import Needs, check_sources
from transferkit.training.gradient_method import GradientMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import FitRecord, Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.fitted import FittedNetwork

RATES = (1.0, 0.4, 2.5)
"""Of `learning_rate`, in turn: members should differ, in more than their order of items."""


@dataclass(frozen=True, kw_only=True)
class Soup(GradientMethod):
    """Fine-tune several times and average the weights: better than the best of them, at the cost of one network to predict.

    Where fine-tuning wins and there is time for several; it costs as many times as much as there are members.

    >>> str(Soup(members=3))
    'soup:members=3'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1))
    paper: ClassVar[str] = "arXiv:2203.05482"
    positive: ClassVar[tuple[str, ...]] = (*GradientMethod.positive, "members")

    layer_decay: float = 0.8
    members: int = 4
    kept: str = ""
    """Which members are averaged, by number from 1, as in 1+3; empty: chosen on validation. Where there is none they are chosen
    with a quarter of the labels held out, and then learn from all; all of them where that quarter is too small to choose by."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One probe, then `members` fine-tunings, then the choice; without validation the chosen ones again, on all labels."""
        import copy

        from transferkit.core.errors import BudgetSpent
        from transferkit.training.best_state import LEAST_ITEMS
        from transferkit.training.body import Body
        from transferkit.training.fine_tuning import fine_tune
        from transferkit.training.probe import probe_head

        check_sources(self, sources)
        if not self.kept and not len(target.validation):
            fold = target.fold(run.derived_seed("choice"))
            if len(fold.validation) >= LEAST_ITEMS:
                kept = self.fit(sources, fold, run).record.settings["kept"]
                return replace(self, kept=kept).fit(sources, target, run)
        body = Body.pretrained(sources[0], target)
        if target.task.needs_features:
            head: Any = probe_head(body, target, "ridge", run)
        else:
            head = target.task.head(body.make(), run.derived_seed("head"))
        numbers = self._named() or range(1, self.members + 1)
        fitted: dict[int, FittedNetwork] = {}
        notes: tuple[str, ...] = ()
        for number in numbers:
            rate = self.learning_rate * RATES[(number - 1) % len(RATES)]
            recipe = self.recipe(len(target.train), learning_rate=rate)
            seed = run.seed if number == 1 else run.derived_seed(f"member {number}")
            try:
                fitted[number] = fine_tune(body, copy.deepcopy(head), target, recipe, replace(run, seed=seed))
            except BudgetSpent:
                if not fitted:
                    raise
                notes = (f"stopped at the deadline after {len(fitted)} of {len(numbers)} members",)
                break
        chosen = self._chosen(fitted, target, run)
        return self._averaged(fitted, chosen, target, run, notes)

    def steps(self, n_items: int) -> int:
        """Of all members."""
        return super().steps(n_items) * len(self._named() or range(self.members))

    def refit(self, record: FitRecord) -> Self:
        """The members that validation chose, as long as it found best."""
        return replace(super().refit(record), kept=record.settings.get("kept", self.kept))

    def _named(self) -> tuple[int, ...]:
        try:
            numbers = tuple(int(part) for part in self.kept.split("+")) if self.kept else ()
        except ValueError:
            numbers = (0,)
        if any(not 1 <= number <= self.members for number in numbers):
            raise WrongUse(
                f"soup:kept={self.kept!r} names no members; write numbers from 1 to {self.members}, as in 1+3"
            )
        return numbers

    def _chosen(self, fitted: dict[int, FittedNetwork], target: Target, run: Run) -> list[int]:
        """The members to average, best first."""
        from transferkit.training.best_state import LEAST_ITEMS

        if self.kept or len(target.validation) < LEAST_ITEMS:  # too few to tell a better average from a luckier one
            return list(fitted)
        sign = 1.0 if target.task.metric.higher_is_better else -1.0
        labels = target.validation.labels or ()

        def worth(members: Sequence[int]) -> float:
            predictions = self._averaged(fitted, members, target, run).judge(target.validation, run)
            return sign * target.task.metric.value(predictions, labels)

        alone = {number: worth([number]) for number in fitted}
        order = sorted(fitted, key=lambda number: (-alone[number], number))
        chosen, best = order[:1], alone[order[0]]
        for number in order[1:]:
            together = worth([*chosen, number])
            if together >= best:
                chosen, best = [*chosen, number], together
        return chosen

    def _averaged(
        self,
        fitted: dict[int, FittedNetwork],
        members: Sequence[int],
        target: Target,
        run: Run,
        notes: tuple[str, ...] = (),
    ) -> FittedNetwork:
        """The average of these members, with statistics of its own."""
        from transferkit.training.target_statistics import batch_norms, take_statistics

        soup = _averaged(fitted, members, notes)
        if len(members) > 1 and not self.keep_statistics and batch_norms(soup.model.network):
            take_statistics(soup.model, target.train, run)
        return soup


def _averaged(fitted: dict[int, FittedNetwork], members: Sequence[int], notes: tuple[str, ...] = ()) -> FittedNetwork:
    """The network and head whose every weight is the mean of these members'."""
    import copy

    from transferkit.ops import merging
    from transferkit.training.fitted import FittedNetwork

    chosen = [fitted[number] for number in members]
    model = copy.deepcopy(chosen[0].model)
    for place, module in enumerate(model.modules()):
        module.load_state_dict(merging.averaged([one.model.modules()[place].state_dict() for one in chosen]))
    epochs = [one.record.best_epoch for one in chosen if one.record.best_epoch is not None]
    first = chosen[0].record
    record = replace(
        first,
        best_epoch=sorted(epochs)[len(epochs) // 2] if epochs else None,
        cut_short=any(one.record.cut_short for one in fitted.values()),
        notes=(*first.notes, *notes),
        settings={**first.settings, **_mean_offsets(chosen), "kept": "+".join(map(str, members))},
    )
    return FittedNetwork(model, record)


def _mean_offsets(chosen: Sequence[FittedNetwork]) -> dict[str, str]:
    """What tuned thresholds come to once the heads they lie in are averaged; nothing where none were tuned."""
    from transferkit.training.thresholds import read, spelled

    found = [read(one.record.settings["offsets"]) for one in chosen if one.record.settings.get("offsets")]
    if not found:
        return {}
    return {"offsets": spelled([sum(of_class) / len(chosen) for of_class in zip(*found, strict=True)])}
