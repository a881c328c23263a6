"""Summarise: from findings to the plain values that are printed, drawn and written down."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from transferkit.artifact import wording
from transferkit.evaluate.cross_fitted import procedure
from transferkit.evaluate.importance import SECONDS, importances
from transferkit.evaluate.simultaneous import secondary_level
from transferkit.evaluate.summary import (
    ArmSummary,
    CurveSummary,
    Gain,
    Importance,
    MetricInfo,
    StudySummary,
    VerdictWord,
)
from transferkit.evaluate.verdict import sentence, subject, verdict
from transferkit.planner import further
from transferkit.planner.allowance import CLOSING
from transferkit.planner.arms import Arm
from transferkit.planner.enough import enough
from transferkit.planner.findings import Findings
from transferkit.planner.label_curve import read_label_curve
from transferkit.planner.mistakes import on_the_test
from transferkit.planner.plan_kept import about_taken, about_untried, plan_kept
from transferkit.planner.proving import Claim
from transferkit.planner.shown.tabular import narrowed
from transferkit.planner.stand_ins import grouped
from transferkit.planner.trials import record_of


def summarise(findings: Findings) -> StudySummary:
    """Everything the study has to say; where it was interrupted, what there is."""
    task = findings.trials.target.task
    info = MetricInfo.of(task.metric)
    gains = _gains(findings)
    primary = findings.claims[0] if findings.claims else None
    word, said, best = _conclusion(findings, gains, info, primary)
    told, matter = on_the_test(findings, best), _importances(findings, best)
    has_columns = findings.trials.target.modality == "tabular" and bool(findings.test)
    is_slow = has_columns and not matter and findings.final_predictor(best) is not None
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
        confusion=told.confusion,
        mistakes=narrowed(told.mistakes, [one.column for one in matter]),
        cost=_cost(findings),
        budget=str(findings.trials.allowance.named),
        repeat=_repeat(findings),
        notes=(
            *_stand_ins(findings),
            *(f"{row.name} {row.note}" for row in findings.ranking.rows if row.predicted is None),
            *about_taken(findings),
            *about_untried(findings),
            *findings.tried.notes,
            *findings.refits.notes,
            *findings.trials.notes,
            *findings.curve.notes,
            *(findings.cross_fitting.notes if findings.cross_fitting else ()),
            *_better_baseline(findings),
            *_seen_before(findings),
            *further.left_out(findings),
            *(["what each column is worth is not told, for that would have taken too long"] if is_slow else []),
        ),
        seeds=tuple(findings.seeds_of(primary)) if primary and findings.evidence else findings.settings.seeds,
        label_equivalence=read_label_curve(findings),
        metrics=tuple(map(MetricInfo.of, task.metrics)),
        importances=matter,
        tags=told.tags,
        numbers=told.numbers,
        extra={
            "margin": findings.settings.margin,
            "interrupted": findings.interrupted,
            **({"cross_fitting": findings.cross_fitting.as_extra()} if findings.cross_fitting else {}),
            "plan": plan_kept(findings),
            "stand_ins": dict(findings.stand_ins),
        },
    )


def _importances(findings: Findings, best: str) -> tuple[Importance, ...]:
    """Of a table's columns, once the test is open."""
    predictor = findings.final_predictor(best)
    if predictor is None or not findings.test or findings.trials.target.modality != "tabular":
        return ()
    seconds = max(CLOSING / 2, min(SECONDS, findings.trials.allowance.seconds_left))
    return importances(predictor, findings.test, seconds=seconds)


def _stand_ins(findings: Findings) -> list[str]:
    """Sources that are compared with the default network, for their own from scratch does not fit the budget."""
    return [
        f"{names} is compared with the default network trained from scratch: {why}"
        for names, why in grouped(findings.stand_ins).items()
    ]


def _against(arm: Arm, baseline: Arm) -> str:
    """What the verdict compares with, as a noun."""
    if baseline.method.name != "scratch":
        return "learning from the target alone"
    is_another_network = bool(arm.sources) and not baseline.sources
    return f"training {'the default network ' * is_another_network}from scratch"


def _better_baseline(findings: Findings) -> list[str]:
    """A baseline of another architecture may be the better model: a person should know."""
    if not findings.claims:
        return []
    arms = [findings.claims[0].arm, *(arm for arm in findings.arms if arm.method.name == "scratch")]
    best = next(iter(findings.tried.in_order(arms)), findings.claims[0].arm)
    if best in (findings.claims[0].arm, findings.claims[0].baseline):
        return []
    return [
        f"{best.name} did better on validation than {findings.claims[0].arm.name}, whose own baseline is another network"
    ]


def _seen_before(findings: Findings) -> list[str]:
    openings = findings.trials.target.test.openings
    if len(openings) < 2:
        return []
    return [
        f"this test split has been opened {len(openings)} times in this session; "
        "what was chosen after the first look is no longer proven by it"
    ]


