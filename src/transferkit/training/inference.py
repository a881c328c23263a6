"""The fastest faithful way to run a frozen network on this processor.

Three forms are known: float32 as it is, float32 with channels last, bfloat16 with channels last (plain bfloat16 where a network
takes no pictures). A small network runs as it is. For a larger one the forms this CPU multiplies natively are timed once on
the first items, and the fastest whose features stay true to float32 (mean relative distance at most `FIDELITY`) is kept; the
choice is remembered by the cache, so that the same machine gives the same numbers again.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from transferkit.core.network import Network, State, parts_of
from transferkit.core.run import Run
from transferkit.training.every_core import on_one_core

FORMS = ("float32", "float32_channels_last", "bfloat16_channels_last")
FIDELITY = 0.02
"""Largest mean relative distance of bfloat16 features from float32 ones; ordinary networks show 0.003 to 0.01."""
SMALL = 1_000_000
"""Parameters below which a network's pass is too cheap to be worth timing."""
SAMPLE = 4
"""Items the forms are timed on."""
CLEARLY = 1.5
"""A form this many times as fast as float32 is taken without a look at the others; timing must stay cheap."""


def multiplies_bfloat16() -> bool:
    """True where this CPU has instructions for bfloat16 products (AVX512-BF16, AMX, or Arm's).

    >>> isinstance(multiplies_bfloat16(), bool)
    True
    """
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported", "_is_arm_bf16_supported")
    return any(getattr(torch.cpu, check, lambda: False)() for check in checks)


def in_form(network: Network, form: str) -> Callable[[State, int, int | None], State]:
    """Put the network in one of `FORMS` (it is changed in place) and give `run(inputs, start, stop)` -> float32 state."""
    dtype = torch.bfloat16 if form.startswith("bfloat16") else torch.float32
    layout = torch.channels_last if form.endswith("channels_last") else torch.contiguous_format
    network.eval().to(dtype=dtype)
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)

    def prepared(part: Tensor) -> Tensor:
        part = part.to(dtype=dtype) if part.is_floating_point() else part
        return part.contiguous(memory_format=layout) if part.ndim == 4 else part

    def run(inputs: State, start: int = 0, stop: int | None = None) -> State:
        with torch.inference_mode():
            inputs = prepared(inputs) if isinstance(inputs, Tensor) else tuple(map(prepared, inputs))
            return _as_float32(network.run(inputs, start, stop))

    return run


def choose_form(make: Callable[[], Network], sample: Callable[[], State], fingerprint: str, run: Run) -> str:
    """Name of the fastest faithful form for the network `make()` on inputs like `sample()`; timed once a machine."""

    def timed(_: object) -> np.ndarray:
        return np.array([[float(FORMS.index(_fastest(make, sample())))]], dtype=np.float32)

    capability = f"{torch.backends.cpu.get_cpu_capability()}|bf16={multiplies_bfloat16()}|torch={torch.__version__}"
    chosen = run.cache.rows(f"form|{fingerprint}|{capability}|{run.device}", ("form",), timed)
    return FORMS[int(chosen[0, 0])]


def _fastest(make: Callable[[], Network], sample: State) -> str:
    network = make()
    if network.float32_only or sum(p.numel() for p in network.parameters()) < SMALL:
        return "float32"
    has_channels = any(part.ndim == 4 for part in parts_of(sample))
    with on_one_core():
        reference, best_seconds = _tried(network, "float32", sample)
        best = "float32"
        forms = (FORMS[2],) * multiplies_bfloat16() + (FORMS[1],) * has_channels
        for form in forms:
            features, seconds = _tried(copy.deepcopy(network), form, sample)
            distance = ((features - reference).norm(dim=1) / reference.norm(dim=1).clamp_min(1e-12)).mean()
            if distance <= FIDELITY and seconds < best_seconds:
                clear = seconds * CLEARLY < best_seconds
                best, best_seconds = form, seconds
                if clear:
                    break
    return best


def _tried(network: Network, form: str, sample: State) -> tuple[Tensor, float]:
    """Features of the sample, and the seconds a second pass kept this core busy; the first one warms up.

    Not the seconds on the clock: what else the machine does must not decide.
    """
    run = in_form(network, form)
    features = parts_of(run(sample, 0, None))[0].flatten(1)
    start = time.thread_time()
    run(sample, 0, None)
    return features, time.thread_time() - start


def _as_float32(state: State) -> State:
    if isinstance(state, Tensor):
        return state.float().contiguous()
    return tuple(part.float() if part.is_floating_point() else part for part in state)
