"""Summarise: from findings to the plain values that are printed, drawn and written down."""

from __future__ import annotations

import base64
import io
import platform
from importlib.metadata import version
from typing import Any

import numpy as np

from transferkit.evaluate.gain import paired_gain
from transferkit.evaluate.simultaneous import secondary_level
from transferkit.evaluate.summary import (
    ArmSummary,
    CurveSummary,
    Gain,
    MetricInfo,
    Mistake,
    StudySummary,
    VerdictWord,
)
from transferkit.evaluate.verdict import sentence, subject, verdict
from transferkit.plan.arms import Arm
from transferkit.plan.findings import Findings
from transferkit.plan.proving import Claim
from transferkit.plan.trials import record_of

MISTAKES = 12
THUMBNAIL = 96
"""Pixels."""


def summarise(findings: Findings) -> StudySummary:
    """Everything the study has to say; where it was interrupted, what there is."""
    metric = findings.trials.target.task.metric
    info = MetricInfo(metric.name, metric.higher_is_better, metric.unit, metric.scale)
    gains = _gains(findings)
    primary = findings.claims[0] if findings.claims else None
    word, said, best = _conclusion(findings, gains, info, primary)
    confusion, mistakes = _on_the_test(findings, best)
    return StudySummary(
        verdict=word,
        sentence=said,
        best=best,
        gain=gains.get(primary.arm.name) if primary else None,
        metric=info,
        target=_about_target(findings),
        ranking=findings.ranking.rows,
        arms=tuple(_arm(arm, findings, gains, best) for arm in findings.arms),
        curves=_curves(findings),
        confusion=confusion,
        mistakes=mistakes,
        cost=_cost(findings),
        budget=str(findings.trials.allowance.budget),
        repeat=_repeat(findings),
        notes=(
            *(f"{row.name} {row.note}" for row in findings.ranking.rows if row.predicted is None),
            *findings.tried.notes,
            *findings.refits.notes,
            *_seen_before(findings),
        ),
        seeds=findings.settings.seeds,
        extra={"margin": findings.settings.margin, "interrupted": findings.interrupted},
    )


def _seen_before(findings: Findings) -> list[str]:
    openings = findings.trials.target.test.openings
    if len(openings) < 2:
        return []
    return [
        f"this test split has been opened {len(openings)} times in this session; "
        "what was chosen after the first look is no longer proven by it"
    ]


def _gains(findings: Findings) -> dict[str, Gain]:
    """Arm -> its paired gain on the test; the first claim at the full level, the others at the corrected one."""
    proven = [claim for claim in findings.claims if findings.evidence and findings.seeds_of(claim)]
    gains = {}
    for position, claim in enumerate(proven):
        level = 0.95 if position == 0 else secondary_level(len(proven) - 1)
        seeds = findings.seeds_of(claim)
        arm, baseline = (_rows(findings, name, seeds) for name in (claim.arm.name, claim.baseline.name))
        higher = findings.trials.target.task.metric.higher_is_better
        gains[claim.arm.name] = paired_gain(arm, baseline, higher, level)
    return gains


def _rows(findings: Findings, arm: str, seeds: list[int]) -> np.ndarray:
    """(len(seeds), n_items) of one arm's evidence."""
    order = sorted(findings.refits.predictors[arm])
    return findings.evidence[arm].per_item[[order.index(seed) for seed in seeds]]


def _conclusion(
    findings: Findings, gains: dict[str, Gain], info: MetricInfo, primary: Claim | None
) -> tuple[VerdictWord, str, str]:
    """The verdict, the sentence and the arm whose predictor is returned."""
    baseline = next(arm.name for arm in findings.arms if arm.method.is_baseline)
    if findings.interrupted:
        n_fits = sum(len(findings.tried.all(arm)) for arm in findings.arms)
        n_fits += sum(len(by_seed) for by_seed in findings.refits.predictors.values())
        return (
            "undecided",
            (
                f"Interrupted after {n_fits} fits: nothing is proven and the test split is still sealed; "
                "run the same command with the same --out to go on."
            ),
            baseline,
        )
    assert primary is not None, "a study that was not interrupted has a claim"
    gain = gains[primary.arm.name]
    margin = findings.settings.margin
    word = verdict(gain, margin)
    said = sentence(subject(primary.method.name, primary.arm.source_names), gain, info, margin)
    return word, said, primary.arm.name if word == "helps" else primary.baseline.name