def _gains(findings: Findings) -> dict[str, Gain]:
    """Arm -> its paired gain on the test.

    The chosen arm of `transfer` is one claim, named in advance, at the full level; its secondary claims, and all claims of
    `compare`, share the error between them.
    """
    proven = [claim for claim in findings.claims if claim.arm.name in findings.evidence and findings.seeds_of(claim)]
    task, labels = findings.trials.target.task, (findings.test.labels if findings.test else None) or ()
    every_arm = findings.settings.prove_every_arm
    gains = {}
    for position, claim in enumerate(proven):
        alone = position == 0 and not every_arm
        level = 0.95 if alone else secondary_level(len(proven) - (not every_arm))
        seeds = findings.seeds_of(claim)
        arm, baseline = (_rows(findings, name, seeds) for name in (claim.arm.name, claim.baseline.name))
        metric = task.metric
        gains[claim.arm.name] = findings.paired_gain(
            arm, baseline, metric.higher_is_better, level, metric.step(labels), metric.reach
        )
    return gains


def _rows(findings: Findings, arm: str, seeds: list[int]) -> np.ndarray:
    """(len(seeds), n_items) of one arm's evidence."""
    return findings.rows(arm, findings.evidence[arm].per_item, seeds)


def _conclusion(
    findings: Findings, gains: dict[str, Gain], info: MetricInfo, primary: Claim | None
) -> tuple[VerdictWord, str, str]:
    """The verdict, the sentence and the arm whose predictor is returned."""
    if findings.interrupted or primary is None:
        return "undecided", _interrupted(findings), next(arm.name for arm in findings.arms if arm.method.is_baseline)
    if primary.arm.name not in gains:
        said = f"Nothing is proven of {primary.arm.name}, the first choice: {'; '.join(_why_not(findings))}."
        how_chosen = "taken without a trial" if primary.arm.taken else "chosen on validation alone"
        for arm, how in ((primary.arm, how_chosen), (primary.baseline, "its baseline")):
            if findings.final_predictor(arm.name) is not None:
                return "undecided", f"{said} The predictor is that of {arm.name}, {how}.", arm.name
        return "undecided", f"{said} There is no predictor.", primary.arm.name
    gain = gains[primary.arm.name]
    word = verdict(gain, findings.settings.margin)
    about, judged_by = subject(primary.method.name, primary.arm.source_names), ""
    noun, margin = wording.items({"modality": findings.trials.target.modality}), findings.settings.margin
    if (cross_fitting := findings.cross_fitting) is not None:
        judged_by = cross_fitting.judged_by(gain, noun)
        if not findings.settings.prove_every_arm:
            about = procedure(primary.method.name, primary.arm.source_names)
    against = _against(primary.arm, primary.baseline)
    said = sentence(about, gain, info, margin, baseline=against, items=f"test {noun}", cross_fitted=judged_by)
    return word, said, primary.arm.name if word == "helps" else primary.baseline.name


def _why_not(findings: Findings) -> Sequence[str]:
    """What failed: the folds of cross-fitting, or the refits on all labels."""
    folds, given = findings.cross_fitting, findings.trials.allowance.budget.seconds
    if folds is None:
        return findings.refits.notes
    if not folds.claims:
        return folds.notes
    if not findings.refits.cut_short or given is None:
        return findings.refits.notes or folds.notes
    *others, last = findings.refits.notes
    return [*others, f"{last}; {enough(2 * given, given)}"]  # one share was too little, twice as much may do


def _interrupted(findings: Findings) -> str:
    n_fits = sum(len(findings.tried.all(arm)) for arm in findings.arms)
    n_fits += sum(len(fits) for fits in findings.refits.seconds.values())
    how = (
        "run the same command with the same --out to go on"
        if findings.settings.resumable
        else "with --out FOLDER an interrupted study can go on"
    )
    return f"Interrupted after {n_fits} fits: nothing is proven; {how}."


def _arm(arm: Arm, findings: Findings, gains: dict[str, Gain], best: str) -> ArmSummary:
    claim = next((c for c in findings.claims if arm in (c.arm, c.baseline)), None)
    final = None if claim is None else (claim.method if claim.arm == arm else claim.baseline_method)
    method = final or findings.tried.best(arm) or arm.method
    results = findings.tried.all(arm)
    failures = sorted({r.message for r in results if r.status == "failed"})
    record = next((record_of(r) for r in results if r.status == "done"), None)
    if record is None and (final_predictor := findings.final_predictor(arm.name)) is not None:
        record = final_predictor.record
    gain = gains.get(arm.name)
    chosen = bool(findings.claims) and findings.claims[0].arm == arm
    proven = arm.name in findings.evidence
    refits = findings.refits.seconds[arm.name]
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
        seconds=sum(r.seconds for r in results) + sum(refits),
        trials=len(results) + len(refits),
        trainable_parameters=record.trainable_parameters if record else None,
        total_parameters=record.total_parameters if record else None,
        notes=(*failures, *(record.notes if record else ())),
        metrics=further.metrics_of(arm, findings),
        further_gains=further.further_gains(arm, findings),
        peak_bytes=max((r.peak_bytes for r in results), default=0) or None,
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
    refits = [seconds for fits in findings.refits.seconds.values() for seconds in fits]
    folds = findings.cross_fitting
    return {
        "rank": findings.ranking.seconds,
        "try": sum(r.seconds for r in tried),
        "prove": sum(refits) + (folds.seconds if folds else 0.0),
        "curve": sum(findings.curve.seconds),
        "total": findings.trials.allowance.seconds_used,
        "trials": float(len(tried) + len(refits) + len(findings.curve.seconds) + (folds.n_fits if folds else 0)),
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
        "folds": list(findings.settings.folds),
        "sources": {name: findings.trials.fingerprint_of(source) for name, source in sources.items()},
        "target": findings.trials.target.fingerprint,
    }
