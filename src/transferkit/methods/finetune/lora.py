"""LoRA: low-rank adapters move in place of the weights, and are merged into them at the end.

Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang & Chen 2021, arXiv:2106.09685: W + (scale / rank) B A with A (rank, n_in) random and
B (n_out, rank) 0; only A, B and the head are trained. Differs: each linear layer, embedding and convolution without groups gets
one, not the queries and values of attention alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from transferkit.training.adapter_method import AdapterMethod


@dataclass(frozen=True, kw_only=True)
class LoRA(AdapterMethod):
    """Train a few low-rank changes of the weights in place of the weights themselves; the result is an ordinary network.

    For large networks, whose gradients and moments would not fit in memory, and for few labels, which a low rank does not let
    one overfit. For a small network full fine-tuning is as cheap.

    >>> str(LoRA(rank=4))
    'lora:rank=4'
    """

    paper: ClassVar[str] = "arXiv:2106.09685"
