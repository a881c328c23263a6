"""Merging: the weights of several networks of one shape -> those of one.

`states` are mappings from the name of a tensor to the tensor; the same names and shapes in all of them. Whole numbers
(counters) are taken from the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


def averaged(states: Sequence[Weights]) -> dict[str, Tensor]:
    """The mean of each tensor.

    >>> averaged([{"w": torch.tensor([1.0])}, {"w": torch.tensor([4.0])}])["w"].item()
    2.5
    """
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if first.is_floating_point() else first.clone()
        for name, first in states[0].items()
    }


def task_vector(start: Weights, tuned: Weights) -> dict[str, Tensor]:
    """What fine-tuning changed: tau = w - w0 (Ilharco et al. 2023, arXiv:2212.04089)."""
    return {name: tuned[name] - w for name, w in start.items() if w.is_floating_point()}


def moved(start: Weights, vector: Weights, scale: float) -> dict[str, Tensor]:
    """w0 + scale tau."""
    return {name: w + scale * vector[name] if name in vector else w.clone() for name, w in start.items()}


def summed(vectors: Sequence[Weights]) -> dict[str, Tensor]:
    """The sum of task vectors: several tasks at once."""
    return {name: torch.stack([vector[name] for vector in vectors]).sum(0) for name in vectors[0]}


def elected(vectors: Sequence[Weights], density: float) -> dict[str, Tensor]:
    """The task vector of several, without what they would cancel out: TIES (Yadav et al. 2023, arXiv:2306.01708, Alg. 1).

    Trim: of each vector the `density` largest values stay, over all its tensors. Elect: a coordinate's sign is that of
    the sum. Merge: the mean of the values that are not 0 and have this sign.
    """
    names = list(vectors[0])
    flat = torch.stack([torch.cat([vector[name].flatten() for name in names]) for vector in vectors])  # (models, p)
    n_kept = max(1, round(density * flat.shape[1]))
    least = flat.abs().kthvalue(flat.shape[1] - n_kept + 1, dim=1, keepdim=True).values
    trimmed = torch.where(flat.abs() >= least, flat, 0.0)
    sign = trimmed.sum(0).sign()
    agrees = (trimmed.sign() == sign) & (trimmed != 0)
    merged = (trimmed * agrees).sum(0) / agrees.sum(0).clamp(min=1)  # (p,)
    parts = torch.split(merged, [vectors[0][name].numel() for name in names])
    return {name: part.reshape(vectors[0][name].shape) for name, part in zip(names, parts, strict=True)}
