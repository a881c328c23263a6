"""Target statistics: BatchNorm sees each domain by itself, and remembers the target.

Batches of source and target pass the network one after the other, so each is normalised by its own mean and variance, as in
domain-specific batch normalisation (Chang et al. 2019, arXiv:1906.03950) with shared scales; a joint pass would blur what the
domains differ in and the running statistics of both would fit neither. What is predicted later are target items, so the
running statistics follow the target's batches alone (Li et al. 2016, arXiv:1603.04779, AdaBN).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from transferkit.core.examples import Examples
from transferkit.core.network import Network
from transferkit.core.run import Run
from transferkit.training.batches import batches
from transferkit.training.evaluation import BATCH
from transferkit.training.inputs import Inputs
from transferkit.training.model import Model, moved

DEFAULT_MOMENTUM = 0.1


class TargetStatistics:
    """While it is held, the running statistics of a network's BatchNorm layers move inside `following` only."""

    def __init__(self, network: Network) -> None:
        self._layers = batch_norms(network)
        self._momenta = [layer.momentum for layer in self._layers]
        self._set(0.0)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Batches that pass in train mode inside move the running statistics."""
        for layer, momentum in zip(self._layers, self._momenta, strict=True):
            layer.momentum = DEFAULT_MOMENTUM if momentum is None else momentum
        try:
            yield
        finally:
            self._set(0.0)

    def release(self) -> None:
        """The layers are as they were."""
        for layer, momentum in zip(self._layers, self._momenta, strict=True):
            layer.momentum = momentum

    def _set(self, momentum: float) -> None:
        for layer in self._layers:
            layer.momentum = momentum


def batch_norms(network: Network) -> list[nn.modules.batchnorm._BatchNorm]:
    """Layers that keep a running mean and variance."""
    return [
        module
        for module in network.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.track_running_stats
    ]


def take_statistics(model: Model, examples: Examples, run: Run) -> None:
    """Set the mean and variance of every BatchNorm layer to those of what these items are where they reach it.

    One pass in batches of `BATCH`, each normalised by itself on its way, and drawn at random so that it is like the whole;
    exact where the items are one batch.
    """
    layers = batch_norms(model.network)
    momenta = [layer.momentum for layer in layers]
    inputs, device, seen = Inputs(examples, model.processor), torch.device(run.device), 0
    model.eval()
    for layer in layers:
        layer.train()
    with torch.no_grad():
        for chosen in batches(torch.randperm(len(inputs), generator=run.generator("statistics")), BATCH):
            run.check_deadline()
            seen += len(chosen)
            for layer in layers:
                layer.momentum = len(chosen) / seen  # the mean over all items so far
            model.features(moved(inputs[chosen], device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.eval()
