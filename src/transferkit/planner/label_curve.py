"""Label curve: the chosen arm and its baseline fitted to a few subsets of the labels, for what transfer is worth in labels.

The subsets are stratified and nested: the items of a smaller one are in every larger one of the same seed, and both arms
learn from the same items. They are fitted after the proof's own refits, with what the budget has left, and judged in the
same opening of the seal. Each subset is a target of its own to the journal, so finished fits are never repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from transferkit.core.target import Target
from transferkit.evaluate.label_equivalence import label_equivalence
from transferkit.evaluate.summary import LabelEquivalence
from transferkit.evaluate.trial import TrialResult
from transferkit.planner.costs import Costs
from transferkit.planner.findings import Findings
from transferkit.planner.label_subsets import BLIND, LabelCurve, on_labels, subset, subset_sizes
from transferkit.planner.proving import Claim, Refits, predicting
from transferkit.planner.trials import Fit, Trials, record_of

CHOICES = 3
"""Seeds a subset: choices of which labels are in it."""
LEAST_CHOICES = 2
"""Fewer say nothing of how much the choice matters."""
NOTE = "label curve"


def fit_label_curve(findings: Findings) -> LabelCurve:
    """Fit the primary claim's two arms to subsets of the labels, as far as the allowance reaches beside the proof.

    What was reached once is kept: asked again, a study gives the same curve.
    """
    trials, curve = findings.trials, LabelCurve()
    if not findings.settings.label_curve:
        return curve
    whole = trials.target.whole()
    strata = whole.task.strata(whole.train.labels or ())
    n_classes = len(np.unique(strata))
    curve.sizes = subset_sizes(len(strata), n_classes)
    if not curve.sizes:
        curve.notes.append(
            f"{len(strata)} labels of {n_classes} classes are too few to say what transfer is worth in labels"
        )
        return curve
    first = findings.settings.seeds[0]
    seeds = trials.journal.get(NOTE, list(range(first, first + CHOICES)))
    claim = findings.claims[0]
    fits = _Fits(claim, trials, findings.costs, findings.refits, curve)
    for fit, result in trials.run(fits.wanted(whole, strata, seeds)):
        fits.take(fit, result)
    pairs = [(arm.name, size) for arm in (claim.arm, claim.baseline) for size in curve.sizes]
    done = [seed for seed in seeds if all((arm, size, seed) in curve.fitted for arm, size in pairs)]
    if len(done) >= LEAST_CHOICES:
        curve.seeds = tuple(trials.journal.note(NOTE, done))
    else:
        curve.notes.append(fits.why or "the budget left no time to say what transfer is worth in labels")
    return curve


def read_label_curve(findings: Findings) -> LabelEquivalence | None:
    """What transfer is worth in labels, once the test is open; None where the curve was not fitted."""
    curve, evidence = findings.curve, findings.evidence
    if not (curve.seeds and evidence and findings.test):
        return None
    claim, whole, metric = findings.claims[0], findings.trials.target.whole(), findings.trials.target.task.metric
    common = findings.seeds_of(claim)
    tables = []
    for arm in (claim.arm.name, claim.baseline.name):
        order = sorted(findings.refits.predictors[arm])
        with_all = evidence[arm].per_item[[order.index(seed) for seed in common]]
        tables.append(
            {size: evidence[on_labels(arm, size)].per_item for size in curve.sizes} | {len(whole.train): with_all}
        )
    return label_equivalence(
        claim.arm.name,
        claim.baseline.name,
        (tables[0], tables[1]),
        metric,
        step=metric.step(findings.test.labels or ()),
        blind=evidence[BLIND.name].value if curve.blind else None,
    )


class _Fits:
    """The fits of a curve, seed after seed, each asked for when it is its turn."""

    def __init__(self, claim: Claim, trials: Trials, costs: Costs, refits: Refits, curve: LabelCurve) -> None:
        self.claim, self.trials, self.costs, self.refits, self.curve = claim, trials, costs, refits, curve
        self.n_labels = len(trials.target.whole().train)
        self.why = ""
        """Why the curve cannot go on."""

    def wanted(self, whole: Target, strata: np.ndarray, seeds: Sequence[int]) -> Iterator[Fit]:
        """For each seed every subset, scratch and transfer beside each other; before the first, the blind guess."""
        pair = ((self.claim.baseline, self.claim.baseline_method), (self.claim.arm, self.claim.method))
        for position, seed in enumerate(seeds):
            targets = {size: subset(whole, strata, size, seed) for size in self.curve.sizes}
            fits = [
                Fit(arm, method.resized(self.n_labels, size), "prove", seed, target=target)
                for size, target in targets.items()
                for arm, method in pair
            ]
            if position == 0:
                fits.insert(0, Fit(BLIND, BLIND.method, "prove", 0))
            if not self._fit_in(fits):
                return
            for fit in fits:
                if self.why:
                    return
                yield replace(fit, seconds=self._seconds(len(fits)))
            self.trials.progress("learning from fewer labels", position + 1, len(seeds))

    def take(self, fit: Fit, result: TrialResult | None) -> None:
        """Keep what came of a fit."""
        if result is None:
            self.why = self.why or "the budget cut the learning curve short"
        elif result.status == "failed":
            self.why = self.why or f"no learning curve: {fit.arm.name} failed on fewer labels ({result.message})"
        else:
            predictor = self.trials.journal.predictor(self.trials.key(fit))
            predictor.record = record_of(result)
            predictor.to(self.trials.device)
            self.curve.seconds.append(result.seconds)
            if fit.target is None:
                self.curve.blind = predictor
            else:
                self.curve.fitted[fit.arm.name, _size(fit), fit.seed] = predictor

    def _fit_in(self, fits: Sequence[Fit]) -> bool:
        """Whether what is missing of one seed is expected to end within the allowance, its judging included."""
        missing = [fit for fit in fits if not self.trials.is_finished(fit)]
        if not missing:
            return True
        expected = 0.0
        if self.trials.allowance.budget.seconds is not None:
            expected = sum(self.costs.expected(fit.arm, fit.method, _size(fit)) for fit in missing)
            expected += self._predicting(len(missing))
        return self.trials.allowance.allows(1.1 * expected, len(missing))

    def _seconds(self, n_more: int) -> float | None:
        if self.trials.allowance.budget.seconds is None:
            return None
        return self.trials.allowance.seconds_left - self._predicting(n_more)

    def _predicting(self, n_more: int) -> float:
        return predicting(self.refits, self.trials, len(self.curve.fitted) + n_more)


def _size(fit: Fit) -> int:
    return 0 if fit.target is None else len(fit.target.train)
