"""Choosing without labels, in a study: which of its predictors label-free scores take, and what is therefore to be proven."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np

from transferkit.core.errors import Failed
from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.task import Task
from transferkit.evaluate.label_free import TERMS as OF_CLASSES
from transferkit.evaluate.label_free import Candidate, choose
from transferkit.evaluate.label_free_numbers import TERMS as OF_NUMBERS
from transferkit.evaluate.label_free_numbers import BothDomains, NumbersCandidate, choose_numbers
from transferkit.ops.label_free.judged import Judged
from transferkit.planner.adapted import Adapted
from transferkit.planner.proving import CHOICE, written_choice

JUDGED_ITEMS, LEAST_JUDGED = 2000, 200
"""Open items of the target, and held-out ones of the sources, that label-free scores look at, where there are so many; and
where the time is short."""
TIMED = 33
"""Items by which it is told how many there is time for."""
OF_THE_TIME = 0.8
"""Share of what is left that predictors may take; scores are computed in the rest."""
LOOKED_AT = "items looked at without labels"
"""The fact in the journal."""


def choose_unlabelled(found: Adapted, run: Run, seconds: float) -> None:
    """By label-free scores, among the adapted predictors and their baselines; what is to be proven is written down.

    seconds: what it should take, infinite where there is no limit. Predictors are asked about fewer items where that is
    little, a resumed study about as many as before; a few are looked at in any case.
    """
    findings, task = found.findings, found.domains.task
    if label_free_terms(task):
        items, held = _looked_at(found, run, seconds)
        if task.name == "regress":
            _choose_numbers(found, items, held, run)
        else:
            _choose_classes(found, items, held, run)
    else:
        findings.refits.notes.append(
            f"no label-free score is known for task {task.name}: nothing could be chosen without labels"
        )
    by_name = {arm.name: arm for arm in findings.arms}
    judged = [row.arm for row in found.choice.rows] if found.choice else []
    ordered = dict.fromkeys([*judged, *found.predictors])
    adapted = [by_name[n] for n in ordered if by_name[n].baseline in found.predictors]
    first = adapted[:1] if not findings.settings.prove_every_arm else adapted
    claims = [
        [arm.name, str(arm.method), by_name[arm.baseline or ""].name, str(by_name[arm.baseline or ""].method)]
        for arm in first
    ]
    findings.trials.journal.note(CHOICE, claims)
    findings.claims = written_choice(findings.arms, findings.trials)


def _looked_at(found: Adapted, run: Run, seconds: float) -> tuple[Examples, Examples]:
    """The first open items of the target, which are in no order of theirs, and as many held-out ones of the sources."""
    trials, items, held = found.findings.trials, found.domains.unlabelled, found.domains.held_out
    held = held if len(held) > 1 else held.take([])  # one item says nothing
    most = min(JUDGED_ITEMS, max(len(items), len(held)))
    before = trials.journal.get(LOOKED_AT)
    n_items = most if before is None else before
    if before is None and most > LEAST_JUDGED and seconds < float("inf"):
        n_items = min(most, max(LEAST_JUDGED, int(OF_THE_TIME * seconds / _seconds_an_item(found, items, held, run))))
        trials.journal.note(LOOKED_AT, n_items)
    if n_items < min(JUDGED_ITEMS, len(items)):
        found.findings.refits.notes.append(
            f"for the time left, label-free scores looked at {n_items} of {len(items)} items"
        )
    return items.take(range(min(n_items, len(items)))), held.take(range(0, len(held), max(1, -(-len(held) // n_items))))


def _seconds_an_item(found: Adapted, items: Examples, held: Examples, run: Run) -> float:
    """What one more item of each domain takes all predictors together, told from few, after a first call that wakes them."""

    def seconds(n_items: int) -> float:
        begun = time.monotonic()
        for predictor in found.predictors.values():
            for part in (items, held):
                few = part.take(range(min(n_items, len(part))))
                if len(few):
                    predictor.judge(few, run)
                    predictor.features(few, run)
        return time.monotonic() - begun

    seconds(1)
    once = seconds(1)
    return max(seconds(TIMED) - once, 1e-6) / (TIMED - 1)


def _choose_classes(found: Adapted, items: Examples, held: Examples, run: Run) -> None:
    """Among predictors of classes, by what they say of the items."""
    for name, predictor in found.predictors.items():
        try:
            found.judged[name] = _judged(predictor, items, held, run)
        except ValueError as reason:
            found.left_out.append(f"{name} cannot be judged without labels: {reason}")
    baseline = _last_baseline(found, found.judged)
    if baseline is not None:
        found.choice = choose([Candidate(n, one, is_baseline=n == baseline) for n, one in found.judged.items()])


def _choose_numbers(found: Adapted, items: Examples, held: Examples, run: Run) -> None:
    """The same for a task of numbers, by what source and target have in common before any adaptation."""
    if found.features is None:
        found.findings.refits.notes.append("without features of both domains nothing could be chosen without labels")
        return
    on_held: dict[str, np.ndarray] = {}
    for name, predictor in found.predictors.items():
        numbers = [np.asarray(predictor.judge(part, run).labels, dtype=np.float64) for part in (items, held)]
        if np.isfinite(np.concatenate(numbers)).all():
            found.said[name], on_held[name] = numbers
        else:
            found.left_out.append(f"{name} cannot be judged without labels: it says numbers that are not finite")
    baseline = _last_baseline(found, found.said)
    if baseline is None:
        return
    features = found.features
    known = BothDomains(
        source_features=features.source,
        source_labels=np.asarray(features.source_labels, dtype=np.float64),
        target_features=features.target[: len(items)],
        held_features=features.of(held, run) if len(held) else features.source[:0],
        held_labels=np.asarray(held.labels or (), dtype=np.float64),
    )
    found.choice = choose_numbers(
        [NumbersCandidate(n, said, on_held[n], n == baseline) for n, said in found.said.items()], known
    )


def _last_baseline(found: Adapted, judged: Iterable[str]) -> str | None:
    """Of the arms that could be judged, the baseline that is left only for a better one."""
    alone = {arm.name for arm in found.findings.arms if arm.baseline is None}
    return next((name for name in reversed(list(judged)) if name in alone), None)


def label_free_terms(task: Task) -> tuple[str, ...]:
    """The scores that choose in such a task where there are no labels; none where nothing can."""
    if task.name == "regress":
        return OF_NUMBERS
    return OF_CLASSES if task.balances else ()


def _judged(predictor: Predictor, items: Examples, held: Examples, run: Run) -> Judged:
    """What a predictor says of open target items, and of held-out source items where there are some."""
    on_target, on_source = predictor.judge(items, run), predictor.judge(held, run) if len(held) else None
    if on_target.scores is None:
        raise Failed("a predictor of classes gave no probabilities")
    ours = predictor.features(items, run)
    return Judged(
        target_probabilities=on_target.scores,
        target_features=ours,
        source_probabilities=None if on_source is None else on_source.scores,
        source_labels=None if on_source is None else predictor.task.strata(held.labels or ()),
        source_features=None if ours is None or on_source is None else predictor.features(held, run),
    )
