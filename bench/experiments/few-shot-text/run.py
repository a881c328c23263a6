"""few-shot-text: a few labelled texts a class, the same sentence encoder, and four ways to learn from them.

What `transfer` proposes (ours; its budget is a share of the time that SetFit took for the same texts), a linear probe on the
frozen encoder, plain fine-tuning of the whole encoder, and the released SetFit with its own settings (with 64 labels a class it
trains in bfloat16, as ours does). Labels are drawn anew for each seed; the test texts of a set are always the same. A gap is
ours less SetFit's accuracy in points, paired over seeds and texts.

`transfer` goes on to prove its proposal against training from scratch, which SetFit has nothing like. That proof is no part of
this comparison; where trials decide, the scratch that is tried beside them is a short one here (`scratch` in the setting). All
else that a way needs is in its seconds: loading the encoder, choosing, training, predicting the test texts. They are seconds
of the processor, which other work on the machine changes little; those on the clock stand beside them. The encoder reads
English: on the two Chinese sets it knows little more than single characters, for all four alike. Hotel reviews are the longest
texts: at 64 labels SetFit takes half an hour for one draw of them, so there all four see the first `characters` of each.

Plain fine-tuning is beside ours on the first `full_seeds` seeds; settings `*-full` have it, and not ours, on all of them.

Seed after seed, each on every set. A cell that is done is kept beside other temporary files, so that a run of the same commit
that was cut goes on; no cell is begun after `minutes`, and the result then says how many seeds each set has. What SetFit said
of a draw, and its seconds, is kept for all commits: at 64 labels it takes hours, and no change of ours changes it. Several runs
of one setting share the work; the last to end has the result.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
import torch
from threadpoolctl import threadpool_limits

from bench.circumstances import commit
from bench.experiment import Outcome
from bench.peers import Peers
from transferkit.artifact.journal import Journal
from transferkit.core.budget import Budget
from transferkit.core.errors import Failed
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.gain import paired_gain
from transferkit.planner.conduct import _begun
from transferkit.planner.executor.named import executor_named
from transferkit.planner.request import Request
from transferkit.planner.study import decide
from transferkit.planner.wishes import Wishes

WAYS = ("setfit", "ours", "probe", "full")
JUDGED = ("ours", "full")
"""Which of the ways a setting has is set against SetFit: the first that every cell has."""
CLOCKS = ("processor_seconds", "seconds")
REPOSITORY = Path(__file__).parents[3]
OF_SETFIT = ("labels", "n_test", "characters", "setfit", "setfit_bfloat16", "threads")
"""Settings that its answers depend on."""


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
            kept, answers = Kept(setting), Answers(setting, versions)
            end = time.monotonic() + 60 * setting["minutes"]
            cut = setting.get("characters")
            sets = {name: texts.read(name, data, setting["n_test"], cut) for name in setting["sets"]}
            for seed, name in itertools.product(range(setting["n_seeds"]), sets):
                if not kept.has(name, seed) and time.monotonic() < end and kept.claim(name, seed):
                    few = sets[name].few(setting["labels"], seed)
                    asked = partial(answers.asked, peers.ask, name)
                    kept.add(name, seed, cell(source, few, sets[name].test, seed, setting, asked))
    finally:
        torch.set_num_threads(before)
    if kept.others_at_work():
        raise Failed("another run of this setting is still at work; it, or one after it, has the result")
    cells = kept.cells
    rows = [row(cells, name) for name in setting["sets"] if any(one["set"] == name for one in cells)]
    worst = min(rows, key=lambda one: one["gap"])
    everywhere = in_every(cells)
    judged = judged_of(everywhere)
    spent = {clock: {way: _sum(cells, way, clock) for way in WAYS} for clock in CLOCKS}
    return Outcome(
        figures={
            "worst_gap_to_setfit": worst["gap"],
            "worst_gap_high": worst["gap_high"],
            "below_setfit": sum(one["gap_high"] < 0 for one in rows),
            "mean_gap_to_setfit": round(float(np.mean([one["gap"] for one in rows])), 2),
            "time_ratio_setfit": round(spent[CLOCKS[0]][judged] / spent[CLOCKS[0]]["setfit"], 3),
            "clock_ratio_setfit": round(spent[CLOCKS[1]][judged] / spent[CLOCKS[1]]["setfit"], 3),
            "sets": len(rows),
            "cells": len(cells),
            **{f"{way}_accuracy": round(float(np.mean([one[way] for one in rows])), 2) for way in everywhere},
            **_full(rows),
        },
        details={"rows": rows, "seconds": spent, "cells": [_short(cell) for cell in cells], "versions": versions},
        seeds=tuple(sorted({one["seed"] for one in cells})),
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
    asked["bfloat16"] = setting.get("setfit_bfloat16", False)
    theirs = ask(asked)
    found = {"setfit": _judged(np.array(theirs["predictions"]), answers) | {c: theirs[c] for c in CLOCKS}}
    budget = max(setting.get("least_seconds", 0.0), setting.get("budget_share", 0.0) * theirs["processor_seconds"])
    for way in setting.get("ways", WAYS[1:]):
        if way != "full" or seed < setting["full_seeds"]:
            found[way] = _timed(way, source, (few, test), seed, budget, setting)
    return {"ways": found, "budget": round(budget, 1), "setfit_steps": theirs["steps"]}


def _timed(
    way: str,
    source: Source,
    drawn: tuple[Sequence[tuple[str, int]], Sequence[tuple[str, int]]],
    seed: int,
    budget: float,
    setting: dict[str, Any],
) -> dict[str, Any]:
    begun, spent = time.perf_counter(), time.process_time()
    few, test = drawn
    texts, labels = [text for text, _ in few], [str(label) for _, label in few]
    sealed = [text for text, _ in test], [str(label) for _, label in test]
    target = Target.of(texts, labels, test=sealed, name="few", modality="text")
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(folder)
        if way == "ours":
            predictor, chosen = proposed(source, target, budget, setting["scratch"], seed, Path(folder))
        else:
            method = read_method(setting[way])
            predictor, chosen = method.fit((source,), target.whole(), Run(seed, cache=cache)), way
        predictions = np.array([int(label) for label in predictor.predict(sealed[0]).labels])
    answers = np.array([label for _, label in test])
    times = {"seconds": time.perf_counter() - begun, "processor_seconds": time.process_time() - spent}
    return _judged(predictions, answers) | times | {"arm": chosen}


def proposed(
    source: Source, target: Target, budget: float, scratch: str, seed: int, folder: Path
) -> tuple[Predictor, str]:
    """What `transfer` proposes before it proves it: the method it chose, fitted to all labels, and its spelling."""
    with patch.object(time, "monotonic", time.process_time):  # the budget is seconds of the processor, as theirs are
        return _proposed(source, target, budget, scratch, seed, folder)


def _proposed(
    source: Source, target: Target, budget: float, scratch: str, seed: int, folder: Path
) -> tuple[Predictor, str]:
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
        decide(findings, only_first=True)
        claim, trials = findings.claims[0], findings.trials
        result = trials.prove(claim.arm, claim.method, seed, deadline=None)
        if result.status == "failed":
            raise Failed(f"{claim.arm.name} could not be fitted to all labels: {result.message}")
        predictor = trials.journal.predictor(trials.proof_key(claim.arm, claim.method, seed))
    return predictor, str(claim.method)


def _judged(predictions: np.ndarray, answers: np.ndarray) -> dict[str, Any]:
    return {"right": (predictions == answers).astype(int).tolist()}


def in_every(cells: Sequence[dict[str, Any]]) -> list[str]:
    """The ways that every cell has."""
    return [way for way in WAYS if all(way in one["ways"] for one in cells)]


def judged_of(ways: Sequence[str]) -> str:
    """The way that is set against SetFit."""
    return next(way for way in JUDGED if way in ways)


def row(cells: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """Accuracies on one set, in points, and the gap with its interval; plain fine-tuning against SetFit on the seeds it has."""
    everywhere = in_every(cells)
    judged = judged_of(everywhere)
    chosen = [one["ways"] for one in cells if one["set"] == name]
    tables = {
        way: np.array([ways[way]["right"] for ways in chosen], dtype=float) for way in everywhere
    }  # (seeds, texts)
    gap = paired_gain(tables[judged], tables["setfit"])
    trained = [100 * (np.mean(w["full"]["right"]) - np.mean(w["setfit"]["right"])) for w in chosen if "full" in w]
    arms: dict[str, int] = defaultdict(int)
    for ways in chosen:
        arms[ways[judged]["arm"]] += 1
    return {
        "set": name,
        "seeds": len(chosen),
        **{way: round(100 * float(table.mean()), 2) for way, table in tables.items()},
        "gap": round(100 * gap.mean, 2),
        "gap_low": round(100 * gap.low, 2),
        "gap_high": round(100 * gap.high, 2),
        "full_seeds": len(trained),
        **({"full_gap": round(float(np.mean(trained)), 2)} if trained else {}),
        "arms": dict(arms),
    }


def beside_temporary_files(what: str, facts: Mapping[str, Any]) -> Path:
    """The file of lines that is kept for these facts, without a last one that a killed run has cut."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / "transferkit-bench" / f"{what}-{digest}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    *whole, cut = path.read_text(encoding="utf-8").split("\n")
    if cut:  # else it is left alone: another run may be writing
        path.write_text("".join(f"{line}\n" for line in whole), encoding="utf-8")
    return path


