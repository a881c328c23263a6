"""Shift: how far the target's pictures lie from what a network was trained on, without that data.

BatchNorm remembers the mean and variance of every channel over its training data. Run on the target, the network shows
other ones; the shift is the root mean square, over all channels, of the difference of means in the source's standard
deviations,

    shift = sqrt( mean over channels of (mean_target - mean_source)^2 / variance_source )

(the first term of the Frechet distance between two normal distributions with equal variances; Schneider et al. 2020,
arXiv:2006.16971, use such statistics to foretell what a shift costs). 0: the same statistics; 1: the usual channel is a
whole standard deviation away. It says how *unlike* the inputs are, not how useless the features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.training.body import Body
from transferkit.training.model import moved
from transferkit.training.reading import all_inputs

ITEMS = 32
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def shift(body: Body, examples: Examples, run: Run, items: int = ITEMS) -> float | None:
    """The shift of the first `items` examples from what the body was trained on; None where no layer remembers that."""
    network = body.make().to(run.device).eval()
    norms = [module for module in network.modules() if isinstance(module, _NORMS) and module.running_mean is not None]
    if not norms or not len(examples):
        return None
    squares: list[Tensor] = []
    hooks = [norm.register_forward_pre_hook(_difference(squares)) for norm in norms]
    inputs = all_inputs(body.processor, examples.take(range(min(items, len(examples)))).items)
    try:
        with torch.inference_mode():
            network(moved(inputs, torch.device(run.device)))
    finally:
        for hook in hooks:
            hook.remove()
    return float(torch.cat(squares).mean().sqrt())


def _difference(squares: list[Tensor]) -> Callable[[Any, tuple[Tensor, ...]], None]:
    """A hook that adds (channels,) squared differences of means, in variances of the source."""

    def look(norm: Any, arguments: tuple[Tensor, ...]) -> None:
        maps = arguments[0]
        mean = maps.mean(dim=[0, *range(2, maps.dim())])
        variance = norm.running_var + norm.eps
        squares.append(((mean - norm.running_mean) ** 2 / variance).cpu())

    return look
