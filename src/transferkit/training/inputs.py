"""Inputs: what the loop draws batches from - held in memory where it fits, made anew for each batch where not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from transferkit.core.examples import Examples
from transferkit.core.network import State, parts_of
from transferkit.core.source import Processor
from transferkit.training.frozen import alike, as_given
from transferkit.training.reading import all_inputs, inputs_of

BATCH = 32
"""Items that pass frozen stages together."""
HELD_BYTES = 512 * 2**20
"""Largest set of inputs that is kept in memory."""


class Inputs:
    """n network inputs, or cached states; `inputs[indices]` -> (batch, ...)."""

    def __init__(self, examples: Examples, processor: Processor) -> None:
        self._length = len(examples)
        self._read: Callable[[Sequence[int]], State] = lambda indices: inputs_of(processor, examples.items, indices)
        self._held: State | None = None
        self._states: np.ndarray | None = None
        if self._length:
            one = processor([examples.items[0]])
            if _bytes(one) * self._length <= HELD_BYTES:
                self._held = all_inputs(processor, examples.items)

    @classmethod
    def of_states(cls, states: np.ndarray) -> Inputs:
        """Inputs that are cached states already, (n, ...); a large memory map is read where it is asked for."""
        inputs = cls.__new__(cls)
        inputs._length, inputs._held, inputs._states = len(states), None, states
        if states.nbytes <= HELD_BYTES:
            inputs._held = torch.from_numpy(np.array(states))
        return inputs

    @classmethod
    def behind(cls, examples: Examples, processor: Processor, frozen: Callable[[State], State]) -> Inputs:
        """What `frozen` stages make of the examples, where that is a tuple of tensors.

        Each item passes them once where all states fit in memory, else every time it is asked for. Zeros fill up what is
        shorter than the longest along the second axis; a network whose states differ there marks zeros as padding.
        """
        inputs = cls.__new__(cls)
        inputs._length, inputs._held, inputs._states = len(examples), None, None
        inputs._read = lambda indices: frozen(inputs_of(processor, examples.items, indices))
        if not len(examples):
            return inputs
        batches = alike(processor, examples.items, BATCH)[
            ::-1
        ]  # the longest first, which tells how much memory all take
        parts: list[tuple[Tensor, ...]] = []
        for batch in batches:
            parts.append(parts_of(inputs._read(batch)))
            if _bytes(parts[0]) * len(examples) > HELD_BYTES * len(batches[0]):
                return inputs
        order = torch.from_numpy(as_given(batches))
        inputs._held = tuple(torch.cat([*_as_wide(column)])[order] for column in zip(*parts, strict=True))
        return inputs

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, indices: Sequence[int] | Tensor) -> State:
        chosen = torch.as_tensor(indices)
        if self._held is None and self._states is not None:
            return torch.from_numpy(np.array(self._states[chosen.numpy()]))
        if self._held is None:
            return self._read(chosen.tolist())
        return self._held[chosen] if isinstance(self._held, Tensor) else tuple(part[chosen] for part in self._held)


def _as_wide(parts: Sequence[Tensor]) -> Iterator[Tensor]:
    """Each filled up with zeros along its second axis, to the longest."""
    longest = max((part.shape[1] for part in parts if part.ndim > 1), default=0)
    for part in parts:
        missing = longest - part.shape[1] if part.ndim > 1 else 0
        yield functional.pad(part, (*[0] * 2 * (part.ndim - 2), 0, missing)) if missing else part


def _bytes(state: State) -> int:
    return sum(part.numel() * part.element_size() for part in parts_of(state))
