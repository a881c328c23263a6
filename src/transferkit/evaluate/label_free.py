"""Choosing among models where the target has no labels: which arm, after which epoch, or the source-only baseline after all.

No single label-free score is to be trusted: those that look at the target alone (information maximisation, nuclear norm)
believe whatever was trained to please them, and those that count source items (deep embedded, importance-weighted
validation) know nothing where the domains hardly overlap. The default is the geometric mean of four numbers of one scale, of
which all must hold,

    combined = (consensus x class clustering x batch nuclear norm)^(1/3), 0 where the source is forgotten

consensus: how far a model agrees with what the other arms say (`ops/label_free/consensus.py`); against clusters that bear the
wrong names. Class clustering: how far its classes are those that its features of the target fall into by themselves
(`class_clustering.py`); 0 for a model that has collapsed to one class. Batch nuclear norm: how sure and diverse the predictions
are; against what has not adapted at all. The source is forgotten where less than `KEPT` is left of what the baseline has of
accuracy on held-out source items above chance: such a model has lost the task. A little of it may be lost, as by what adapts
without its source, and more of it is no sign of a better model for the target. What is not there is left out for all. The
baseline is left only for a candidate better by `MARGIN`.

Rule and margin were chosen by regret among some 80 rules, in simulated shifts of four kinds and on real pairs of domains, with
many candidates and with few; `bench/experiments/label-free-choice` measures them on other draws. No score alone was as good.
That the source is a condition, and no fourth factor, came last and was chosen on draws that no result is made of, after the
factor had kept the choice from `shot` on digits (which are no evidence for it, therefore): the regret fell from 4.7 to 3.8
points among what is tried unasked, from 5.6 to 5.2 among methods on features and from 1.9 to 1.3 among adapted networks. 0.9
is about as good; at 0.8 one network that had lost the task was let through.

What every score can miss: all candidates have mistaken one class for another, and the source does not show it. So a choice is
no evidence that adaptation helped; see `evaluate/unverified.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from transferkit.ops.label_free.consensus import consensus
from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import find_label_free_scores

MARGIN = 0.02
"""How much better in `combined`, 0 to 1, a candidate must be than the baseline."""
CONSENSUS, SOURCE_ACCURACY = "consensus", "source_accuracy"
FACTORS = (CONSENSUS, "class_clustering", "batch_nuclear_norm")
"""Of `combined`; those that all candidates have count."""
SOURCE_KEPT = "source_kept"
"""Accuracy on held-out source items above chance, as a share of the baseline's."""
KEPT = 0.85
"""`source_kept` below which a model has lost the task."""
TERMS = (*FACTORS, SOURCE_KEPT)
"""What the choice looks at."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model that may be chosen: an arm after an epoch."""

    arm: str
    judged: Judged
    epoch: int | None = None
    """None where the method has no epochs."""
    is_baseline: bool = False
    """Source only; of one candidate it is true."""


@dataclass(frozen=True)
class CandidateScores:
    """One row of the table."""

    position: int
    """Among the candidates as they were given."""
    arm: str
    epoch: int | None
    is_baseline: bool
    combined: float
    """0 to 1, higher is better; comparable within one choice only."""
    scores: Mapping[str, float]
    """Every score that could be computed, and `consensus`; all of them higher where better."""


@dataclass(frozen=True)
class Choice:
    """Which candidate to take when no target label says it."""

    rows: tuple[CandidateScores, ...]
    """The best first."""
    chosen: int
    """Position of the chosen candidate among those given."""
    last: int
    """Position of the same arm's last epoch: what one takes who does not choose."""
    alone: Mapping[str, int]
    """Score -> position of what it would have chosen by itself."""
    reason: str
    """One line for the report."""


def choose(candidates: Sequence[Candidate], *, names: Collection[str] | None = None, margin: float = MARGIN) -> Choice:
    """The candidate to take, with the table it was read off; the baseline where none is clearly better.

    All must be judged on the same target items and with the same classes. `names`: the scores of the table beside the
    combined one; None for all there are. Raises ValueError where there is not exactly one baseline.

    >>> sure, unsure = np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]] * 3), np.full((6, 2), 0.5)
    >>> features = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]])
    >>> tables = {"source_only": unsure, "mmd": sure, "dann": sure}
    >>> judged = {arm: Judged(target_probabilities=t, target_features=features) for arm, t in tables.items()}
    >>> choose([Candidate(arm, j, is_baseline=arm == "source_only") for arm, j in judged.items()], names=()).reason
    'mmd is chosen without target labels: 0.84 against 0.00 of source_only (consensus x class clustering x batch nuclear
    norm, 0 to 1)'
    """
    baseline = _checked(candidates)
    tables = [candidate.judged.target_probabilities for candidate in candidates]
    agreement = consensus(tables, [candidate.arm for candidate in candidates])
    wanted = set(find_label_free_scores()) if names is None else set(names)
    scores = [
        {**scored(candidate.judged, {*wanted, *FACTORS, SOURCE_ACCURACY}), CONSENSUS: float(agreed)}
        for candidate, agreed in zip(candidates, agreement, strict=True)
    ]
    _add_source_kept(scores, baseline, candidates[baseline].judged.n_classes)
    terms = [term for term in FACTORS if all(term in row for row in scores)]
    combined = [
        _geometric_mean([row[term] for term in terms]) if row.get(SOURCE_KEPT, 1.0) >= KEPT else 0.0 for row in scores
    ]
    best = max(range(len(candidates)), key=lambda i: (combined[i], i == baseline, -i))
    chosen = best if combined[best] - combined[baseline] > margin else baseline
    order = sorted(range(len(candidates)), key=lambda i: (i != chosen, -combined[i], i))
    return Choice(
        rows=tuple(
            CandidateScores(i, c.arm, c.epoch, c.is_baseline, combined[i], scores[i])
            for i in order
            for c in [candidates[i]]
        ),
        chosen=chosen,
        last=max(
            (i for i, c in enumerate(candidates) if c.arm == candidates[chosen].arm),
            key=lambda i: (-1 if candidates[i].epoch is None else candidates[i].epoch, i),
        ),
        alone=_alone(scores),
        reason=_reason(candidates, combined, best, chosen, baseline, terms) + _lost(candidates, scores),
    )


