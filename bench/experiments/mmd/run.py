"""mmd: value, time and memory of the MMD loss, forwards and backwards, beside DeepDA's and TLlib's, each at its own bandwidths.

Samples are drawn: two clouds of n items and d columns, one shifted and wider. Times are of the processor, with one thread, as
medians of several calls, the ways in turn; ratios are medians over the rounds. Memory is the most that tensors took at a time
beyond the two samples, gradients included, as torch's allocator tells; in the large setting, which no peer can be run at, it is
how far the process grew. On a GPU: `gpu.py`.
"""

from __future__ import annotations

import contextlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.experiment import Outcome
from bench.experiments.mmd import gpu
from bench.peers import Peers
from transferkit.core.errors import Failed
from transferkit.ops.discrepancies.bandwidths import mean_square_distance
from transferkit.ops.discrepancies.mmd import mmd

HERE = Path(__file__).parent


def deepda(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """DeepDA's formula: 2 s^2 = 1/4 ... 4 of the mean over pairs of different items, which is our default; biased."""
    return mmd(x, y, estimator="biased")


def tllib(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """TLlib's: s^2 = 1/8 ... 2 of the mean over all pairs, an item with itself included; unbiased plus 2 / (n - 1)."""
    total = len(x) + len(y)
    scale = mean_square_distance(x, y) * (total - 1) / total
    widths = [math.sqrt(2.0**k * scale) for k in range(-3, 2)]
    return mmd(x, y, bandwidths=widths) + 2 / (len(x) - 1)


OURS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {"deepda": deepda, "tllib": tllib}


def run(setting: dict[str, Any], data: Path) -> Outcome:
    if setting.get("gpu"):
        return gpu.measured(setting)
    n, d = setting["n"], setting["d"]
    details: dict[str, Any] = {"n": n, "d": d, "left_out": setting.get("left_out", {})}
    if setting.get("alone"):
        return _alone(setting, details)
    with tempfile.TemporaryDirectory(prefix="transferkit-bench-") as folder, _one_thread():
        x, y = samples(n, d)
        paths = {"x": str(Path(folder) / "x.npy"), "y": str(Path(folder) / "y.npy")}
        np.save(paths["x"], x.detach().numpy())
        np.save(paths["y"], y.detach().numpy())
        figures: dict[str, float] = {}
        with Peers(HERE / "released.py", threads=1) as peers:
            details["peers"] = peers.introduction
            for name in (peer for peer in OURS if peer not in details["left_out"]):
                found = _beside(name, peers, paths, x, y, setting)
                details[name] = found
                figures |= {f"{key}_{name}": found[key] for key in ("time_ratio", "memory_ratio", "difference")}
                figures[f"{name}_milliseconds"] = found["peer_milliseconds"]
        found = details["ours"] = _ours(x, y, setting)
        figures |= {"milliseconds": found["milliseconds"], "megabytes": found["megabytes"]}
        figures["share_of_products_speed"] = found["share_of_products_speed"]
    return Outcome(figures, details)


def samples(n: int, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two clouds (n, d) whose gradients are wanted."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(n, d, generator=draw)
    y = torch.randn(n, d, generator=draw).mul_(1.2).add_(0.3)
    return x.requires_grad_(), y.requires_grad_()


def _beside(
    name: str, peers: Peers, paths: dict[str, str], x: torch.Tensor, y: torch.Tensor, setting: dict[str, Any]
) -> dict[str, Any]:
    """A peer and ours in turn, and how far they are apart in the end."""
    question = {"peer": name, **paths, "repeats": setting["repeats"]}
    told = peers.ask(question | {"gradient": True})
    mine = _measured(OURS[name], x, y, setting["ours_repeats"])
    gradient = torch.from_numpy(np.load(told["slope"]))
    assert x.grad is not None
    apart = float((x.grad - gradient).abs().max() / gradient.abs().max())
    rounds = []
    for _ in range(setting["rounds"]):
        theirs = peers.ask(question | {"gradient": False})["milliseconds"]
        rounds.append((theirs, _measured(OURS[name], x, y, setting["ours_repeats"])["milliseconds"]))
    megabytes = _peak_megabytes(lambda: _call(OURS[name], x, y))
    return {
        "value": told["value"],
        "ours": mine["value"],
        "difference": abs(told["value"] - mine["value"]),
        "gradient_difference_relative": apart,
        "rounds_milliseconds": rounds,
        "peer_milliseconds": statistics.median(theirs for theirs, _ in rounds),
        "time_ratio": statistics.median(theirs / ours for theirs, ours in rounds),
        "peer_megabytes": told["peak_megabytes"],
        "megabytes": megabytes,
        "memory_ratio": told["peak_megabytes"] / megabytes,
    }


def _ours(x: torch.Tensor, y: torch.Tensor, setting: dict[str, Any]) -> dict[str, float]:
    """Ours with its defaults, beside the two matrix products it cannot do without."""
    found, ratios = [], []
    both = torch.cat([x, y]).detach()
    for _ in range(setting["rounds"]):
        ours = _measured(mmd, x, y, setting["ours_repeats"])["milliseconds"]
        found.append(ours)
        ratios.append(_products(both, setting["ours_repeats"]) / ours)
    return {
        "milliseconds": statistics.median(found),
        "share_of_products_speed": statistics.median(ratios),
        "megabytes": _peak_megabytes(lambda: _call(mmd, x, y)),
    }


def _products(both: torch.Tensor, repeats: int) -> float:
    """Milliseconds of the processor for the Gram product of all items, and for its product with the items."""
    times = []
    for _ in range(repeats):
        spent = time.process_time()
        (both @ both.mT) @ both
        times.append(1e3 * (time.process_time() - spent))
    return statistics.median(times)


def _call(function: Callable[..., torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> float:
    """The value, forwards and backwards."""
    x.grad = y.grad = None
    value = function(x, y)
    value.backward()  # type: ignore[no-untyped-call]
    return float(value.detach())


def _measured(
    function: Callable[..., torch.Tensor], x: torch.Tensor, y: torch.Tensor, repeats: int
) -> dict[str, float]:
    times, value = [], math.nan
    for _ in range(repeats):
        spent = time.process_time()
        value = _call(function, x, y)
        times.append(1e3 * (time.process_time() - spent))
    return {"value": value, "milliseconds": statistics.median(times)}


def _peak_megabytes(function: Callable[[], Any]) -> float:
    """The most that tensors made by the function took at a time, as torch's allocator tells."""
    cpu = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=cpu, profile_memory=True) as profile:
        function()
    results = profile.profiler.kineto_results  # type: ignore[union-attr]
    changes = sorted((e.start_ns(), e.nbytes()) for e in results.events() if e.name() == "[memory]")
    return float(np.cumsum([size for _, size in changes]).max()) / 1e6


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _alone(setting: dict[str, Any], details: dict[str, Any]) -> Outcome:
    """Ours in a process of its own, whose growth is the memory it took."""
    words = [str(setting["n"]), str(setting["d"])]
    done = subprocess.run([sys.executable, str(HERE / "alone.py"), *words], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"the process failed: {done.stderr.strip().splitlines()[-1]}")
    said = json.loads(done.stdout.splitlines()[-1])
    figures = {
        "gigabytes": said["grown_bytes"] / 1e9,
        "gigabytes_of_inputs": said["input_bytes"] / 1e9,
        "gigabytes_beyond_gradients": (said["grown_bytes"] - said["input_bytes"]) / 1e9,
        "seconds": said["processor_seconds"],
        "difference": said["difference"],
    }
    return Outcome(figures, details | {"process": said})
