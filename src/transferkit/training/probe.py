"""Probing: the task's closed-form head on the features of one cached pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from transferkit.core.predictor import FitRecord
from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.training.body import Body
from transferkit.training.fitted import FittedNetwork
from transferkit.training.frozen import frozen_states
from transferkit.training.imbalance import item_weights
from transferkit.training.model import Model


def probe_head(body: Body, target: Target, solver: str, run: Run) -> nn.Linear:
    """The linear head that reads the body's features best on `target.train`; every class counts alike."""
    return _fit(body, target, solver, run)[0]


def probe(body: Body, target: Target, solver: str, run: Run) -> FittedNetwork:
    """The body as it is, with the probed head."""
    head, settings = _fit(body, target, solver, run)
    network = body.make()
    n_head = sum(p.numel() for p in head.parameters())
    n_body = sum(p.numel() for p in network.parameters())
    record = FitRecord(trainable_parameters=n_head, total_parameters=n_body + n_head, settings=settings)
    return FittedNetwork(Model(target.task, network, head, body.processor), record, frozen=body)


def _fit(body: Body, target: Target, solver: str, run: Run) -> tuple[nn.Linear, dict[str, Any]]:
    features = frozen_states(body, target.train, run)  # (n, d)
    weights = item_weights(target.task, target.train, balance=True)
    closed = target.task.closed_form_head(
        features, target.train.labels or (), None if weights is None else weights.numpy(), solver
    )
    head = nn.utils.skip_init(nn.Linear, features.shape[1], len(closed.bias))  # type: ignore[no-untyped-call]  # draws no random numbers
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(closed.weight))
        head.bias.copy_(torch.from_numpy(closed.bias))
    return head, closed.settings
