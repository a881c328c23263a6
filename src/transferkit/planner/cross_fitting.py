"""Cross-fitting: prove the procedure on labels that are too few for a sealed test.

The labels are dealt into outer folds (`core/sealing.py`). On all but one fold everything is done that a study does - rank, try,
choose, refit - and the arm and baseline that come of it are judged on the fold, whose seal is opened once. The deal is repeated
with other seeds; the first repeat has to be whole, more are made as the budget allows. What is judged is therefore not one
arm but the way of choosing it, and the predictor a person gets is what the same way gives on all labels.

Everything that looks at labels happens inside `study_on`, the ranking included: chosen once outside, it would have seen the
fold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.artifact.atomic import remove
from transferkit.artifact.journal import Journal
from transferkit.core.budget import Budget
from transferkit.core.errors import BudgetSpent, TransferkitError
from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.core.run import Progress
from transferkit.core.sealing import OUTER_FOLDS, never_judged, outer_folds
from transferkit.core.target import Target
from transferkit.core.task import Predictions
from transferkit.evaluate.cross_fitted import CrossFitted, CrossFitting
from transferkit.planner.allowance import Allowance
from transferkit.planner.enough import LARGER, enough

REPEATS = 3
STUDIES = OUTER_FOLDS + 1
"""That share a budget: one of all labels, and one of each outer fold."""
PROCEDURE = "transfer"
"""What is claimed where the choosing itself is judged."""
PARTS = "folds"
"""Folder of the studies of outer folds that are under way."""


@dataclass(frozen=True)
class OuterFold:
    """One part of the work, a study of its own."""

    target: Target
    """Its test is the fold; nothing else of it has seen the fold."""
    seed: int
    """For its choosing and its refits: the pair shares it."""
    budget: Budget
    directory: Path
    """For its journal, so that an interrupted one goes on; removed when the fold is judged."""
    progress: Progress


@dataclass(frozen=True)
class Pair:
    """An arm and its baseline, refitted on every open label of an outer fold."""

    arm: str
    predictor: Predictor
    baseline: Predictor


@dataclass(frozen=True)
class Chosen:
    """What a study of an outer fold came to."""

    pairs: Mapping[str, Pair]
    """By what is claimed: `PROCEDURE`, or the names of the arms where each is proven."""
    n_fits: int = 0


StudyOn = Callable[[OuterFold], Chosen]
"""Ranks, tries, chooses and refits on the open labels of an outer fold; leaves its seal alone."""


def shared_among(target: Target, budget: Budget) -> str:
    """Why a study has so little of the budget, to put before what went wrong in it."""
    n = len(target.whole().train) + (len(target.test) if target.too_small_to_seal else 0)
    return f"{n} labels are too few for a sealed test, and cross-fitting shares the budget of {budget} among {STUDIES} studies"


def share(budget: Budget, n_folds: int = OUTER_FOLDS) -> Budget:
    """What each study may cost so that one on all labels and one of every outer fold keep `budget` together.

    >>> share(Budget.parse("10m")).seconds, share(Budget.parse("60 trials")).trials
    (100.0, 10)
    """
    seconds, trials = budget.seconds, budget.trials
    return Budget(
        None if seconds is None else seconds / (n_folds + 1),
        None if trials is None else max(1, trials // (n_folds + 1)),
    )


def cross_fit(
    target: Target, study_on: StudyOn, journal: Journal, allowance: Allowance, seed: int, progress: Progress
) -> CrossFitting:
    """Judge every label of `target`, all of them open (`Target.opened`), by what `study_on` makes of the others.

    What has been judged is kept in `journal` and not done again. A repeat that the budget cuts short, or in which a fold
    cannot be studied, is left out and noted; `claims` is empty where that is the first.
    """
    work = _Work(target, study_on, journal, allowance, progress)
    for repeat in range(REPEATS):
        if not work.repeat(seed + repeat):
            break
    parts = journal.directory / PARTS
    if parts.is_dir() and not any(parts.iterdir()):
        parts.rmdir()
    return work.found()


@dataclass
class _Work:
    target: Target
    study_on: StudyOn
    journal: Journal
    allowance: Allowance
    progress: Progress
    repeats: list[list[dict[str, Any]]] = field(default_factory=list)
    """What is known of each fold of every whole repeat."""
    deals: list[np.ndarray] = field(default_factory=list)
    """(n,) the fold of each item, one a repeat."""
    seconds: list[float] = field(default_factory=list)
    """Of every fold that was judged."""
    n_fits: int = 0
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.examples: Examples = self.target.whole().train

    def repeat(self, seed: int) -> bool:
        """One deal of the labels; False where it could not be finished."""
        deal = outer_folds(self.examples, self.target.task, seed)
        n_folds = int(deal.max()) + 1
        name = f"repeat {len(self.repeats) + 1}"
        facts: list[dict[str, Any]] = []
        for number in range(n_folds):
            known = self.journal.get(_fact(seed, number))
            if known is None:
                if not self._allowed(n_folds - number):
                    said = f"the budget ended cross-fitting in {name}, after {number} of {n_folds} folds"
                    self.notes.append(said + self._advice(n_folds - number))
                    return False
                try:
                    known = self._judge(deal == number, seed, number, n_folds)
                except BudgetSpent as reason:
                    said = f"{reason}".removesuffix(LARGER) + self._advice(n_folds - number, cut=True)
                    self.notes.append(f"cross-fitting ended in {name}, fold {number + 1} of {n_folds}: {said}")
                    return False
                except TransferkitError as reason:
                    self.notes.append(f"cross-fitting ended in {name}, fold {number + 1} of {n_folds}: {reason}")
                    return False
            else:
                self.allowance.used_trials += known["fits"]  # its seconds are among those of the journal
            self.seconds.append(known["seconds"])
            self.n_fits += known["fits"]
            facts.append(known)
            self.progress(f"cross-fitting, {name}", number + 1, n_folds)
        self.repeats.append(facts)
        self.deals.append(deal)
        return True

    def found(self) -> CrossFitting:
        """What the whole repeats say together."""
        deal = self.deals[0] if self.deals else np.zeros(0, dtype=np.int64)
        positions = np.flatnonzero(deal >= 0)
        claims, notes = {}, [*self.notes]
        facts = [fact["claims"] for repeat in self.repeats for fact in repeat]
        for name in dict.fromkeys(name for known in facts for name in known):
            if all(name in known for known in facts):
                claims[name] = self._claim(name)
            else:
                notes.append(f"{name} has no result in some outer folds, and is not judged")
        return CrossFitting(
            claims=claims,
            examples=self.examples.take(positions),
            n_folds=int(deal.max(initial=-1)) + 1,
            n_repeats=len(self.repeats),
            seconds=sum(self.seconds),
            n_fits=self.n_fits,
            notes=(*notes, *(never_judged(self.examples, deal) if self.deals else ())),
        )

    def _allowed(self, n_left: int) -> bool:
        """Whether a fold may begin. The first repeat goes on while anything is left; another needs room for all of itself."""
        if not self.repeats:
            return self.allowance.allows(0.0, n_left) and self.allowance.seconds_left > 0
        expected = 1.1 * n_left * float(np.mean(self.seconds))
        return self.allowance.allows(expected, n_left * self._fits_a_fold())

    def _advice(self, n_left: int, cut: bool = False) -> str:
        """Of the first repeat, without which nothing is proven: what to give so that the folds yet to come are judged too.

        Each is taken for the slowest; before one was judged, for all that was used until now - the study of all labels.
        `cut`: a share was too little for a fold, and twice as much may do.
        """
        given = self.allowance.budget.seconds
        if self.repeats:
            return ""
        if given is None:
            return LARGER
        used = self.allowance.seconds_used
        slowest = max([*(self.seconds or [used]), *[2 * given / STUDIES] * cut])
        return f"; {enough(used + n_left * slowest, given)}"

    def _fits_a_fold(self) -> int:
        return max(int(fact["fits"]) for facts in self.repeats for fact in facts)

    def _judge(self, held: np.ndarray, seed: int, number: int, n_folds: int) -> dict[str, Any]:
        """Study one fold, open its seal, and keep what the pairs say of its items."""
        started = time.monotonic()
        name = f"repeat {len(self.repeats) + 1}, fold {number + 1} of {n_folds}"
        directory = self.journal.directory / PARTS / f"{seed}-{number}"
        directory.parent.mkdir(parents=True, exist_ok=True)
        target = replace(self.target.part(held, seed), name=f"{self.target.name} ({name})")
        budget = _shared_out(self.allowance, n_folds - number)
        outer = OuterFold(
            target, seed, budget, directory, lambda what, done, total: self.progress(f"{name}: {what}", done, total)
        )
        chosen = self.study_on(outer)
        items = target.test.open(f"cross-fitting, {name}").items
        answers = {
            id(p): _plain(p.predict(items)) for pair in chosen.pairs.values() for p in (pair.predictor, pair.baseline)
        }
        claims = {
            key: {"arm": pair.arm, "predicted": answers[id(pair.predictor)], "baseline": answers[id(pair.baseline)]}
            for key, pair in chosen.pairs.items()
        }
        fact = {"claims": claims, "seconds": time.monotonic() - started, "fits": chosen.n_fits}
        self.allowance.used_trials += chosen.n_fits
        kept: dict[str, Any] = self.journal.note(_fact(seed, number), fact)
        self.journal.spend()
        remove(directory)
        return kept

    def _claim(self, name: str) -> CrossFitted:
        arms = [fact["claims"][name]["arm"] for facts in self.repeats for fact in facts]
        gathered = [
            tuple(self._gathered(facts, deal, name, side) for facts, deal in zip(self.repeats, self.deals, strict=True))
            for side in ("predicted", "baseline")
        ]
        return CrossFitted(tuple(arms), *gathered)

    def _gathered(self, facts: Sequence[dict[str, Any]], deal: np.ndarray, name: str, side: str) -> Predictions:
        """The predictions of all folds of a repeat, in the order of the items."""
        order = np.argsort(np.concatenate([np.flatnonzero(deal == number) for number in range(len(facts))]))
        answers = [fact["claims"][name][side] for fact in facts]
        labels = [
            tuple(label) if isinstance(label, list) else label  # tags, which the journal keeps as a list
            for answer in answers
            for label in answer["labels"]
        ]
        scores = None
        if all(answer["scores"] is not None for answer in answers):
            scores = np.concatenate([np.asarray(answer["scores"], dtype=np.float64) for answer in answers])[order]
        return Predictions(tuple(labels[i] for i in order.tolist()), scores)


def _fact(seed: int, number: int) -> str:
    return f"cross-fitting {seed}-{number}"


def _shared_out(allowance: Allowance, n_left: int) -> Budget:
    """What a fold may cost: its share, but no more than an even part of what is left for the folds yet to come."""
    one = share(allowance.budget)
    return Budget(
        None if one.seconds is None else min(one.seconds, allowance.seconds_left / n_left),
        None if one.trials is None else min(one.trials, int(allowance.trials_left) // n_left),
    )


def _plain(predictions: Predictions) -> dict[str, Any]:
    """As JSON-able values."""
    scores = None if predictions.scores is None else np.asarray(predictions.scores, dtype=np.float64).tolist()
    return {"labels": list(predictions.labels), "scores": scores}
