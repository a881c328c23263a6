"""score-speed: every transferability score of ours, and each released implementation beside ours, in one run.

The released codes run in a process of their own (bench/peers.py, released.py here) on the same numbers. Each pair is timed in
turn, every second round backwards, ours from nothing: the checks, float64 and the decomposition included, although in a ranking
all scores share them. Both sides have the same number of threads. `*_speedup` is the median of the rounds' ratios in seconds on
the clock; `processor_speedup` is the same in seconds of the processor, which a busy machine disturbs less.

`wrong` in the details is a table of small cases in which a released value is checked against a definition or by brute force.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench.experiment import Outcome
from bench.peers import Peers
from bench.score_problems import Problem, brute_force_evidence, network_like
from transferkit.evaluate.scoring import score_of
from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.h_score import h_score
from transferkit.ops.scores.leep import leep
from transferkit.ops.scores.logme import logme
from transferkit.ops.scores.score import find_scores
from transferkit.ops.scores.transrate import transrate

LOGMES = ("logme", "logme_tllib", "logme_converged", "logme_exact", "logme_tllib_converged")
OURS = dict.fromkeys(LOGMES, "logme") | {"h_score_shrunk": "h_score"}
"""Peer's score -> our name, where they differ."""


def run(setting: dict[str, Any], data: Path) -> Outcome:
    threads = setting["threads"]
    problem = network_like(setting["n"], setting["d"], setting["classes"], setting["source_classes"])
    with (
        threadpool_limits(threads),
        Peers(Path(__file__).with_name("released.py"), threads=threads) as peers,
        tempfile.TemporaryDirectory() as folder,
    ):
        paths = problem.written(Path(folder))
        pairs = {name: compared(peers, name, problem, paths, rounds) for name, rounds in setting["rounds"].items()}
        together = all_scores(problem, setting["ours_left_out"])
        wrong = where_theirs_is_wrong(peers, Path(folder))
    return Outcome(
        figures={
            **{f"{name}_speedup": pair["speedup"] for name, pair in pairs.items()},
            **{f"{name}_difference": pair["difference"] for name, pair in pairs.items() if name in setting["same"]},
            **{
                f"{name}_processor_speedup": pairs[name]["processor_speedup"]
                for name in ("logme", "h_score")
                if name in pairs
            },
            "axes_seconds": together["axes"],
            "all_scores_seconds": sum(together.values()),
        },
        details={
            "pairs": pairs,
            "our_seconds_beside_shared_axes": together,
            "wrong": wrong,
            "released": peers.introduction,
            "threads": threads,
            "left_out": setting["left_out"],
            "notes": [
                "difference: ours less theirs; theirs times (n - 1) / n for the shrunk H-score, whose between-class "
                "covariance they divide by n - 1 and whose other one by n",
                "logme_tllib: its iteration stops early, so a difference above 0 is a larger evidence of ours; "
                "logme_tllib_converged is its code with that stop put off, and nothing else changed",
                "logme: it adds 1e-5 to the sums of squares its updates divide by, and so ends beside the maximum; "
                "logme_converged is its code with the stop put off, logme_exact moreover without the 1e-5",
                "nleep, sfda, knn, parc, transrate: definitions differ (see the docstrings of ops/scores); only times compare",
            ],
        },
    )


def compared(peers: Peers, name: str, problem: Problem, paths: dict[str, str], rounds: int) -> dict[str, Any]:
    """Times and values of one pair."""
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, Any]] = []
    own = OURS.get(name, name)
    for round_number in range(rounds):
        sides: list[Callable[[], None]] = [
            lambda: ours.append(timed(lambda: our_value(own, problem))),
            lambda: theirs.append(peers.ask({"score": name, **paths})),
        ]
        for side in sides if round_number % 2 == 0 else sides[::-1]:
            side()
    ratios = {
        unit: [b[unit] / a[unit] for a, b in zip(ours, theirs, strict=True)]
        for unit in ("seconds", "processor_seconds")
    }
    value, released = ours[-1]["value"], theirs[-1]["value"]
    if name == "h_score_shrunk":
        released *= (len(problem.labels) - 1) / len(problem.labels)
    return {
        "speedup": statistics.median(ratios["seconds"]),
        "processor_speedup": statistics.median(ratios["processor_seconds"]),
        "our_value": value,
        "released_value": released,
        "difference": released if isinstance(released, str) else value - released,
        "our_seconds": [round(a["seconds"], 4) for a in ours],
        "released_seconds": [round(b["seconds"], 4) for b in theirs],
    }


def our_value(name: str, problem: Problem) -> float:
    """A score of ours from nothing but arrays."""
    score = find_scores()[name]
    return float(score.function(*(given(problem, need) for need in score.needs)))


def given(problem: Problem, need: str) -> np.ndarray:
    if need == "axes":
        return problem.features
    return problem.outputs.argmax(axis=1) if need == "source_labels" else getattr(problem, need)


def timed(work: Callable[[], float]) -> dict[str, float]:
    start, spent = time.perf_counter(), time.process_time()
    value = work()
    return {
        "value": value,
        "seconds": time.perf_counter() - start,
        "processor_seconds": time.process_time() - spent,
    }


