"""Reading: items as network inputs, with few raw ones in memory at a time.

A photograph of twelve megapixels is 36 MB once it is decoded, and 0.6 MB as a network's input. So a picture is read, made into
an input and let go before the next one is; only items that are padded to each other's length are processed together.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor

from transferkit.core.network import State, parts_of
from transferkit.core.source import Processor

THREADS = min(8, os.cpu_count() or 1)
"""Items that are read at the same time: decoding and resizing a picture leave the interpreter free."""
FEWEST = 8
"""Items for which threads are worth their start."""
CHUNK = 64
"""Most items that are processed together."""


def inputs_of(processor: Processor, items: Sequence[Any], indices: Sequence[int], threads: bool = True) -> State:
    """The items at `indices` as network inputs; `threads` False where several batches are read side by side already."""
    first, rest = items[indices[0]], indices[1:]
    one_by_one = isinstance(first, Image) and processor.lengths([first]) is None

    def read(index: int) -> Any:
        return parts_of(processor([items[index]])) if one_by_one else items[index]

    with ThreadPoolExecutor(THREADS) if threads and len(rest) >= FEWEST else nullcontext() as pool:
        following = map(read, rest) if pool is None else pool.map(read, rest)
        if not one_by_one:
            return processor([first, *following])
        return _stacked(itertools.chain([parts_of(processor([first]))], following), len(indices))


def all_inputs(processor: Processor, items: Sequence[Any]) -> State:
    """All items as network inputs."""
    chunks = [range(len(items))[i : i + CHUNK] for i in range(0, len(items), CHUNK)]
    return _stacked((parts_of(inputs_of(processor, items, chunk)) for chunk in chunks), len(items))


def _stacked(parts: Iterator[tuple[Tensor, ...]], n: int) -> State:
    """One state of n items; each part is laid into its place as it comes, so that no second copy is made."""
    whole: tuple[Tensor, ...] = ()
    begin = 0
    for part in parts:
        if not whole:
            whole = tuple(torch.empty((n, *one.shape[1:]), dtype=one.dtype) for one in part)
        end = begin + len(part[0])
        for room, one in zip(whole, part, strict=True):
            room[begin:end] = one
        begin = end
    return whole[0] if len(whole) == 1 else whole
