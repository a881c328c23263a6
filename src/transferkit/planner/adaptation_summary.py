"""Summing up an adaptation study: the verdict on the chosen adaptation, or what can be said without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from transferkit.artifact import wording
from transferkit.core.errors import WrongUse
from transferkit.core.predictor import Predictor
from transferkit.evaluate.label_free import CandidateScores
from transferkit.evaluate.unverified import Unverified, unverified
from transferkit.evaluate.unverified_numbers import UnverifiedNumbers, unverified_numbers
from transferkit.evaluate.verdict import sentence, subject, verdict
from transferkit.ops.alignment.contract import evenly
from transferkit.ops.discrepancies.proxy_a_distance import proxy_a_distance
from transferkit.planner.adapted import Adapted
from transferkit.planner.proving import Claim
from transferkit.planner.study import Study
from transferkit.planner.summarise import summarise
from transferkit.planner.unlabelled_choice import JUDGED_ITEMS, label_free_terms
from transferkit.training.domain_features import DomainFeatures

BASELINE = "the source only"
LEAST_ITEMS = 3
"""Of a domain, with which a distance can be measured."""


def study_of(found: Adapted) -> Study:
    """The study as it is printed, drawn and kept."""
    findings = found.findings
    summary = summarise(findings)
    if findings.interrupted or not findings.claims:
        return Study(replace(summary, extra={**summary.extra, "adaptation": _about(found, None)}), None)
    claim = findings.claims[0]
    distance = _shift(found)
    statement = _statement(found, claim, distance)
    about = _about(found, statement) | {"distance": distance}
    told = [f"{claim.arm.name}: {note}" for note in found.predictors[claim.arm.name].record.notes]
    notes = tuple(note for note in (*found.left_out, *summary.notes, *told) if note)
    if claim.arm.name in findings.evidence and summary.gain is not None:
        word = verdict(summary.gain, findings.settings.margin)
        noun = wording.items({"modality": findings.trials.target.modality})
        said = sentence(
            subject(claim.method.name, claim.arm.source_names),
            summary.gain,
            summary.metric,
            findings.settings.margin,
            baseline=BASELINE,
            items=f"test {noun}",
        )
        best = claim.arm.name if word == "helps" else claim.baseline.name
        about["oracle"] = _oracle(found)
    else:
        word, best = "undecided", _chosen(found) or claim.baseline.name
        said = _unproven(found, claim, statement, best)
    about["chosen_without_labels"] = _chosen(found)
    kept = replace(
        summary, verdict=word, sentence=said, best=best, notes=notes, extra={**summary.extra, "adaptation": about}
    )
    return Study(kept, found.predictors.get(best))


def _unproven(found: Adapted, claim: Claim, statement: Unverified | UnverifiedNumbers | None, best: str) -> str:
    """What is said where no label could be looked at."""
    about = subject(claim.method.name, claim.arm.source_names)
    if statement is None:
        return f"{about} cannot be verified without labels; nothing was chosen, and the predictor is that of {best}."
    if isinstance(statement, Unverified):
        said = statement.sentence(about, BASELINE, _scale(found))
    else:
        said = statement.sentence(about, BASELINE)
    if best == claim.arm.name:
        return said
    return f"{said} Without labels {BASELINE} looks at least as good, and its predictor is returned."


def _scale(found: Adapted) -> float:
    """What the metric is multiplied by for people; accuracy's where the metric is another."""
    metric = found.findings.trials.target.task.metric
    return metric.scale if metric.name == "accuracy" else 100.0


def _shift(found: Adapted) -> float | None:
    """`shift_of`; None where there are no features to measure it on, or too few items."""
    try:
        return None if found.features is None else shift_of(found.features)
    except WrongUse:
        return None


