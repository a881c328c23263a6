"""Every core at once: the same work on many small batches, each batch on one core.

A frozen pass is quicker so than with all cores inside one batch: a small batch stays in a core's cache, no core waits for
the others after each layer, and one core reads pictures while another multiplies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

from transferkit.core.network import State, parts_of

Part = TypeVar("Part")
Result = TypeVar("Result")

SHARED_PARAMETERS = 1_000_000
SHARED_NUMBERS = 300_000
"""Numbers in one batch of inputs: 100 pictures of 32 x 32, or two of 224 x 224."""


def on_every_core(work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """Yield `work(part)` for each part, in order; as many at once as torch has threads.

    The first error ends it, and parts that were not begun are left.

    >>> list(on_every_core(len, ["a", "bb", "ccc"]))
    [1, 2, 3]
    """
    n_cores = torch.get_num_threads()
    if min(n_cores, len(parts)) < 2:
        yield from map(work, parts)
        return
    pool = ThreadPoolExecutor(min(n_cores, len(parts)), initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield from pool.map(work, parts)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(n_cores)  # the workers' setting is the default of threads that are born later


def pays_to_share(network: nn.Module, batch: State) -> bool:
    """Whether one step on this batch is work enough for several cores.

    On a small network's small batch they mostly wait for each other, and where the machine has other work to do, for long.
    """
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return parameters >= SHARED_PARAMETERS or sum(part.numel() for part in parts_of(batch)) >= SHARED_NUMBERS


@contextmanager
def on_one_core(wanted: bool = True) -> Iterator[None]:
    """A context in which torch uses one thread, as each of the workers does. `wanted` False: nothing changes."""
    if not wanted:
        yield
        return
    n_cores = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_cores)
