"""Which stages move, at which rate, and which stay exactly as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from transferkit.core.network import Network

_NORMALISERS_WITH_STATISTICS = (nn.modules.batchnorm._BatchNorm,)


def freeze_before(network: Network, head: nn.Module, first_moving: int) -> None:
    """The stages from position `first_moving` on and the head get gradients; nothing else does, a source's own head
    neither. `len(stages)` freezes the whole network."""
    network.requires_grad_(False)
    for name in network.stages[first_moving:]:
        network.stage(name).requires_grad_(True)
    head.requires_grad_(True)


def keep_still(network: Network, moves: Callable[[str, nn.Parameter], bool]) -> None:
    """Of the parameters that move, only those for which `moves(name, parameter)` holds go on moving."""
    for name, parameter in network.named_parameters():
        if parameter.requires_grad and not moves(name, parameter):
            parameter.requires_grad_(False)


def train_mode(network: Network, head: nn.Module, first_moving: int, keep_statistics: bool) -> None:
    """Put what moves in train mode. Frozen stages stay in eval mode, so that nothing in them changes: those before
    `first_moving`, and those none of whose parameters gets a gradient now.

    `keep_statistics`: BatchNorm in moving stages keeps the running mean and variance of its source as well; a handful
    of items estimates them badly.
    """
    network.eval()
    head.train()
    for name in network.stages[first_moving:]:
        stage = network.stage(name)
        if not any(p.requires_grad for p in stage.parameters()) and any(True for _ in stage.parameters()):
            continue
        for module in stage.modules():
            module.training = not (keep_statistics and _has_statistics(module))


def _has_statistics(module: nn.Module) -> bool:
    """Torch's own, or another library's layer that says so of itself."""
    return isinstance(module, _NORMALISERS_WITH_STATISTICS) or getattr(module, "has_statistics", False)


def parameter_groups(
    network: Network, head: nn.Module, learning_rate: float, head_learning_rate: float, layer_decay: float
) -> list[dict[str, Any]]:
    """Layer-wise rates: the last stage gets `learning_rate`, each stage before it `layer_decay` times the next one's."""
    groups = [{"params": list(head.parameters()), "lr": head_learning_rate}]
    for distance, name in enumerate(reversed(network.stages)):
        moving = [p for p in network.stage(name).parameters() if p.requires_grad]
        if moving:
            groups.append({"params": moving, "lr": learning_rate * layer_decay**distance})
    return groups
