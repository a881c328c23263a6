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

Part = TypeVar("Part")
Result = TypeVar("Result")


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


@contextmanager
def on_one_core() -> Iterator[None]:
    """A context in which torch uses one thread, as each of the workers does."""
    n_cores = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_cores)
