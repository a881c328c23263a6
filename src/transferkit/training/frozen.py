"""The frozen pass: what a network makes of each item up to some stage, computed once per item and kept by the cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from torch import Tensor

from transferkit.core.examples import Examples
from transferkit.core.network import State, parts_of
from transferkit.core.run import Run
from transferkit.training.body import Body
from transferkit.training.inference import SAMPLE, choose_form, in_form

BATCH = 32
"""Items in one forward pass; larger batches leave the processor's cache and run slower."""
CHUNK = 256
"""Items after which the cache may write down what it has."""


def frozen_states(body: Body, examples: Examples, run: Run, stop: int | None = None) -> np.ndarray:
    """The state after `stop` stages (default: features) of every item: (n, ...) float32.

    The network is made only where a row is missing. Only for states that are one tensor of the same shape for each item.
    """
    position = "features" if stop is None else str(stop)
    pass_through: list[Callable[[State, int, int | None], State]] = []
    done = 0

    def compute(indices: Sequence[int]) -> np.ndarray:
        nonlocal done
        parts = []
        for begin in range(0, max(len(indices), 1), BATCH):
            run.check_deadline()
            batch = indices[begin : begin + BATCH]
            state = pass_through[0](body.processor(decoded(examples.items, batch)), 0, stop)
            if not isinstance(state, Tensor):
                raise TypeError(f"the state at position {position} is a tuple; only single tensors can be cached")
            parts.append(state.numpy())
            done += len(batch)
            run.progress("frozen pass", done, len(examples))
        return np.concatenate(parts)

    def load_then_compute(indices: Sequence[int]) -> np.ndarray:
        if not pass_through:
            pass_through.append(in_form(body.make(), form))
        return compute(indices)

    if len(examples) == 0:
        raise ValueError("there are no items to run through the network")
    form = _form(body, examples, run)
    return run.cache.rows(f"state|{body.fingerprint}|{position}|{form}", examples.ids, load_then_compute, CHUNK)


def decoded(items: Sequence[Any], indices: Sequence[int]) -> list[Any]:
    """Read the items at `indices`, several at a time: decoding a picture leaves the interpreter free."""
    if len(indices) < 8:
        return [items[i] for i in indices]
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(items.__getitem__, indices))


def _form(body: Body, examples: Examples, run: Run) -> str:
    """The form is looked up by architecture and input size, so equal networks of one size share one timing."""
    size = [tuple(part.shape[1:]) for part in parts_of(body.processor([examples.items[0]]))]
    sample = lambda: body.processor(decoded(examples.items, range(min(SAMPLE, len(examples)))))  # noqa: E731
    return choose_form(body.make, sample, f"{body.architecture.fingerprint}|{size}", run)
