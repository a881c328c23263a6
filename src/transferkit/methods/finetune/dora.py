"""DoRA: as LoRA, with the length of each output's weights apart from their direction.

Liu, Wang, Yin, Molchanov, Wang, Cheng & Chen 2024, arXiv:2402.09353, eq. 5: with V = W + (scale / rank) B A, the weights are
m V / |V|, norms of the weights of one output each; m starts as |W| and is trained along with A and B. Differs as LoRA here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from transferkit.training.adapter_method import AdapterMethod


@dataclass(frozen=True, kw_only=True)
class DoRA(AdapterMethod):
    """Low-rank changes of the direction of the weights, and their lengths besides; the result is an ordinary network.

    Where lora at a low rank stays behind full fine-tuning. Slower than lora: norms are taken anew in each step.

    >>> str(DoRA(rank=4))
    'dora:rank=4'
    """

    paper: ClassVar[str] = "arXiv:2402.09353"
    decomposed: ClassVar[bool] = True
