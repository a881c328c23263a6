"""Distillation: a teacher's outputs as a penalty on the student's, on labelled and unlabelled items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.training.body import Body
from transferkit.training.frozen import frozen_states
from transferkit.training.inputs import Inputs
from transferkit.training.loop import Addition
from transferkit.training.losses import Step
from transferkit.training.model import Model, moved

BATCH = 16
"""Unlabelled items beside each batch of labelled ones."""


def divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 KL(softmax(teacher / T) || softmax(student / T)), the mean over n items; logits (n, n_classes)."""
    wanted, given = teacher.div(temperature).log_softmax(1), student.div(temperature).log_softmax(1)
    return temperature**2 * functional.kl_div(given, wanted, reduction="batchmean", log_target=True)


def taught_by(
    teacher: Body, head: nn.Module, student: Body, target: Target, run: Run, temperature: float, weight: float
) -> Callable[[Model], Addition]:
    """What the teacher, a frozen body with a head, adds to the student's training.

    Its own outputs are computed once, without augmentation.
    """
    unlabelled = target.unlabelled
    said = _outputs(teacher, head, target.train, run)
    said_unlabelled = _outputs(teacher, head, unlabelled, run) if len(unlabelled) else None
    inputs = Inputs(unlabelled, student.processor) if len(unlabelled) else None
    draw = run.generator("unlabelled")
    has_classes = target.task.name == "classify"

    def apart(given: Any, wanted: Tensor) -> Tensor:
        wanted = wanted.to(given.device)
        return divergence(given, wanted, temperature) if has_classes else functional.mse_loss(given, wanted)

    def add(model: Model) -> Addition:
        def penalty(step: Step) -> Tensor:
            loss = apart(step.outputs, said[step.chosen])
            if inputs is not None and said_unlabelled is not None:
                chosen = torch.randint(len(inputs), (BATCH,), generator=draw)
                outputs = model.outputs(model.features(moved(inputs[chosen], torch.device(run.device))))
                loss = loss + apart(outputs, said_unlabelled[chosen])
            return weight * loss

        return Addition(penalty=penalty)

    return add


def _outputs(body: Body, head: nn.Module, examples: Examples, run: Run) -> Tensor:
    """(n, n_outputs), from the cached features."""
    with torch.no_grad():
        outputs: Tensor = head(torch.from_numpy(np.array(frozen_states(body, examples, run))))
    return outputs