class Answers:
    """What SetFit said: of every draw it was ever asked about with these settings of its own."""

    def __init__(self, setting: Mapping[str, Any], versions: Mapping[str, str]) -> None:
        own = {key: setting.get(key) for key in OF_SETFIT}
        self.path = beside_temporary_files("few-shot-text-setfit", own | {"versions": versions})

    def asked(
        self, ask: Callable[[dict[str, Any]], dict[str, Any]], name: str, question: dict[str, Any]
    ) -> dict[str, Any]:
        """Its answer, kept or new."""
        for known in map(json.loads, self.path.read_text(encoding="utf-8").splitlines()):
            if (known["set"], known["seed"]) == (name, question["seed"]):
                return {key: value for key, value in known.items() if key not in ("set", "seed")}
        answer = ask(question)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"set": name, "seed": question["seed"]} | answer) + "\n")
        return answer


class Kept:
    """The cells of one setting and commit that are done, in a file that a killed run leaves whole but for its last line."""

    def __init__(self, setting: Mapping[str, Any]) -> None:
        same = {key: value for key, value in setting.items() if key not in ("minutes", "goals")}
        self.path = beside_temporary_files("few-shot-text", same | {"commit": commit(REPOSITORY)["id"]})

    @property
    def cells(self) -> list[dict[str, Any]]:
        """All there are now: several runs of one setting may share the work."""
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def has(self, name: str, seed: int) -> bool:
        """Whether this cell is there."""
        return any((one["set"], one["seed"]) == (name, seed) for one in self.cells)

    def claim(self, name: str, seed: int) -> bool:
        """Whether this process may do the cell: no other that is alive has begun it."""
        claims = self.path.with_suffix(".claims")
        claims.mkdir(exist_ok=True)
        begun = claims / f"{name}-{seed}"
        try:
            with begun.open("x", encoding="utf-8") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            if _is_alive(begun):
                return False
            begun.write_text(str(os.getpid()), encoding="utf-8")
        return True

    def others_at_work(self) -> bool:
        """Whether another process has begun a cell that is not there yet."""
        done = {f"{one['set']}-{one['seed']}" for one in self.cells}
        return any(_is_alive(one) for one in self.path.with_suffix(".claims").glob("*") if one.name not in done)

    def add(self, name: str, seed: int, found: dict[str, Any]) -> None:
        """Keep one more."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"set": name, "seed": seed} | found) + "\n")


def _is_alive(claim: Path) -> bool:
    """Whether another process wrote it and is there; an empty claim is being written."""
    written = claim.read_text(encoding="utf-8")
    return not written or (int(written) != os.getpid() and psutil.pid_exists(int(written)))


def _full(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Plain fine-tuning less SetFit, on the seeds it has: fewer than the others, so that its accuracies do not compare."""
    gaps = [one["full_gap"] for one in rows if "full_gap" in one]
    return {"full_gap_to_setfit": round(float(np.mean(gaps)), 2)} if gaps else {}


def _sum(cells: Sequence[dict[str, Any]], way: str, clock: str) -> float:
    return round(sum(one["ways"][way][clock] for one in cells if way in one["ways"]), 1)


def _short(one: dict[str, Any]) -> dict[str, Any]:
    ways = {
        way: {"accuracy": round(100 * float(np.mean(found["right"])), 2), "arm": found.get("arm", "")}
        | {clock: round(found[clock], 1) for clock in CLOCKS}
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
