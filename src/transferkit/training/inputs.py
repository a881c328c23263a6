"""Inputs: what the loop draws batches from - held in memory where it fits, made anew for each batch where not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from transferkit.core.examples import Examples
from transferkit.core.network import State, parts_of
from transferkit.core.source import Processor
from transferkit.training.frozen import decoded, processed

HELD_BYTES = 512 * 2**20
"""Largest set of inputs that is kept in memory."""


class Inputs:
    """n network inputs, or cached states; `inputs[indices]` -> (batch, ...)."""

    def __init__(self, examples: Examples, processor: Processor) -> None:
        self._items, self._processor, self._length = examples.items, processor, len(examples)
        self._held: State | None = None
        self._states: np.ndarray | None = None
        if self._length:
            one = processor([examples.items[0]])
            if _bytes(one) * self._length <= HELD_BYTES:
                self._held = processed(processor, examples.items)

    @classmethod
    def of_states(cls, states: np.ndarray) -> Inputs:
        """Inputs that are cached states already, (n, ...); a large memory map is read where it is asked for."""
        inputs = cls.__new__(cls)
        inputs._length, inputs._held, inputs._states = len(states), None, states
        if states.nbytes <= HELD_BYTES:
            inputs._held = torch.from_numpy(np.array(states))
        return inputs

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, indices: Sequence[int] | Tensor) -> State:
        chosen = torch.as_tensor(indices)
        if self._held is None and self._states is not None:
            return torch.from_numpy(np.array(self._states[chosen.numpy()]))
        if self._held is None:
            return self._processor(decoded(self._items, chosen.tolist()))
        return self._held[chosen] if isinstance(self._held, Tensor) else tuple(part[chosen] for part in self._held)


def _bytes(state: State) -> int:
    return sum(part.numel() * part.element_size() for part in parts_of(state))
