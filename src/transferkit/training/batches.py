"""Batches: how an epoch's order is cut up. Texts of like length go together, so that little of a batch is padding.

Only among the few batches that are near each other in the order, which is drawn anew each epoch: who meets whom stays chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

WINDOW = 4
"""Batches among which items change places."""


def batches(
    order: Tensor, size: int, lengths: Sequence[int] | None = None, generator: torch.Generator | None = None
) -> list[Tensor]:
    """Batches of `size`; a last one of a single item joins the one before, for one item has no variance to normalise by.

    `lengths` of all items: like with like; the order of the batches is then drawn from `generator`.

    >>> [batch.tolist() for batch in batches(torch.tensor([3, 0, 2, 1, 4]), 2)]
    [[3, 0], [2, 1, 4]]
    """
    if lengths is not None and len(order) > size:
        length = torch.as_tensor(lengths)
        windows = torch.split(order, WINDOW * size)
        alike = torch.cat([window[torch.argsort(length[window], stable=True)] for window in windows])
        found = _cut(alike, size)
        return [found[i] for i in torch.randperm(len(found), generator=generator).tolist()]
    return _cut(order, size)


def _cut(order: Tensor, size: int) -> list[Tensor]:
    found = list(torch.split(order, size))
    if len(found) > 1 and len(found[-1]) == 1:
        found[-2:] = [torch.cat(found[-2:])]
    return found
