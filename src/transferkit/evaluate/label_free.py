"""Choosing among models where the target has no labels: which arm, after which epoch, or the source-only baseline after all.

No single label-free score is to be trusted: those that look at the target alone (information maximisation, nuclear norm)
believe whatever was trained to please them, and those that count source items (deep embedded, importance-weighted
validation) know nothing where the domains hardly overlap. The default is the geometric mean of four numbers of one scale, of
which all must hold,

    combined = (consensus x class clustering x batch nuclear norm x source above chance^(1/4))^(1/3.25)

consensus: how far a model agrees with what the other arms say (`ops/label_free/consensus.py`); against clusters that bear the
wrong names. Class clustering: how far its classes are those that its features of the target fall into by themselves
(`class_clustering.py`); 0 for a model that has collapsed to one class. Batch nuclear norm: how sure and diverse the predictions
are; against what has not adapted at all. Source above chance: accuracy a on held-out source items, as
(a - 1 / C) / (1 - 1 / C), not below 0; against what has forgotten the task, which of two classes gets half right all the same.
It is a guard and counts a quarter: what adapts without its source may forget some of it and lose nothing. What is not there is
left out for all. The baseline is left only for a candidate better by `MARGIN`.

Rule and margin were chosen by regret among some 60 rules, in simulated shifts of four kinds and on real pairs of domains, with
many candidates and with few; `bench/experiments/label-free-choice` measures them on other draws. Rules that differ from it by
one term were nearly as good; no score alone was. Two things were chosen later, on draws that no result is made of: accuracy
above chance (with two classes the plain one let a model through that knew nothing) and its quarter. The quarter was thought of
because full weight kept the choice from `shot` on digits, so that digits are not the evidence for it; on those other draws it
lowered the regret among what is tried unasked from 4.7 to 3.6 points and among adapted networks from 1.9 to 1.3, and left it at
5.6 among methods on features.

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
CONSENSUS = "consensus"
ABOVE_CHANCE = "source_above_chance"
WEIGHTS = {CONSENSUS: 1.0, "class_clustering": 1.0, "batch_nuclear_norm": 1.0, ABOVE_CHANCE: 0.25}
"""Exponent of each term of `combined`; those that all candidates have count."""


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
        {**_with_above_chance(candidate.judged, wanted), CONSENSUS: float(agreed)}
        for candidate, agreed in zip(candidates, agreement, strict=True)
    ]
    terms = [term for term in WEIGHTS if all(term in row for row in scores)]
    combined = [_geometric_mean([row[term] for term in terms], [WEIGHTS[term] for term in terms]) for row in scores]
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
        reason=_reason(candidates, combined, best, chosen, baseline, terms),
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


def _with_above_chance(judged: Judged, wanted: Collection[str]) -> dict[str, float]:
    """The scores that are wanted and the terms, accuracy as it is and above chance."""
    scores = scored(judged, {*wanted, *WEIGHTS, "source_accuracy"})
    if "source_accuracy" in scores:
        chance = 1 / judged.n_classes
        scores[ABOVE_CHANCE] = max(0.0, (scores["source_accuracy"] - chance) / (1 - chance))
    return scores


def _geometric_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """Rounded, so that equal candidates are equal on every machine."""
    return round(float(np.prod(np.clip(values, 0.0, 1.0) ** weights) ** (1 / sum(weights))), 9)


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
    read = f"({' x '.join(_powered(term) for term in terms)}, 0 to 1)"
    if best == baseline:
        return (
            f"{name[baseline]} is kept: of {len(candidates)} candidates none looks better without target labels {read}"
        )
    values = f"{combined[best]:.2f} against {combined[baseline]:.2f}"
    if chosen == baseline:
        return f"{name[baseline]} is kept: {name[best]} looks best, but not by enough to leave it, {values} {read}"
    return f"{name[chosen]} is chosen without target labels: {values} of {name[baseline]} {read}"


def _powered(term: str) -> str:
    spelled = term.replace("_", " ")
    return spelled if WEIGHTS[term] == 1 else f"{spelled}^{WEIGHTS[term]:g}"


def _named(candidate: Candidate) -> str:
    return candidate.arm if candidate.epoch is None else f"{candidate.arm} after epoch {candidate.epoch}"