def shift_of(features: DomainFeatures) -> float:
    """Proxy A-distance of source and target, 0 to 2, on some of their items. One line where they are too few."""
    source, target = (rows[evenly(len(rows), JUDGED_ITEMS)] for rows in (features.source, features.target))
    if len(source) < LEAST_ITEMS:  # a target has more in any case
        raise WrongUse(
            f"{len(source)} labelled items tell too little of their domain to say how far it is from "
            f"{features.domains.target.name}; give at least {LEAST_ITEMS}"
        )
    return float(np.clip(proxy_a_distance(torch.from_numpy(source), torch.from_numpy(target)), 0.0, 2.0))


def _statement(found: Adapted, claim: Claim, distance: float | None) -> Unverified | UnverifiedNumbers | None:
    judged, said = found.judged, found.said
    if claim.arm.name in said and claim.baseline.name in said:
        metric = found.findings.trials.target.task.metric.name
        return unverified_numbers(said[claim.arm.name], said[claim.baseline.name], metric)
    if claim.arm.name not in judged or claim.baseline.name not in judged:
        return None
    return unverified(judged[claim.arm.name], judged[claim.baseline.name], distance)


def _about(found: Adapted, statement: Unverified | UnverifiedNumbers | None) -> dict[str, Any]:
    """Plain values for the report and JSON."""
    domains, names = found.domains, found.domains.unlabelled.names
    label = {} if statement is None else _to_label(statement, names)
    return {
        "sources": [
            {"name": one.name, "n_labelled": len(one.train), "n_held_out": len(one.validation)}
            for one in domains.sources
        ],
        "n_unlabelled": len(domains.unlabelled),
        "n_sealed": len(domains.target.test),
        "classes": {
            "shared": list(domains.shared),
            "only_in_sources": list(domains.only_in_sources),
            "only_in_target": [name for name in domains.only_in_target if name not in _besides(found)],
        },
        "candidates": [] if found.choice is None else [_row(row) for row in found.choice.rows],
        "terms": list(label_free_terms(domains.task)),
        "reason": "" if found.choice is None else found.choice.reason,
        "epochs": {
            name: _epochs(predictor) for name, predictor in found.predictors.items() if predictor.record.best_epoch
        },
        **label,
    }


def _besides(found: Adapted) -> set[str]:
    """Classes that no label names."""
    return {name for arm in found.findings.arms for name in arm.method.says_besides}


def _chosen(found: Adapted) -> str | None:
    """The arm that label-free scores take; None where there were none."""
    return None if found.choice is None else found.choice.rows[0].arm


def _row(scores: CandidateScores) -> dict[str, Any]:
    return {"name": scores.arm, "together": scores.combined, "scores": dict(scores.scores)}


def _to_label(statement: Unverified | UnverifiedNumbers, names: Sequence[str]) -> dict[str, Any]:
    wanted = statement if isinstance(statement, UnverifiedNumbers) else statement.labels
    to_label = [names[i] if names else f"item {i}" for i in wanted.items]
    if isinstance(wanted, UnverifiedNumbers):
        return {"to_label": to_label, "most": wanted.most, "most_of": wanted.measure}
    assert isinstance(statement, Unverified)
    return {
        "to_label": to_label,
        "n_deciding": len(wanted.deciding),
        "n_disputed": wanted.n_disputed,
        "n_judged": wanted.n_items,
        "most": wanted.most,
        "reach": wanted.reach,
        "error_bound": statement.error_bound,
    }


def _epochs(predictor: Predictor) -> dict[str, Any]:
    """Which epoch's weights were kept, and how many there were."""
    record = predictor.record
    return {"chosen": record.best_epoch, "last": len(record.curve.training_loss)}


def _oracle(found: Adapted) -> dict[str, Any]:
    """The arm that is best by the sealed labels, with its first seed, and what the choice without labels lost beside it."""
    findings = found.findings
    metric = findings.trials.target.task.metric
    sign = 1 if metric.higher_is_better else -1
    values = {name: float(proven.per_item[0].mean()) for name, proven in findings.evidence.items()}
    best = max(values, key=lambda name: sign * values[name])
    chosen = _chosen(found)
    regret = None if chosen not in values else sign * (values[best] - values[chosen])
    return {"best": best, "value": values[best], "regret": regret}
