"""Surgical: one stretch of the network moves, and the head; all the rest stays as it is.

Lee, Chen, Tajwar, Kumar, Yao, Liang & Finn 2023, arXiv:2210.11466: which stretch is best depends on how the target differs from
the source - the first for other pixels, the last for other labels. The stages are cut into four stretches of equal length; as
in the paper, the best is found on validation (`part` is among the settings that are tuned). Where nobody tries, it is the
stretch with the largest relative gradient (section 5, Auto-RGN)

    |gradient of the loss by its weights| / |its weights|

at the start, over all training items. Differs: the paper then gives every layer a rate of that size, here one stretch moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from transferkit.core.errors import WrongUse
from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from torch import Tensor, nn

    from transferkit.core.predictor import FitRecord
    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.model import Model

PARTS = 4


@dataclass(frozen=True, kw_only=True)
class Surgical(TuningMethod):
    """Move the one quarter of the network that has to change, and leave the others alone.

    Where you can say what is different: the pictures (part=1), their parts (2, 3), or only what they are called (4). Where
    everything is, use full.

    >>> str(Surgical(part=1))
    'surgical:part=1'
    """

    paper: ClassVar[str] = "arXiv:2210.11466"
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"part": (None, 1, 2, 3, 4)}

    layer_decay: float = 1.0
    part: int | None = None
    """Which quarter of the stages moves, 1 to 4 from input to output; None: that with the largest relative gradient."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.part is not None and not 1 <= self.part <= PARTS:
            raise WrongUse(f"{self.name}:part={self.part} must be 1 to {PARTS}, from input to output")

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """Which parameters lie in the chosen part."""
        from transferkit.training.loop import Addition

        network = model.network
        parts = [[network.stage(n) for n in names] for names in cut(network.stages[self.first_moving(network) :])]
        part = self.part or 1 + _most_wanting(parts, model, target, run)
        chosen = {id(p) for module in parts[part - 1] for p in module.parameters()}
        return Addition(moves=lambda name, parameter: id(parameter) in chosen, settings={"part": part})

    def refit(self, record: FitRecord) -> Self:
        """The same part again."""
        return replace(super().refit(record), part=record.settings.get("part", self.part))


def cut(stages: Sequence[str]) -> list[tuple[str, ...]]:
    """The stages in four stretches; a network with fewer stages has some of them twice.

    >>> cut(["stem", "block1", "block2", "block3", "block4", "top"])
    [('stem',), ('block1', 'block2'), ('block3',), ('block4', 'top')]
    >>> cut(["body"])
    [('body',), ('body',), ('body',), ('body',)]
    """
    n = len(stages)
    starts = [part * n // PARTS for part in range(PARTS)]
    ends = [max(start + 1, (part + 1) * n // PARTS) for part, start in enumerate(starts)]
    return [tuple(stages[start:end]) for start, end in zip(starts, ends, strict=True)]


def _most_wanting(parts: Sequence[Sequence[nn.Module]], model: Model, target: Target, run: Run) -> int:
    """The part with the largest relative gradient of the mean loss over all training items."""
    import torch

    from transferkit.training.one_pass import one_pass

    weights = [[p for module in part for p in module.parameters()] for part in parts]
    for inputs, wanted, share in one_pass(model, target.train, run):
        loss = share * model.task.loss(model.outputs(model.features(inputs), wanted), wanted)
        loss.backward()  # type: ignore[no-untyped-call]
    sizes = [(_size([p.grad for p in part if p.grad is not None]), _size(part)) for part in weights]
    for p in model.parameters():
        p.grad = None
    return int(torch.tensor([gradient / max(size, 1e-12) for gradient, size in sizes]).argmax())


def _size(tensors: Sequence[Tensor]) -> float:
    """The Euclidean norm of all of them as one vector."""
    return math.sqrt(sum(float(tensor.detach().double().square().sum()) for tensor in tensors))
