"""On a GPU: the MMD loss, forwards and backwards, fused against tiled, and fused as a share of the roofline.

    python -m bench run mmd/gpu                              where transferkit is installed; keeps a result
    PYTHONPATH=src python -m bench.experiments.mmd.gpu       from a bare checkout with torch and Triton; prints, keeps nothing

The roofline of N = 2 n items of d columns in float32 is the longer of two times, whose rates are measured in the same run:

    products   4 N^2 d operations: of each pair the product once forwards (N^2 d), once again backwards (N^2 d), and its pull
               on either item (2 N^2 d); by the rate of a matrix product of 8192^3 in float32, without TF32
    traffic    12 N d bytes: the items read forwards and backwards, their gradients written; by the rate of a copy of 1 GiB

Both ways are `mmd` as it is called, bandwidths chosen by the mean rule; times are medians of rounds, the ways in turn. Beside
them what the two kernels alone take, launched without all that is around them. Differences are from the tiled value and
gradient in float64, relative, the gradient's to its largest entry. Memory: the most allocated beyond the two samples.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import time
import tomllib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from bench.experiment import Outcome
from transferkit.core.errors import Failed, TransferkitError
from transferkit.ops.discrepancies import fused_sums, kernel_sums
from transferkit.ops.discrepancies.bandwidths import mean_bandwidths
from transferkit.ops.discrepancies.kernels import Gaussian
from transferkit.ops.discrepancies.mmd import mmd

LEAST_SECONDS = 0.05
"""Of one timing: small calls are repeated to it."""
DEVICE = torch.device("cuda", 0)


def measured(setting: dict[str, Any]) -> Outcome:
    """Every size of the setting, on the first GPU."""
    if not torch.cuda.is_available():
        raise Failed("the setting mmd/gpu needs a GPU; torch sees none here")
    torch.set_float32_matmul_precision("highest")
    rates = {"operations_a_second": _operations_a_second(), "bytes_a_second": _bytes_a_second()}
    figures: dict[str, float] = {
        "teraflops_of_products": rates["operations_a_second"] / 1e12,
        "terabytes_a_second_of_copies": rates["bytes_a_second"] / 1e12,
    }
    details: dict[str, Any] = {"name": torch.cuda.get_device_name(DEVICE), "cuda": torch.version.cuda, **rates}
    for n, d in setting["sizes"]:
        found = _of_size(n, d, setting["rounds"], **rates)
        details[f"{n}-{d}"] = found
        shown = ("milliseconds", "time_ratio_tiled", "share_of_roofline", "kernels_share_of_roofline", "difference")
        figures |= {f"{name}_{n}_{d}": found[name] for name in shown}
    return Outcome(figures, details)


def _of_size(n: int, d: int, rounds: int, operations_a_second: float, bytes_a_second: float) -> dict[str, Any]:
    """Both ways on n items of d columns each."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(n, d, generator=draw).to(DEVICE).requires_grad_()
    y = torch.randn(n, d, generator=draw).mul_(1.2).add_(0.3).to(DEVICE).requires_grad_()
    kernel = Gaussian(mean_bandwidths(x, y))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            served = fused_sums.serves(x, y, kernel, kernel_sums.reference)
        except RuntimeWarning as reason:
            raise Failed(str(reason)) from None
    if not served:
        raise Failed("the fused kernels need Triton, which cannot be imported here")
    times: dict[str, list[float]] = {"fused": [], "tiled": [], "kernels": []}
    ways = {"fused": lambda: _call(x, y), "tiled": lambda: _call(x, y), "kernels": _kernels_alone(x, y, kernel)}
    megabytes = {}
    for way, function in ways.items():
        with _tiled() if way == "tiled" else contextlib.nullcontext():
            megabytes[way] = _peak_megabytes(x, y, function)  # compiles and warms up, too
    for _ in range(rounds):
        for way, function in ways.items():
            with _tiled() if way == "tiled" else contextlib.nullcontext():
                times[way].append(_seconds(function))
    seconds = {way: statistics.median(each) for way, each in times.items()}
    operations, traffic = 4 * (2 * n) ** 2 * d, 12 * 2 * n * d
    roofline = max(operations / operations_a_second, traffic / bytes_a_second)
    ratios = [tiled / fused for tiled, fused in zip(times["tiled"], times["fused"], strict=True)]
    return {
        "milliseconds": 1e3 * seconds["fused"],
        "milliseconds_tiled": 1e3 * seconds["tiled"],
        "milliseconds_kernels": 1e3 * seconds["kernels"],
        "milliseconds_roofline": 1e3 * roofline,
        "time_ratio_tiled": statistics.median(ratios),
        "share_of_roofline": roofline / seconds["fused"],
        "share_of_roofline_tiled": roofline / seconds["tiled"],
        "kernels_share_of_roofline": roofline / seconds["kernels"],
        "megabytes": megabytes,
        "rounds_seconds": times,
        **_differences(x, y),
    }


