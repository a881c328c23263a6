"""Evaluation: predictions and loss of a model on held-out items, in eval mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.core.task import Predictions
from transferkit.training.inputs import Inputs
from transferkit.training.model import Model, moved
from transferkit.training.reading import inputs_of

BATCH = 256
GENERATED = 32
"""Items in one batch where predictions are generated step by step."""


def evaluate(model: Model, inputs: Inputs, labels: Sequence[Any], start: int, run: Run) -> tuple[Predictions, float]:
    """Predictions and mean loss, from inputs that are states at position `start`.

    Raises BudgetSpent where predictions are generated and the deadline comes on the way.
    """
    device = torch.device(run.device)
    model.eval()
    targets = model.task.encode(labels, model.processor)
    parts, total = [], 0.0
    with torch.inference_mode():
        for chosen in torch.split(torch.arange(len(inputs)), GENERATED if model.task.generates else BATCH):
            if model.task.generates:
                run.check_deadline()
            wanted = take(targets, chosen, device)
            features = model.features(moved(inputs[chosen], device), start)
            taught = model.outputs(features, wanted)
            total += float(model.task.loss(taught, wanted)) * len(chosen)
            parts.append(model.decode(model.outputs(features) if model.task.generates else taught))
    return joined(parts), total / len(inputs)


def predicted(model: Model, examples: Examples, run: Run) -> Predictions:
    """Predictions for items as they come, in eval mode."""
    model.eval()
    device, parts = torch.device(run.device), []
    with torch.inference_mode():
        for start in range(0, len(examples), GENERATED):
            indices = range(start, min(start + GENERATED, len(examples)))
            inputs = moved(inputs_of(model.processor, examples.items, indices), device)
            parts.append(model.decode(model.outputs(model.features(inputs))))
    return joined(parts)


def raw_outputs(model: Model, inputs: Inputs, start: int, device: torch.device) -> Any:
    """The model's outputs for all inputs, in eval mode: (n, ...) where they are tensors."""
    model.eval()
    with torch.inference_mode():
        parts = [
            model.outputs(model.features(moved(inputs[chosen], device), start))
            for chosen in torch.split(torch.arange(len(inputs)), BATCH)
        ]
    return torch.cat(parts).cpu() if all(isinstance(part, Tensor) for part in parts) else parts


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Predictions of several batches as one."""
    labels = tuple(label for part in parts for label in part.labels)
    scores = [part.scores for part in parts if part.scores is not None]
    return Predictions(labels, np.concatenate(scores) if scores else None)


def take(targets: Tensor | list[Any], chosen: Tensor, device: torch.device) -> Any:
    """The targets of a batch."""
    if isinstance(targets, Tensor):
        return targets[chosen].to(device)
    return [targets[i] for i in chosen.tolist()]
