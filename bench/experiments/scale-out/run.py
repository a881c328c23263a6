"""scale-out: trials a minute in this process and on one and two workers of a local Ray; and that the study stays the same.

Throughput: rounds of equal trials, the ways in turn, on workers that are warm. The study: `compare` here, on Ray, and on Ray
with a worker killed while it fits; the tables of gains are compared number by number.
"""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

import transferkit as tk
from bench.experiment import Outcome
from transferkit.artifact.journal import Journal
from transferkit.core.budget import Budget
from transferkit.core.run import NoCache
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm
from transferkit.planner.executor.contract import Executor
from transferkit.planner.executor.here import Here
from transferkit.planner.executor.on_ray import OnRay
from transferkit.planner.study import Study
from transferkit.planner.trials import Fit, Trials

WORKERS = (1, 2)


def run(setting: dict[str, Any], data: Path) -> Outcome:
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # nobody but us reaches a Ray of this machine
    os.environ.setdefault(
        "RAY_worker_niceness", "0"
    )  # Ray gives its workers 15: beside other work they would wait longer
    target = digits(setting["labels_per_class"], setting["test_items"])
    minutes, alone, starts = throughput(setting, target)
    per_minute = {way: setting["trials"] / statistics.median(seconds) * 60 for way, seconds in minutes.items()}
    overhead = statistics.median(
        (seconds - sum(fits)) / len(fits) for seconds, fits in zip(minutes["ray_1"], alone, strict=True)
    )
    here, here_seconds = studied(setting, target, None)
    ray, ray_seconds = studied(setting, target, "ray")
    with killing_a_worker() as killed:
        after_loss, after_loss_seconds = studied(setting, target, "ray")
    figures = {
        **{f"trials_per_minute_{way}": value for way, value in per_minute.items()},
        "speedup_2_workers": per_minute["ray_2"] / per_minute["ray_1"],
        "speedup_over_here": per_minute["ray_2"] / per_minute["here"],
        "overhead_seconds_a_trial": overhead,
        "start_seconds": statistics.median(starts),
        "identical_gains": table(ray) == table(here),
        "workers_killed": len(killed),
        "identical_gains_after_loss": bool(killed) and table(after_loss) == table(here),
    }
    details = {
        "round_seconds": minutes,
        "fit_seconds_on_one_worker": alone,
        "study_seconds": {"here": here_seconds, "ray": ray_seconds, "ray_with_a_loss": after_loss_seconds},
        "gains": table(here),
        "notes_after_loss": list(after_loss.summary.notes),
        "threads_here": torch.get_num_threads(),
        "load_before": os.getloadavg()[0],
        "notes": [
            "medians over rounds; the ways take turns",
            "a worker computes with one thread, this process with all it has; all have the same priority",
            "overhead: a round on one worker, a trial, less what the fit itself took there",
        ],
    }
    return Outcome(figures, details, tuple(range(setting["n_seeds"])))


def digits(per_class: int, n_test: int) -> Target:
    """Handwritten digits: so many labels a class, so many in the test."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pictures, labels = (found.images * 15.9).astype(np.uint8), found.target.astype(str)
    order = np.random.default_rng(0).permutation(len(labels))
    opened = np.concatenate([order[labels[order] == digit][:per_class] for digit in sorted(set(labels))])
    sealed = np.setdiff1d(order, opened, assume_unique=True)[:n_test]
    return Target.of(
        pictures[opened], labels[opened].tolist(), test=(pictures[sealed], labels[sealed].tolist()), name="digits"
    )


def throughput(
    setting: dict[str, Any], target: Target
) -> tuple[dict[str, list[float]], list[list[float]], list[float]]:
    """Way -> seconds of each round; of the rounds on one worker, seconds of each fit; seconds that each Ray took to start."""
    rounds: dict[str, list[float]] = {"here": [], **{f"ray_{n}": [] for n in WORKERS}}
    fits: list[list[float]] = []
    starts: list[float] = []
    for turn in range(setting["rounds"]):
        seeds = range(turn * setting["trials"], (turn + 1) * setting["trials"])
        rounds["here"].append(timed(Here(), setting, target, seeds)[0])
        for n in WORKERS:
            begun = time.perf_counter()
            with OnRay(workers=n) as executor:
                starts.append(time.perf_counter() - begun)
                timed(executor, setting, target, range(10_000, 10_000 + 2 * n))  # warm
                seconds, inside = timed(executor, setting, target, seeds)
            rounds[f"ray_{n}"].append(seconds)
            fits += [inside] if n == 1 else []
    return rounds, fits, starts


def timed(executor: Executor, setting: dict[str, Any], target: Target, seeds: range) -> tuple[float, list[float]]:
    """Seconds of all trials together, and of each."""
    method, source = read_method(setting["method"]), Source(setting["source"])
    arm = Arm("full", method, (source,))
    with tempfile.TemporaryDirectory() as folder, Journal.open(Path(folder) / "run", {}) as journal:
        trials = Trials(target, journal, Allowance(Budget()), NoCache(), executor=executor)
        trials.key(Fit(arm, method, "try", 0))  # the fingerprint of the source is asked for once
        begun = time.perf_counter()
        results = [result for _, result in trials.run(Fit(arm, method, "try", seed) for seed in seeds)]
        seconds = time.perf_counter() - begun
    return seconds, [result.seconds for result in results if result is not None]


def studied(setting: dict[str, Any], target: Target, on: str | None) -> tuple[Study, float]:
    """A study, and what it took."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        study = tk.compare(
            [setting["source"]],
            target,
            setting["methods"],
            seeds=setting["n_seeds"],
            on=on,
            label_curve=False,
            cache=FeatureCache(folder),
        )
    return study, time.perf_counter() - begun


def table(study: Study) -> list[list[Any]]:
    """Every arm's numbers, none rounded."""
    return [
        [arm.name, arm.method, arm.validation, arm.test]
        + ([] if arm.gain is None else [arm.gain.mean, arm.gain.low, arm.gain.high, arm.verdict])
        for arm in study.summary.arms
    ]


@contextmanager
def killing_a_worker() -> Iterator[list[int]]:
    """Kill one of Ray's workers of ours a moment after the first trial has begun; gives those that were killed."""
    killed: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            for pid in fitting():
                time.sleep(0.1)
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def fitting() -> list[int]:
    """Ray's workers of ours that fit at this moment."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended while it was looked at
            if "ray::_fit" in " ".join(child.cmdline()):
                found.append(child.pid)
    return found
