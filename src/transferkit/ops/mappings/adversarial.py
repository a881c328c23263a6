"""Adversarial: the map between two clouds under which a network cannot tell mapped rows of one from rows of the other.

A discriminator learns to tell x W from y, W learns to make it fail and is pulled back to an orthogonal matrix after
every step, W <- (1 + beta) W - beta W W^T W. Then the rows that find each other refine it by Procrustes
(`refine.py`). Conneau, Lample et al. 2018, arXiv:1710.04087. Differs: spaces may have different numbers of columns; W
starts from the principal axes laid on each other; of the start and what a few checks of the training saw, the map is
kept under which the rows of both are most alike (their criterion).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from transferkit.ops.mappings.gaussian import principal_axes_map
from transferkit.ops.mappings.pairs import checked_clouds
from transferkit.ops.mappings.procrustes import rotation_of
from transferkit.ops.mappings.refine import likeness, refined
from transferkit.ops.mappings.space_map import SpaceMap, linear

MOST_ROWS = 1000
HIDDEN = 128
STEPS = 400
LOOK_EVERY = 50
BATCH = 64
RATE = 0.1
"""Of plain gradient steps, on both sides."""
SMOOTHING = 0.1
BETA = 0.01
MOST_STARTS = 3
"""Trainings that are tried, each at a tenth of the rate before, where one runs away."""


def adversarial(x: np.ndarray, y: np.ndarray, seed: int = 0) -> SpaceMap:
    """The orthogonal map, with one scale, from the cloud x (n, d) to the cloud y (m, k); d and k may differ.

    Use where both are many rows about the same things and neither pairs nor labels are there; it can settle on a
    wrong rotation, and `chosen["likeness"]` tells only of two maps which is better. Raises ValueError where training
    runs away at every rate.

    >>> x = np.random.default_rng(0).gamma(1.0, size=(300, 3)) * [3, 2, 1]
    >>> f = adversarial(x, x[::-1, [2, 0, 1]])
    >>> bool(np.abs(f(x) - x[:, [2, 0, 1]]).mean() < 0.3)
    True
    """
    x, y = checked_clouds(x, y)
    random = np.random.default_rng(seed)
    some_x, some_y = (part[random.permutation(len(part))[:MOST_ROWS]] for part in (x, y))
    centre, target_centre = some_x.mean(axis=0), some_y.mean(axis=0)
    lengths = [_length(some_x - centre), _length(some_y - target_centre)]
    candidates = [rotation_of(principal_axes_map(some_x, some_y).matrix)[0]]
    notes: tuple[str, ...] = ()
    for start in range(MOST_STARTS):
        rate = RATE * 0.1**start
        seen = _trained(
            (some_x - centre) / lengths[0], (some_y - target_centre) / lengths[1], candidates[0], rate, seed
        )
        if seen is not None:
            candidates += seen
            break
        notes = (f"adversarial training ran away at a rate of {rate:g} and was begun again at a tenth of it",)
    else:
        raise ValueError(
            f"adversarial training ran away at every rate from {RATE:g} to {rate:g}; take wasserstein_procrustes"
        )
    maps = [linear(lengths[1] / lengths[0] * matrix, centre, target_centre, notes=notes) for matrix in candidates]
    best = max(maps, key=lambda one: likeness(one(some_x), some_y))
    return refined(some_x, some_y, best)


def _trained(x: np.ndarray, y: np.ndarray, start: np.ndarray, rate: float, seed: int) -> list[np.ndarray] | None:
    """The matrices (d, k) that checks of the training saw; None where it ran away."""
    generator = torch.Generator().manual_seed(seed)
    ours, theirs = (torch.from_numpy(part).float() for part in (x, y))
    matrix = torch.from_numpy(start).float().requires_grad_(True)
    judge = _judge(y.shape[1], generator)
    judging, mapping = torch.optim.SGD(judge, lr=rate), torch.optim.SGD([matrix], lr=rate)
    seen = []
    for step in range(1, STEPS + 1):
        batch = [part[torch.randint(len(part), (BATCH,), generator=generator)] for part in (ours, theirs)]
        told = torch.cat([torch.full((BATCH,), SMOOTHING), torch.full((BATCH,), 1 - SMOOTHING)])
        loss = _loss(judge, torch.cat([batch[0] @ matrix.detach(), batch[1]]), told)
        judging.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        judging.step()
        fooled = _loss(judge, torch.cat([batch[0] @ matrix, batch[1]]), 1 - told)
        mapping.zero_grad()
        fooled.backward()  # type: ignore[no-untyped-call]
        mapping.step()
        with torch.no_grad():
            matrix.copy_((1 + BETA) * matrix - BETA * matrix @ (matrix.T @ matrix))
        if not (torch.isfinite(loss) and torch.isfinite(matrix).all()):
            return None
        if step % LOOK_EVERY == 0:
            seen.append(rotation_of(matrix.detach().double().numpy())[0])
    return seen


def _judge(width: int, generator: torch.Generator) -> list[Tensor]:
    """Weights of one hidden layer and the output, to be trained."""
    weights = [
        torch.randn(width, HIDDEN, generator=generator) * (2 / width) ** 0.5,
        torch.zeros(HIDDEN),
        torch.randn(HIDDEN, generator=generator) / HIDDEN**0.5,
    ]
    return [one.requires_grad_(True) for one in weights]


def _loss(judge: list[Tensor], rows: Tensor, told: Tensor) -> Tensor:
    outputs = functional.leaky_relu(rows @ judge[0] + judge[1], 0.2) @ judge[2]
    return functional.binary_cross_entropy_with_logits(outputs, told)


def _length(centred: np.ndarray) -> float:
    """The root of the rows' mean squared length, per column; 1 where all rows are alike."""
    return float(np.sqrt(np.square(centred).mean())) or 1.0
