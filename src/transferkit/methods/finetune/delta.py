"""DELTA: fine-tuning held to what the source's feature maps show, the more so the more a map matters.

Li, Xiong, Wang, Rao, Liu & Huan 2019, arXiv:1901.09229, eq. 4-6: with FM_c the map of channel c on an item, w0 the source's
weights, v the head's and v0 the linear probe it starts as (0 for a random head, as in the paper),

    L = L_task + alpha * sum over c of a_c |FM_c(w) - FM_c(w0)|^2 + beta / 2 |v - v0|^2

a is the softmax of what the loss would rise by were that channel taken out of the source. Differs: that rise is foretold to
first order, -<dL/dFM_c, FM_c> (Molchanov et al. 2017, arXiv:1611.06440), by one pass in place of one a channel, and counted in
its own standard deviation; distances are relative to the mean square of the source's maps, so that alpha means the same for
every network. Maps are compared at the ends of four stretches of stages. A channel is axis 1 of (n, c, h, w), of three axes
what the network says (`Network.sequence_channels`), else the last.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.network import State
    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.losses import Step
    from transferkit.training.model import Model

LAYERS = 4


@dataclass(frozen=True, kw_only=True)
class DELTA(TuningMethod):
    """Let the weights move, but hold the feature maps that matter to those of the source.

    With few labels and a near source, as l2_sp; a second, frozen pass a step makes it half as dear again.

    >>> str(DELTA(alpha=1.0))
    'delta:alpha=1.0'
    """

    paper: ClassVar[str] = "arXiv:1901.09229"
    not_negative: ClassVar[tuple[str, ...]] = (*TuningMethod.not_negative, "alpha", "beta")

    weight_decay: float = 0.0
    alpha: float = 0.1
    """How strongly the maps are held."""
    beta: float = 0.01
    """Pull of the head's weights to the linear probe; of a random head's to 0."""

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """The distance between the maps of the network and those of a frozen copy of it."""
        import torch

        from transferkit.training.loop import Addition
        from transferkit.training.model import Model
        from transferkit.training.starting_point import StartingPoint

        n, first = len(model.network.stages), self.first_moving(model.network)
        positions = tuple(sorted({max(1, round(n * k / LAYERS)) for k in range(1, LAYERS + 1)} - set(range(first + 1))))
        axis = model.network.sequence_channels
        source = Model(model.task, copy.deepcopy(model.network).requires_grad_(False), model.head, model.processor)
        attention = channel_attention(model, target, run, positions) if positions else {}  # none where no stage moves
        head_start = StartingPoint(model.head.parameters(), at_zero=not self.probe_first)

        def hold(step: Step) -> Tensor:
            source.network.eval()
            with torch.no_grad():
                kept = source.watched_features(step.inputs, first, positions)[1]
            apart = [map_distance(step.states[p], kept[p], attention[p], axis) for p in positions]
            away = head_start.squared_distance()
            return self.alpha * sum(apart, torch.zeros_like(away)) + self.beta / 2 * away

        return Addition(penalty=hold, watched=positions)


def map_distance(now: State, kept: State, attention: Tensor, axis: int = -1) -> Tensor:
    """Mean over items of the squared distance of each channel, weighted (attention sums to 1), in mean squares of `kept`."""
    ours, theirs = by_channel(now, axis), by_channel(kept, axis)  # (channels, values)
    return (attention * (ours - theirs).square().mean(1)).sum() / theirs.square().mean().clamp_min(1e-12)


def by_channel(state: State, axis: int = -1) -> Tensor:
    """(channels, everything else) of a state; of a tuple, its first tensor. `axis`: where channels are in one of three axes."""
    from transferkit.core.network import parts_of

    maps = parts_of(state)[0]
    return maps.movedim({3: axis, 4: 1}.get(maps.ndim, -1), 0).flatten(1)


def channel_attention(model: Model, target: Target, run: Run, positions: tuple[int, ...]) -> Mapping[int, Tensor]:
    """Position -> (channels,) weights that add up to 1: the softmax of the loss's rise without each channel."""
    import torch

    from transferkit.core.network import parts_of
    from transferkit.training.one_pass import one_pass

    rises: dict[int, Tensor] = {}
    axis = model.network.sequence_channels
    for inputs, wanted, share in one_pass(model, target.train, run):
        features, states = model.watched_features(inputs, 0, positions)
        loss = share * model.task.loss(model.outputs(features, wanted), wanted)
        gradients = torch.autograd.grad(loss, [parts_of(states[p])[0] for p in positions])
        for p, gradient in zip(positions, gradients, strict=True):
            rise = -(by_channel(gradient, axis) * by_channel(states[p], axis)).sum(1).detach()
            rises[p] = rises.get(p, 0) + rise
    return {p: (rise / rise.std(correction=0).clamp_min(1e-12)).softmax(0) for p, rise in rises.items()}
