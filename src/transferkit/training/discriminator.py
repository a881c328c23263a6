"""Discriminator: tells the domains apart, from features or from what stands for them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from transferkit.core.network import seeded
from transferkit.core.run import Run


def discriminator(width: int, run: Run, hidden: int = 256, n_outputs: int = 1) -> nn.Module:
    """Two hidden layers between `width` numbers an item and its logits (n, `n_outputs`), from the run's seed.

    Normalised within an item: batches of one domain, or of both, mean the same to it.
    """
    with seeded(run.derived_seed("discriminator")):
        layers: list[nn.Module] = []
        for wide in (width, hidden):
            layers += [nn.Linear(wide, hidden), nn.LayerNorm(hidden), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(hidden, n_outputs)).to(torch.device(run.device))


def second_head(width: int, n_classes: int, run: Run, hidden: int | None = None) -> nn.Module:
    """Another classifier on features (n, `width`), from the run's seed; with a hidden layer where `hidden` says how wide."""
    with seeded(run.derived_seed("second head")):
        layers: list[nn.Module] = []
        if hidden is not None:
            layers = [nn.Linear(width, hidden), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(hidden or width, n_classes)).to(torch.device(run.device))


def logits_of(module: nn.Module, values: Tensor) -> Tensor:
    """(n,) of a discriminator with one output."""
    return module(values)[:, 0]  # type: ignore[no-any-return]
