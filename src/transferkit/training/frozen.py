"""The frozen pass: what a network makes of each item up to some stage, computed once per item and kept by the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.examples import Examples
from transferkit.core.network import State, parts_of
from transferkit.core.run import Run
from transferkit.core.source import Processor
from transferkit.training.body import Body
from transferkit.training.every_core import on_every_core
from transferkit.training.inference import SAMPLE, choose_form, in_form
from transferkit.training.model import moved
from transferkit.training.reading import inputs_of

BATCH_BYTES = 5 * 2**20
"""Inputs of one forward pass; what a larger batch makes on its way leaves the core's cache and runs slower."""
BATCH = (4, 64)
"""Least and most items in one forward pass."""
CHUNK = 256
"""Items after which the cache may write down what it has."""


def frozen_states(body: Body, examples: Examples, run: Run, stop: int | None = None) -> np.ndarray:
    """The state after `stop` stages (default: features) of every item: (n, ...) float32.

    The network is made only where a row is missing. Only for states that are one tensor of the same shape for each item.
    """
    if len(examples) == 0:
        raise ValueError("there are no items to run through the network")
    position = "features" if stop is None else str(stop)
    sizes = [tuple(part.shape[1:]) for part in parts_of(body.processor([examples.items[0]]))]
    batch_size = _batch_size(sizes)
    form = _form(body, examples, sizes, run)
    pass_through: list[Callable[[State, int, int | None], State]] = []
    done = 0

    def compute(indices: Sequence[int]) -> np.ndarray:
        nonlocal done
        if not pass_through:
            pass_through.append(in_form(body.make().to(run.device), form))
        batches = alike(body.processor, examples.take(indices).items, batch_size)
        parts: list[np.ndarray] = []
        for state in on_every_core(one_batch, [[indices[i] for i in batch] for batch in batches]):
            parts.append(state)
            done += len(state)
            run.progress("frozen pass", done, len(examples))
        rows: np.ndarray = np.concatenate(parts)[as_given(batches)]
        return rows

    def one_batch(indices: Sequence[int]) -> np.ndarray:
        run.check_deadline()
        inputs = moved(inputs_of(body.processor, examples.items, indices, threads=False), torch.device(run.device))
        state = pass_through[0](inputs, 0, stop)
        if not isinstance(state, Tensor):
            raise TypeError(f"the state at position {position} is a tuple; only single tensors can be cached")
        return state.cpu().numpy()

    return run.cache.rows(f"state|{body.fingerprint}|{position}|{form}", examples.ids, compute, CHUNK)


def alike(processor: Processor, items: Sequence[Any], size: int) -> list[list[int]]:
    """Positions of the items in batches of `size`: of like length where they have lengths, so that little is padding."""
    lengths = processor.lengths(items)
    order = range(len(items)) if lengths is None else np.argsort(np.asarray(lengths), kind="stable").tolist()
    return [list(order[i : i + size]) for i in range(0, len(items), size)]


def as_given(batches: Sequence[Sequence[int]]) -> np.ndarray:
    """(n,) where each item is among the results of these batches, one after the other.

    >>> as_given([[2, 0], [1]]).tolist()
    [1, 2, 0]
    """
    return np.argsort([i for batch in batches for i in batch], kind="stable")


def _batch_size(sizes: Sequence[tuple[int, ...]]) -> int:
    """Items that make up about `BATCH_BYTES` of float32 inputs."""
    least, most = BATCH
    return max(least, min(most, BATCH_BYTES // (4 * sum(map(math.prod, sizes)))))


def _form(body: Body, examples: Examples, sizes: Sequence[tuple[int, ...]], run: Run) -> str:
    """The form is looked up by weights: those of one network bear bfloat16, those of another of its architecture do not."""
    sample = lambda: body.processor([examples.items[i] for i in range(min(SAMPLE, len(examples)))])  # noqa: E731
    return choose_form(body.make, sample, f"{body.fingerprint}|{sizes}", run)