def scored(judged: Judged, names: Collection[str] | None = None) -> dict[str, float]:
    """Score -> value, of those of `names` (None: all) that can be computed from what is there."""
    known = find_label_free_scores()
    wanted = known if names is None else {name: known[name] for name in known if name in names}
    return {name: score.function(judged) for name, score in wanted.items() if score.can_judge(judged)}


def regret(chosen: float, values: Sequence[float], higher_is_better: bool = True) -> float:
    """What the choice cost: how much worse the chosen candidate's true metric is than the best candidate's; not negative.

    >>> round(regret(0.8, [0.7, 0.8, 0.85]), 3)
    0.05
    """
    best = max(values) if higher_is_better else min(values)
    return max((best - chosen) if higher_is_better else (chosen - best), 0.0)


def _checked(candidates: Sequence[Candidate]) -> int:
    """Position of the baseline."""
    baselines = [i for i, candidate in enumerate(candidates) if candidate.is_baseline]
    if len(baselines) != 1:
        raise ValueError(f"exactly one candidate must be the baseline, got {len(baselines)} of {len(candidates)}")
    shapes = {candidate.judged.target_probabilities.shape for candidate in candidates}
    if len(shapes) > 1:
        raise ValueError(f"all candidates must be judged on the same target items and classes, got {sorted(shapes)}")
    return baselines[0]


def _add_source_kept(scores: Sequence[dict[str, float]], baseline: int, n_classes: int) -> None:
    """To every row, where all tell of the source and the baseline knows something of it."""
    if not all(SOURCE_ACCURACY in row for row in scores):
        return
    above = [max(0.0, row[SOURCE_ACCURACY] - 1 / n_classes) for row in scores]
    if above[baseline]:
        for row, own in zip(scores, above, strict=True):
            row[SOURCE_KEPT] = own / above[baseline]


def _geometric_mean(values: Sequence[float]) -> float:
    """Rounded, so that equal candidates are equal on every machine."""
    return round(float(np.prod(np.clip(values, 0.0, 1.0)) ** (1 / len(values))), 9)


def _alone(scores: Sequence[Mapping[str, float]]) -> dict[str, int]:
    """The first of the highest, of scores that every candidate has."""
    names = [name for name in scores[0] if all(name in row for row in scores)]
    return {name: max(range(len(scores)), key=lambda i: (round(scores[i][name], 9), -i)) for name in names}


def _reason(
    candidates: Sequence[Candidate],
    combined: Sequence[float],
    best: int,
    chosen: int,
    baseline: int,
    terms: Sequence[str],
) -> str:
    name = {i: _named(candidates[i]) for i in (best, baseline)}
    read = f"({' x '.join(term.replace('_', ' ') for term in terms)}, 0 to 1)"
    if best == baseline:
        return (
            f"{name[baseline]} is kept: of {len(candidates)} candidates none looks better without target labels {read}"
        )
    values = f"{combined[best]:.2f} against {combined[baseline]:.2f}"
    if chosen == baseline:
        return f"{name[baseline]} is kept: {name[best]} looks best, but not by enough to leave it, {values} {read}"
    return f"{name[chosen]} is chosen without target labels: {values} of {name[baseline]} {read}"


def _lost(candidates: Sequence[Candidate], scores: Sequence[Mapping[str, float]]) -> str:
    """Who was no candidate any more."""
    pairs = zip(candidates, scores, strict=True)
    names = list(dict.fromkeys(_named(candidate) for candidate, row in pairs if row.get(SOURCE_KEPT, 1.0) < KEPT))
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"; {', '.join(names[:3])}{more} lost the source's task on the way"


def _named(candidate: Candidate) -> str:
    return candidate.arm if candidate.epoch is None else f"{candidate.arm} after epoch {candidate.epoch}"
