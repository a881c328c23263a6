"""From the hidden states of a text's tokens to one vector, as sentence-transformers does it.

Reimers & Gurevych 2019, arXiv:1908.10084. Ways: `mean`, `cls` (the first token), `last`, `max`, `mean_sqrt_length` (the sum
over the root of the length) and `weighted_mean` (token i counts i times; Muennighoff 2022, arXiv:2202.08904). Several are
laid side by side. Padding never counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.errors import unknown_name


def _mean(hidden: Tensor, counts: Tensor) -> Tensor:
    return (hidden * counts).sum(1) / counts.sum(1).clamp_min(1e-9)


def _cls(hidden: Tensor, counts: Tensor) -> Tensor:
    return hidden[:, 0]


def _last(hidden: Tensor, counts: Tensor) -> Tensor:
    position = torch.arange(1, hidden.shape[1] + 1, device=hidden.device)
    last = (position * counts[:, :, 0]).argmax(1)  # (n,)
    return hidden[torch.arange(len(hidden), device=hidden.device), last]


def _max(hidden: Tensor, counts: Tensor) -> Tensor:
    return hidden.masked_fill(counts == 0, -torch.inf).amax(1)


def _mean_sqrt_length(hidden: Tensor, counts: Tensor) -> Tensor:
    return (hidden * counts).sum(1) / counts.sum(1).clamp_min(1e-9).sqrt()


def _weighted_mean(hidden: Tensor, counts: Tensor) -> Tensor:
    position = torch.arange(1, hidden.shape[1] + 1, device=hidden.device, dtype=hidden.dtype)
    return _mean(hidden, counts * position[:, None])


WAYS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": _mean,
    "cls": _cls,
    "last": _last,
    "max": _max,
    "mean_sqrt_length": _mean_sqrt_length,
    "weighted_mean": _weighted_mean,
}
"""Name -> f(hidden (n, t, d), counts (n, t, 1) 0 or 1) -> (n, d)."""
ACTIVATIONS: Mapping[str, type[nn.Module]] = {
    name: getattr(nn, name) for name in ("Tanh", "Identity", "GELU", "ReLU", "SiLU", "Sigmoid")
}


def pool(ways: Sequence[str], hidden: Tensor, mask: Tensor) -> Tensor:
    """Hidden states (n, t, d) and mask (n, t) -> (n, d), or (n, d times the number of ways)."""
    counts = mask[:, :, None].to(hidden.dtype)  # (n, t, 1)
    return torch.cat([WAYS[way](hidden, counts) for way in ways], dim=1)


@final
class UnitLength(nn.Module):
    """Vectors scaled to length 1, so that their product is the cosine."""

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, d) -> (n, d)."""
        return functional.normalize(vectors, dim=1)


@final
class Dense(nn.Module):
    """A linear layer and its activation; its weights are called `linear` as in the files of sentence-transformers."""

    def __init__(self, into: int, out: int, bias: bool, activation: str) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise unknown_name("activation of a dense layer", activation, ACTIVATIONS)
        self.linear = nn.Linear(into, out, bias)
        self.activation = ACTIVATIONS[activation]()

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, into) -> (n, out)."""
        activated: Tensor = self.activation(self.linear(vectors))
        return activated


def built(then: Sequence[Mapping[str, Any]]) -> nn.Sequential:
    """The modules after pooling, in order; each is `{"dense": {settings of Dense}}` or `{"unit": {}}`."""
    modules: list[nn.Module] = []
    for step in then:
        ((kind, settings),) = step.items()
        modules.append(Dense(**settings) if kind == "dense" else UnitLength())
    return nn.Sequential(*modules)