def all_scores(problem: Problem, left_out: dict[str, str]) -> dict[str, float]:
    """Seconds of the shared decomposition and of every score of ours on top of it, as a ranking computes them."""
    start = time.perf_counter()
    axes = PrincipalAxes.of(problem.features)
    _ = axes.coordinates
    seconds = {"axes": time.perf_counter() - start}
    for name in find_scores().keys() - left_out.keys():
        score = find_scores()[name]
        arguments = [axes if need == "axes" else given(problem, need) for need in score.needs]
        seconds[name] = timed(lambda score=score, arguments=arguments: float(score.function(*arguments)))["seconds"]
    return seconds


def where_theirs_is_wrong(peers: Peers, folder: Path) -> list[dict[str, Any]]:
    """Rows: the case, whose score, its value, the right value and how that is known, and ours."""
    rows = []

    def row(case: str, score: str, problem: Problem, right: float | None, known_by: str, ours: float) -> None:
        value = peers.ask({"score": score, **problem.written(folder)})["value"]
        rows.append(
            {"case": case, "score": score, "released": value, "right": right, "known_by": known_by, "ours": ours}
        )

    plain, few = network_like(300, 24, 5, 10), network_like(80, 400, 5, 10)
    mixed = plain.features @ np.random.default_rng(1).normal(size=(24, 96)).astype(np.float32)
    cases = {
        "n > d": plain,
        "n < d": few,
        "rank 24 of 96 columns": replace(plain, features=mixed),
        "500 columns of zeros added": replace(plain, features=np.pad(plain.features, ((0, 0), (0, 500)))),
        "features in a unit 1000 times as large": replace(plain, features=plain.features / 1000),
        "features in a unit 1000 times as small": replace(plain, features=plain.features * 1000),
    }
    for case, problem in cases.items():
        right = brute_force_evidence(problem.features.astype(np.float64), np.eye(5)[problem.labels])
        ours = logme(problem.features, problem.labels)
        for score in LOGMES:
            row(case, score, problem, right, "brute-force evidence", ours)
    numbers = replace(few, labels=few.features[:, :3].astype(np.float64) - few.features.mean())
    evidence = brute_force_evidence(few.features.astype(np.float64), numbers.labels)
    row(
        "n < d, numbers",
        "logme_numbers",
        numbers,
        evidence,
        "brute-force evidence",
        logme(few.features, numbers.labels),
    )

    noise = replace(few, labels=np.random.default_rng(2).permutation(few.labels))
    for case, problem in {"n < d": few, "n < d, labels shuffled": noise}.items():
        ours = h_score(problem.features, problem.labels)
        row(case, "h_score", problem, None, "always C - 1 = 4, shuffled or not", ours)
        row(
            case, "sfda", problem, None, "always 1, shuffled or not", score_of("sfda", problem.features, problem.labels)
        )
    of_rank = replace(plain, features=mixed.astype(np.float32))
    full_rank = traced(plain.features.astype(np.float64), plain.labels)
    known = "plain formula on the 24 columns the 96 are made of"
    row("rank 24 of 96 columns", "h_score", of_rank, full_rank, known, h_score(mixed, plain.labels))

    unused = replace(plain, outputs=np.pad(plain.outputs, ((0, 0), (0, 1))))
    right = leep(plain.outputs, plain.labels)
    row(
        "a source class without probability",
        "leep",
        unused,
        right,
        "without that class",
        leep(unused.outputs, plain.labels),
    )

    skewed = np.flatnonzero((plain.labels == 0) | (np.arange(300) % 10 == 0))
    rare = Problem(plain.features[skewed], plain.labels[skewed], plain.outputs[skewed])
    right = rate_reduction(rare.features.astype(np.float64), rare.labels)
    ours = transrate(rare.features, rare.labels)
    row("classes of unequal size", "transrate", rare, right, "the paper's formula, n_c / n", ours)
    first = peers.ask({"score": "nleep", **plain.written(folder)})["value"]
    ours = score_of("nleep", plain.features, plain.labels)
    row("asked a second time", "nleep", plain, first, "the first answer", ours)
    return rows


def traced(features: np.ndarray, labels: np.ndarray) -> float:
    """tr(S^-1 B) as it is written, for features (n, d) of full rank."""
    centred = features - features.mean(axis=0)
    means = np.stack([centred[labels == label].mean(axis=0) for label in labels])  # (n, d) each item's class mean
    return float(np.trace(np.linalg.solve(centred.T @ centred, means.T @ means)))


def rate_reduction(features: np.ndarray, labels: np.ndarray) -> float:
    """TransRate as it is written, distortion 1e-4, for features (n, d)."""
    centred = features - features.mean(axis=0)

    def rate(items: np.ndarray) -> float:
        products = np.eye(items.shape[1]) + items.T @ items / (len(items) * 1e-4)
        return 0.5 * float(np.linalg.slogdet(products)[1])

    within = sum(np.mean(labels == c) * rate(centred[labels == c]) for c in np.unique(labels))
    return rate(centred) - float(within)
