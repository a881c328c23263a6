"""few-shot-text: a few labelled texts a class, the same sentence encoder, and four ways to learn from them.

What `transfer` proposes (ours, within a share of the time that SetFit took for the same texts), a linear probe on the
frozen encoder, plain fine-tuning of the whole encoder, and the released SetFit with its own settings. Labels are drawn anew for
each seed; the test texts of a set are always the same. A gap is ours less SetFit's accuracy in points, paired over seeds and
texts.

`transfer` goes on to prove its proposal against training from scratch; that proof is no part of this comparison, and the
scratch it tunes beside its proposal is a short one here (`scratch` in the setting). All else that a way needs is in its
seconds: loading the encoder, choosing, training, predicting the test texts. The encoder reads English: on the two Chinese sets
it knows little more than single characters, for all four alike.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from bench.experiment import Outcome
from bench.peers import Peers
from transferkit.artifact.journal import Journal
from transferkit.core.budget import Budget
from transferkit.core.errors import Failed
from transferkit.core.method import Method
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.gain import paired_gain
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.conduct import _begun
from transferkit.planner.executor.named import executor_named
from transferkit.planner.request import Request
from transferkit.planner.study import choose_and_refit
from transferkit.planner.wishes import Wishes

WAYS = ("ours", "setfit", "probe", "full")


def run(setting: dict[str, Any], data: Path) -> Outcome:
    texts = _beside("texts")
    threads = setting["threads"]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads), Peers(Path(__file__).with_name("released.py"), threads=threads) as peers:
            source = Source(f"sentence:{peers.introduction['encoder']}")
            source.network()(source.processor()(["libraries are imported before any clock runs, theirs too"]))
            versions = peers.introduction["versions"]
            cells = [
                {"set": name, "labels": labels, "seed": seed}
                | cell(source, few, test, seed, setting, lambda question: peers.ask(question))
                for name in setting["sets"]
                for whole in [texts.read(name, data, setting["n_test"])]
                for labels in setting["labels"]
                for seed in range(setting["n_seeds"])
                for few, test in [(whole.few(labels, seed), whole.test)]
            ]
    finally:
        torch.set_num_threads(before)
    rows = [row(cells, name, labels) for name in setting["sets"] for labels in setting["labels"]]
    worst = min(rows, key=lambda one: one["gap"])
    seconds = {way: {labels: _sum(cells, way, labels) for labels in setting["labels"]} for way in WAYS}
    return Outcome(
        figures={
            "worst_gap_to_setfit": worst["gap"],
            "worst_gap_high": worst["gap_high"],
            "below_setfit": sum(one["gap_high"] < 0 for one in rows),
            "mean_gap_to_setfit": round(float(np.mean([one["gap"] for one in rows])), 2),
            "time_ratio_setfit": round(sum(seconds["ours"].values()) / sum(seconds["setfit"].values()), 3),
            **{f"{way}_accuracy": round(float(np.mean([one[way] for one in rows])), 2) for way in WAYS},
        },
        details={"rows": rows, "seconds": seconds, "cells": [_short(cell) for cell in cells], "versions": versions},
        seeds=tuple(range(setting["n_seeds"])),
    )


def cell(
    source: Source,
    few: Sequence[tuple[str, int]],
    test: Sequence[tuple[str, int]],
    seed: int,
    setting: dict[str, Any],
    ask: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """One draw of labels: for each way, whether each test text was right, and the seconds."""
    questions, answers = [text for text, _ in test], np.array([label for _, label in test])
    asked = {"train": list(few), "test": questions, "seed": seed, "arguments": setting["setfit"]}
    theirs = ask(asked)
    found = {"setfit": _judged(np.array(theirs["predictions"]), answers, theirs["seconds"])}
    budget = max(setting["least_seconds"], setting["budget_share"] * theirs["seconds"])
    for way in WAYS:
        if way != "setfit":
            found[way] = _timed(way, source, (few, test), seed, budget, setting["scratch"])
    return {"ways": found, "budget": round(budget, 1), "setfit_steps": theirs["steps"]}


def _timed(
    way: str,
    source: Source,
    drawn: tuple[Sequence[tuple[str, int]], Sequence[tuple[str, int]]],
    seed: int,
    budget: float,
    scratch: str,
) -> dict[str, Any]:
    begun = time.perf_counter()
    few, test = drawn
    texts, labels = [text for text, _ in few], [str(label) for _, label in few]
    sealed = [text for text, _ in test], [str(label) for _, label in test]
    target = Target.of(texts, labels, test=sealed, name="few", modality="text")
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(folder)
        if way == "ours":
            predictor, chosen = proposed(source, target, budget, scratch, seed, Path(folder))
        else:
            method: Method = LinearProbe() if way == "probe" else Full()
            predictor, chosen = method.fit((source,), target.whole(), Run(seed, cache=cache)), way
        predictions = np.array([int(label) for label in predictor.predict(sealed[0]).labels])
    answers = np.array([label for _, label in test])
    return _judged(predictions, answers, time.perf_counter() - begun) | {"arm": chosen.partition(" < ")[0]}


def proposed(
    source: Source, target: Target, budget: float, scratch: str, seed: int, folder: Path
) -> tuple[Predictor, str]:
    """What `transfer` proposes before it proves it: the arm chosen on validation and fitted to all labels, and its name."""
    request = Request(
        sources=(source,),
        target=target,
        cache=FeatureCache(folder / "cache"),
        wishes=Wishes(add=(f"{scratch} < {source.name}",)),
        budget=Budget.parse(budget),
        seeds=1,
        seed=seed,
        label_curve=False,
        begun=time.monotonic(),
    )
    with executor_named(None, "cpu") as executor, Journal.open(folder / "study", request.identity()) as journal:
        findings = _begun(request, journal, executor)
        choose_and_refit(findings, only_first=True)
        name = findings.claims[0].arm.name
        predictor = findings.final_predictor(name)
    if predictor is None:
        raise Failed(f"{name} could not be fitted to all labels within {budget:.0f} s")
    return predictor, name


def _judged(predictions: np.ndarray, answers: np.ndarray, seconds: float) -> dict[str, Any]:
    return {"right": (predictions == answers).astype(float), "seconds": seconds}


def row(cells: Sequence[dict[str, Any]], name: str, labels: int) -> dict[str, Any]:
    """Accuracies of one set at so many labels, in points, and the gap with its interval."""
    chosen = [one["ways"] for one in cells if (one["set"], one["labels"]) == (name, labels)]
    tables = {way: np.stack([ways[way]["right"] for ways in chosen]) for way in WAYS}  # (seeds, texts)
    gap = paired_gain(tables["ours"], tables["setfit"])
    arms: dict[str, int] = defaultdict(int)
    for ways in chosen:
        arms[ways["ours"]["arm"]] += 1
    return {
        "set": name,
        "labels": labels,
        **{way: round(100 * float(table.mean()), 2) for way, table in tables.items()},
        "gap": round(100 * gap.mean, 2),
        "gap_low": round(100 * gap.low, 2),
        "gap_high": round(100 * gap.high, 2),
        "arms": dict(arms),
    }


def _sum(cells: Sequence[dict[str, Any]], way: str, labels: int) -> float:
    return round(sum(one["ways"][way]["seconds"] for one in cells if one["labels"] == labels), 1)


def _short(one: dict[str, Any]) -> dict[str, Any]:
    ways = {
        way: {"accuracy": round(100 * float(found["right"].mean()), 2), "seconds": round(found["seconds"], 1)}
        for way, found in one["ways"].items()
    }
    return {**one, "ways": ways}


def _beside(stem: str) -> ModuleType:
    """A module of this folder, whose name is no package's."""
    path = Path(__file__).with_name(f"{stem}.py")
    specification = importlib.util.spec_from_file_location(f"bench_few_shot_{stem}", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module
