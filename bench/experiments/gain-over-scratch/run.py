"""gain-over-scratch: what an ImageNet network adds on photographs of cats and dogs, by how many labels there are.

`compare` with a linear probe and full fine-tuning against scratch (the same architecture, tuned on the same folds); the
arm is chosen on validation, the gain is measured on the 200 sealed pictures.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import transferkit as tk
from bench.cats_and_dogs import cats_and_dogs, mobilenet
from bench.experiment import Outcome
from transferkit.core.examples import Examples
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache


def run(setting: dict[str, Any], data: Path) -> Outcome:
    target = with_labels(cats_and_dogs(data), setting["labels_per_class"], setting["draw"])
    source = mobilenet(data, setting["mobilenet"])
    with tempfile.TemporaryDirectory() as folder:
        study = tk.compare(
            [source],
            target,
            methods=setting["methods"],
            seeds=setting["n_seeds"],
            budget=setting.get("budget"),
            cache=FeatureCache(folder),
        )
    summary = study.summary
    chosen = next(arm for arm in summary.arms if arm.baseline and arm.gain == summary.gain)
    scratch = next(arm for arm in summary.arms if arm.name == chosen.baseline)
    assert summary.gain is not None
    assert chosen.test is not None
    assert scratch.test is not None
    points = summary.metric.scale
    figures = {
        "gain": points * summary.gain.mean,
        "gain_low": points * summary.gain.low,
        "gain_high": points * summary.gain.high,
        "verdict": summary.verdict,
        "best_method": chosen.method,
        "accuracy": points * chosen.test,
        "scratch_accuracy": points * scratch.test,
        "seconds": summary.cost["total"],
    }
    arms = [
        {
            "arm": arm.name.replace(source.name, setting["mobilenet"]),
            "method": arm.method,
            "validation": arm.validation,
            "test": arm.test,
            "gain": None if arm.gain is None else [arm.gain.mean, arm.gain.low, arm.gain.high],
            "verdict": arm.verdict,
            "trials": arm.trials,
            "parameters": arm.total_parameters,
        }
        for arm in summary.arms
    ]
    details = {
        "metric": summary.metric.name,
        "arms": arms,
        "seconds": {"rank": summary.cost["rank"], "try": summary.cost["try"], "total": summary.cost["total"]},
        "trials": int(summary.cost["trials"]),
        "n_labels": len(target.whole().train),
        "n_test": summary.gain.n_items,
        "smallest_detectable": points * summary.gain.smallest_detectable,
        "notes": list(summary.notes),
    }
    return Outcome(figures, details, summary.seeds)


def with_labels(target: Target, per_class: int, draw: int) -> Target:
    """The same target with only so many labels of each class, drawn by `draw`; 0: all. The sealed test stays."""
    if per_class == 0:
        return target
    everything, test = target.whole().train, target.test.open("the making of a smaller target")
    shuffled = np.random.default_rng(draw).permutation(len(everything))
    strata = target.task.strata(everything.labels or ())
    kept = [i for stratum in np.unique(strata) for i in shuffled[strata[shuffled] == stratum][:per_class]]
    return Target.of(*_lists(everything.take(kept)), test=_lists(test), name=f"{target.name}-{per_class}")


def _lists(examples: Examples) -> tuple[list[Any], list[Any]]:
    return list(examples.items), list(examples.labels or ())