def _call(x: torch.Tensor, y: torch.Tensor) -> float:
    """The value, forwards and backwards."""
    x.grad = y.grad = None
    value = mmd(x, y)
    value.backward()  # type: ignore[no-untyped-call]
    return float(value.detach())


def _kernels_alone(x: torch.Tensor, y: torch.Tensor, kernel: Gaussian) -> Callable[[], object]:
    """The two kernels with the coefficients of the biased estimator."""
    sides = torch.zeros((2 * len(x), 1), device=DEVICE)
    sides[: len(x)], sides[len(x) :] = 1 / len(x), -1 / len(y)
    launch, one = fused_sums.Launch(x.detach(), y.detach(), kernel, sides, sides), torch.ones((), device=DEVICE)
    return lambda: (launch.total(), launch.gradients(one))


def _differences(x: torch.Tensor, y: torch.Tensor) -> dict[str, float]:
    """Fused in float32 against tiled in float64, of as many items as that takes no minutes for."""
    own, other = (sample[:4096].detach().requires_grad_() for sample in (x, y))
    near, far = (sample.detach().double().requires_grad_() for sample in (own, other))
    values, slopes = (_call(own, other), _call(near, far)), (own.grad, near.grad)
    assert slopes[0] is not None
    assert slopes[1] is not None
    gradient = float((slopes[0] - slopes[1]).abs().max() / slopes[1].abs().max())
    return {"difference": abs(values[0] - values[1]) / abs(values[1]), "gradient_difference": gradient}


@contextlib.contextmanager
def _tiled() -> Iterator[None]:
    before = fused_sums.DEVICES
    fused_sums.DEVICES = ()  # type: ignore[assignment]
    try:
        yield
    finally:
        fused_sums.DEVICES = before


def _seconds(function: Callable[[], object]) -> float:
    """Of one call, as the mean of as many as fill LEAST_SECONDS."""
    calls = 1
    while True:
        torch.cuda.synchronize(DEVICE)
        start = time.perf_counter()
        for _ in range(calls):
            function()
        torch.cuda.synchronize(DEVICE)
        spent = time.perf_counter() - start
        if spent >= LEAST_SECONDS:
            return spent / calls
        calls = max(2 * calls, int(1.2 * calls * LEAST_SECONDS / spent))


def _peak_megabytes(x: torch.Tensor, y: torch.Tensor, function: Callable[[], object]) -> float:
    """The most allocated beyond the samples, gradients included."""
    function()
    x.grad = y.grad = None
    torch.cuda.synchronize(DEVICE)
    torch.cuda.reset_peak_memory_stats(DEVICE)
    before = torch.cuda.memory_allocated(DEVICE)
    function()
    torch.cuda.synchronize(DEVICE)
    return (torch.cuda.max_memory_allocated(DEVICE) - before) / 1e6


def _operations_a_second(side: int = 8192) -> float:
    one, other = torch.randn(2, side, side, device=DEVICE)
    return 2 * side**3 / min(_seconds(lambda: one @ other) for _ in range(5))


def _bytes_a_second(n_bytes: int = 2**30) -> float:
    one = torch.randn(n_bytes // 4, device=DEVICE)
    other = torch.empty_like(one)
    return 2 * n_bytes / min(_seconds(lambda: other.copy_(one)) for _ in range(5))


def main() -> int:
    """Print what `bench run mmd/gpu` would keep."""
    setting = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    try:
        outcome = measured(setting)
    except TransferkitError as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return reason.exit_code
    print(json.dumps({"figures": dict(outcome.figures), "details": dict(outcome.details)}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
