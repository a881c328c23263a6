"""Probing: the task's closed-form head on the features of one cached pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from transferkit.core.errors import WrongUse
from transferkit.core.predictor import FitRecord
from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.core.task import ClosedForm
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
    return with_head(body, target, *_fit(body, target, solver, run))


def with_head(body: Body, target: Target, head: nn.Linear, settings: dict[str, Any]) -> FittedNetwork:
    """The body as it is, with a head that was fitted to its features; `settings`: what was chosen on the way."""
    network = body.make()
    n_head = sum(p.numel() for p in head.parameters())
    n_body = sum(p.numel() for p in network.parameters())
    notes = body.told(target.train.items)
    record = FitRecord(
        trainable_parameters=n_head,
        total_parameters=n_body + n_head,
        notes=notes,
        settings=settings,
        origin=body.origin,
    )
    return FittedNetwork(Model(target.task, network, head, body.processor), record, frozen=body)


def linear_of(closed: ClosedForm) -> nn.Linear:
    """The layer that computes a closed form."""
    n_outputs, n_inputs = closed.weight.shape
    head: nn.Linear = nn.utils.skip_init(nn.Linear, n_inputs, n_outputs)  # type: ignore[no-untyped-call]  # draws no random numbers
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(closed.weight))
        head.bias.copy_(torch.from_numpy(closed.bias))
    return head


def _fit(body: Body, target: Target, solver: str, run: Run) -> tuple[nn.Linear, dict[str, Any]]:
    if not target.task.needs_features:
        raise WrongUse(
            f"a linear probe works on one feature vector an item; task {target.task.name} has none, use full instead"
        )
    features = frozen_states(body, target.train, run)  # (n, d)
    weights = item_weights(target.task, target.train, balance=True)
    closed = target.task.closed_form_head(
        features, target.train.labels or (), None if weights is None else weights.numpy(), solver
    )
    return linear_of(closed), closed.settings