def _arm(arm: Arm, findings: Findings, gains: dict[str, Gain], best: str) -> ArmSummary:
    claim = next((c for c in findings.claims if arm in (c.arm, c.baseline)), None)
    final = None if claim is None else (claim.method if claim.arm == arm else claim.baseline_method)
    method = final or findings.tried.best(arm) or arm.method
    results = findings.tried.all(arm)
    failures = sorted({r.message for r in results if r.status == "failed"})
    record = next((record_of(r) for r in results if r.status == "done"), None)
    gain = gains.get(arm.name)
    chosen = bool(findings.claims) and findings.claims[0].arm == arm
    proven = arm.name in findings.evidence
    seeds = findings.refits.predictors.get(arm.name, {})
    fits = 1 if arm.method.deterministic else len(seeds)
    return ArmSummary(
        name=arm.name,
        method=str(method),
        sources=arm.source_names,
        baseline=arm.baseline,
        status=_status(arm, chosen, gain is not None, bool(results), bool(failures) and record is None),
        validation=findings.tried.validation(arm),
        test=findings.evidence[arm.name].value if proven else None,
        gain=gain,
        verdict=verdict(gain, findings.settings.margin) if gain else None,
        seconds=sum(r.seconds for r in results) + findings.refits.seconds.get(arm.name, 0.0) * (fits if seeds else 0),
        trials=len(results) + (fits if seeds else 0),
        trainable_parameters=record.trainable_parameters if record else None,
        total_parameters=record.total_parameters if record else None,
        notes=(*failures, *(record.notes if record else ())),
    )


def _status(arm: Arm, chosen: bool, proven: bool, tried: bool, failed: bool) -> Any:
    if arm.baseline is None:
        return "baseline"
    if failed:
        return "failed"
    if chosen:
        return "chosen"
    return "proven" if proven else "tried" if tried else "not_tried"


def _curves(findings: Findings) -> tuple[CurveSummary, ...]:
    """The first fold's curve of every arm that learned in epochs, at its best settings."""
    curves = []
    for arm in findings.arms:
        method = findings.tried.best(arm)
        results = findings.tried.results[arm.name].get(method, []) if method else []
        if not results:
            continue
        record = record_of(results[0])
        if record.curve.training_loss:
            curve = record.curve
            curves.append(
                CurveSummary(
                    arm.name, 0, curve.training_loss, curve.validation_loss, curve.validation_metric, record.best_epoch
                )
            )
    return tuple(curves)


def _on_the_test(findings: Findings, best: str) -> tuple[tuple[tuple[int, ...], ...] | None, tuple[Mistake, ...]]:
    """Confusion matrix of the returned predictor, and the items it is most surely wrong about."""
    proven, test = findings.evidence.get(best), findings.test
    scores = None if proven is None else proven.predictions.scores
    if proven is None or test is None or scores is None:
        return None, ()
    labels, predictions = test.labels or (), proven.predictions
    task = findings.trials.target.task
    truth, guess = task.strata(labels), task.strata(predictions.labels)
    n_classes = scores.shape[1]
    confusion = np.bincount(truth * n_classes + guess, minlength=n_classes**2).reshape(n_classes, n_classes)
    confidence = scores[np.arange(len(guess)), guess]
    wrong = np.flatnonzero(truth != guess)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:MISTAKES]
    mistakes = tuple(
        Mistake(
            name=test.names[i] if test.names else f"item {i}",
            truth=str(labels[i]),
            predicted=str(predictions.labels[i]),
            confidence=float(confidence[i]),
            thumbnail=_thumbnail(test.items[i]),
        )
        for i in surest.tolist()
    )
    return tuple(tuple(row) for row in confusion.tolist()), mistakes


def _thumbnail(item: Any) -> str | None:
    from PIL import Image

    if not isinstance(item, Image.Image):
        return None
    picture = item.convert("RGB")
    scale = THUMBNAIL / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _about_target(findings: Findings) -> dict[str, Any]:
    target = findings.trials.target
    return {
        "name": target.name,
        "modality": target.modality,
        "task": target.task.name,
        "classes": list(target.task.describe().get("classes", [])),
        "n_train": len(target.train) + len(target.validation),
        "n_validation": len(target.fold(0).validation),
        "n_test": len(target.test),
        "n_unlabelled": len(target.unlabelled),
        "skipped": [{"name": s.name, "reason": s.reason} for s in target.skipped],
        "warnings": list(target.warnings),
        "fingerprint": target.fingerprint,
    }


def _cost(findings: Findings) -> dict[str, float]:
    tried = [r for arm in findings.arms for r in findings.tried.all(arm)]
    proving = findings.refits.seconds
    prove = sum(
        proving.get(name, 0.0) * len({id(p) for p in by_seed.values()})
        for name, by_seed in findings.refits.predictors.items()
    )
    return {
        "rank": findings.ranking.seconds,
        "try": sum(r.seconds for r in tried),
        "prove": prove,
        "total": findings.trials.allowance.seconds_used,
        "trials": float(
            len(tried) + sum(len({id(p) for p in b.values()}) for b in findings.refits.predictors.values())
        ),
    }


def _repeat(findings: Findings) -> dict[str, Any]:
    sources = {s.name: s for arm in findings.arms for s in arm.sources}
    names = ("transferkit", "torch", "transformers", "numpy", "scikit-learn")
    return {
        "command": findings.settings.command,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "device": findings.trials.device,
        "versions": {name: version(name) for name in names},
        "seeds": list(findings.settings.seeds),
        "folds": findings.settings.n_folds,
        "sources": {name: findings.trials.fingerprint_of(source) for name, source in sources.items()},
        "target": findings.trials.target.fingerprint,
    }
