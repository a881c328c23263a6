"""Contrast: a momentum encoder and a queue of its keys, by class, for losses that compare each item with earlier ones.

He, Fan, Wu, Xie & Girshick 2020, arXiv:1911.05722 (momentum contrast), with one queue a class as in Zhong et al. 2020,
arXiv:2011.06182. The queue starts empty: no key is made up.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Momentum:
    """A copy of some modules that follows them: copy <- decay * copy + (1 - decay) * module, statistics too."""

    def __init__(self, modules: Sequence[nn.Module], decay: float) -> None:
        self._modules, self._decay = tuple(modules), decay
        self.copies = tuple(copy.deepcopy(module).requires_grad_(False).eval() for module in modules)

    @torch.no_grad()
    def follow(self) -> None:
        """Take one step after the modules."""
        for module, behind in zip(self._modules, self.copies, strict=True):
            for now, average in zip(module.state_dict().values(), behind.state_dict().values(), strict=True):
                if average.is_floating_point():
                    average.lerp_(now, 1 - self._decay)
                else:
                    average.copy_(now)


class Queue:
    """The last `length` keys of each class."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._keys: dict[int, Tensor] = {}

    def add(self, keys: Tensor, labels: Tensor) -> None:
        """Keys (n, d) of items of classes (n,); the oldest of a class go."""
        for label in set(labels.tolist()):
            new = keys[labels == label].detach()
            self._keys[label] = torch.cat([self._keys[label], new] if label in self._keys else [new])[-self._length :]

    def all(self) -> tuple[Tensor, Tensor] | None:
        """Keys (m, d) and their classes (m,); None while there is none."""
        if not self._keys:
            return None
        keys = torch.cat(list(self._keys.values()))
        classes = torch.tensor([label for label, rows in self._keys.items() for _ in rows], device=keys.device)
        return keys, classes


def contrastive(similarities: Tensor, positive: Tensor, temperature: float) -> Tensor:
    """- mean over queries, and over the positives of each, of log softmax(similarities / temperature); both (n, m).

    >>> contrastive(torch.tensor([[0.0, 0.0]]), torch.tensor([[True, False]]), 1.0)
    tensor(0.6931)
    """
    log_chances = (similarities / temperature).log_softmax(1)
    return -((log_chances * positive).sum(1) / positive.sum(1)).mean()
