"""planner: what transferkit chooses, at which cost, against trying everything - and against a plain default.

For each target three ways to a model, from the same sources:

- exhaustive: a linear probe and full fine-tuning of every source, and scratch on every architecture, at every setting worth
  trying, on every fold; the best mean validation is chosen; "one baseline" leaves out the scratches it does not need;
- planner: the arms, rungs and settings of `transfer`;
- default: the source with the most parameters, fully fine-tuned with default settings.

Same arm, settings and fold: the same fit, made once and counted for both, so that nothing but the choice differs. Compute is
the seconds of all fits until the choice, baselines included for both, ranking and first batches for the planner; a fit is
taken for the median of its arm's fits, so that what else the machine did does not weigh. Accuracy is that of refits on all
labels, mean over seeds, on the sealed test.

The fits take an hour on two cores. With TRANSFERKIT_BENCH_WORK set to a folder they are kept there, and a second call goes on.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.experiment import Outcome
from bench.oracle.sources import sources
from bench.oracle.targets import TARGETS
from transferkit.artifact.journal import Journal
from transferkit.core.method import Method
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm, with_baselines
from transferkit.planner.planning import make_plan
from transferkit.planner.proving import final_method
from transferkit.planner.ranking import rank_sources
from transferkit.planner.request import Request
from transferkit.planner.selection import select
from transferkit.planner.trials import Fit, Trials
from transferkit.planner.tried import Tried

WORK = "TRANSFERKIT_BENCH_WORK"


@dataclass(frozen=True)
class Way:
    """One way to a model on one target."""

    arm: str
    method: str
    seconds: float
    accuracy: float


def run(setting: dict[str, Any], data: Path) -> Outcome:
    found = sources(data, Path())
    chosen = [found[name] for name in setting["sources"]]
    names = {found[name].name: name for name in setting["sources"]}
    seeds = tuple(setting["seeds"])
    ways: dict[str, dict[str, Way]] = {}
    with _workplace() as work:
        for name in setting["targets"]:
            ways[name] = _one_target(TARGETS[name](data), chosen, seeds, work / name, FeatureCache(work / "features"))
            print(name, ways[name], flush=True)
    gaps = np.array([100 * (w["exhaustive"].accuracy - w["planner"].accuracy) for w in ways.values()])
    defaults = np.array([100 * (w["planner"].accuracy - w["default"].accuracy) for w in ways.values()])
    shares = [w["planner"].seconds / w["exhaustive"].seconds for w in ways.values()]
    seconds = {way: sum(w[way].seconds for w in ways.values()) for way in next(iter(ways.values()))}
    figures = {
        "accuracy_gap": float(gaps.mean()),
        "accuracy_gap_worst": float(gaps.max()),
        "compute_share": seconds["planner"] / seconds["exhaustive"],
        "compute_share_worst": max(shares),
        "compute_share_one_baseline": seconds["planner"] / seconds["exhaustive, one baseline"],
        "gain_over_default": float(defaults.mean()),
        "gain_over_default_worst": float(defaults.min()),
        "compute_of_default": seconds["default"] / seconds["exhaustive"],
        "n_targets": len(ways),
    }
    details = {
        target: {
            way: {
                "arm": _readable(found_way.arm, names),
                "method": found_way.method,
                "seconds": round(found_way.seconds, 2),
                "accuracy": round(100 * found_way.accuracy, 2),
            }
            for way, found_way in several.items()
        }
        for target, several in ways.items()
    }
    return Outcome(figures, details, seeds)


def _one_target(
    target: Target, chosen: list[Source], seeds: tuple[int, ...], folder: Path, cache: FeatureCache
) -> dict[str, Way]:
    request = Request(sources=tuple(chosen), target=target, cache=cache, seeds=len(seeds), seed=seeds[0])
    folds = request.settings().folds
    test = target.test.open("the bench of the planner")
    with Journal.open(folder, {"target": target.fingerprint, "sources": [source.name for source in chosen]}) as journal:
        trials = Trials(target, journal, request.allowance(), cache)
        ranking = rank_sources(chosen, target, request.run(request.allowance()))
        usable, _ = ranking.sorted(chosen)
        everything = with_baselines([(m, frozenset(), (s,)) for m in (LinearProbe(), Full()) for s in usable])

        every = _tried(trials, [arm for arm in everything if arm.baseline is not None], folds)
        best = every.in_order([arm for arm in everything if arm.baseline is not None])[0]
        tuned = _tried(trials, [arm for arm in everything if arm.baseline is None], folds)
        price = _prices(every, tuned, everything)
        searched = sum(price[arm.name] * len(several.all(arm)) for arm in everything for several in (every, tuned))
        others = {arm.name for arm in everything if arm.baseline is None} - {best.baseline}
        spared = sum(price[name] * sum(map(len, tuned.results[name].values())) for name in others)

        allowance = Allowance(request.budget)  # its clock starts now; what the passes above took is in the ranking
        made = make_plan(request, ranking, allowance)
        tried = Tried()
        select(made.arms, trials, made.costs, request.settings(), tried)
        picked = tried.in_order([arm for arm in made.arms if arm.baseline is not None])[0]
        price |= _prices(tried, Tried(), made.arms)
        spent = (
            ranking.seconds + made.plan.spent + sum(price.get(arm.name, 0.0) * len(tried.all(arm)) for arm in made.arms)
        )

        largest = max(usable, key=lambda source: source.card().parameters or 0)
        plain = next(arm for arm in everything if arm.sources == (largest,) and isinstance(arm.method, Full))
        ends = {
            "exhaustive": (best, final_method(best, every), searched),
            "exhaustive, one baseline": (best, final_method(best, every), searched - spared),
            "planner": (picked, final_method(picked, tried), spent),
            "default": (plain, Full(), 0.0),
        }
        ways = {}
        for way, (arm, method, seconds) in ends.items():
            assert method is not None
            fits = [Fit(arm, method, "prove", seed) for seed in seeds]
            accuracies, fitted = [], 0.0
            for fit, result in trials.run(fits):
                assert result is not None
                fitted += result.seconds
                predictions = journal.predictor(trials.key(fit)).predict(test.items)
                accuracies.append(target.task.metric.value(predictions, test.labels or ()))
            ways[way] = Way(arm.name, str(method), seconds or fitted / len(fits), float(np.mean(accuracies)))
    return ways


def _tried(trials: Trials, arms: list[Arm], folds: tuple[int, ...]) -> Tried:
    """Every arm at every setting on every fold."""
    tried = Tried()
    wanted: list[tuple[Arm, Method, int]] = [(a, m, fold) for fold in folds for a in arms for m in a.candidates()]
    for fit, result in trials.run(Fit(arm, method, "try", fold) for arm, method, fold in wanted):
        assert result is not None
        tried.add(fit.arm, fit.method, result, fit.seed)
    return tried


def _prices(one: Tried, other: Tried, arms: Sequence[Arm]) -> dict[str, float]:
    """Arm -> median seconds of its fits on a fold: they differ by what else the machine did, and by little else."""
    fits = {arm.name: [r.seconds for r in (*one.all(arm), *other.all(arm))] for arm in arms}
    return {name: float(np.median(seconds)) for name, seconds in fits.items() if seconds}


def _readable(arm: str, names: dict[str, str]) -> str:
    """The arm without the paths of this machine."""
    for spelled, name in names.items():
        arm = arm.replace(spelled, name)
    return arm


@contextmanager
def _workplace() -> Iterator[Path]:
    if WORK in os.environ:
        yield Path(os.environ[WORK])
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
