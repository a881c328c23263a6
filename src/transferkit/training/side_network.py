"""SideNetwork: a small network beside a frozen one, and the predictor that runs both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast, final

import numpy as np
import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network, State, parts_of
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.recognise import opened
from transferkit.core.source import Processor
from transferkit.core.task import Predictions, Task
from transferkit.sources import architectures, processors
from transferkit.training.evaluation import joined
from transferkit.training.fused import under
from transferkit.training.inputs import Inputs
from transferkit.training.model import moved

BATCH = 32


class _Beside(nn.Module):
    """The small network, what brings its features to the frozen one's length, and the balance between the two."""

    def __init__(self, side: Network, feature_dim: int) -> None:
        super().__init__()
        self.side = side
        self.projection = nn.Linear(side.feature_dim, feature_dim)
        nn.init.zeros_(self.projection.weight)  # it starts as the frozen network alone
        nn.init.zeros_(self.projection.bias)
        self.balance = nn.Parameter(torch.zeros(()))

    def forward(self, base: Tensor, inputs: State) -> Tensor:
        share = torch.sigmoid(self.balance)
        blended: Tensor = share * base + (1 - share) * self.projection(self.side(inputs))
        return blended


@final
class SideNetwork(Network):
    """(features of the frozen network (n, d), inputs of the side network) -> share * frozen + (1 - share) * side, (n, d)."""

    def __init__(self, side: Network, feature_dim: int) -> None:
        super().__init__()
        self.architecture, self.feature_dim, self.stages = side.architecture, feature_dim, ("beside",)
        self.beside = _Beside(side, feature_dim)

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """One stage: from both inputs to the blended features."""
        if start > 0 or stop == 0:
            return state
        base, *inputs = parts_of(state)
        return cast(Tensor, self.beside(base, inputs[0] if len(inputs) == 1 else tuple(inputs)))

    def stage(self, name: str) -> nn.Module:
        """All that moves."""
        return self.beside


class BesideInputs(Inputs):
    """Cached features of the frozen network (n, d), each with what the side network takes of the same item."""

    def __init__(self, features: np.ndarray, side: Inputs) -> None:
        self._frozen, self._side = features, side

    def __len__(self) -> int:
        return len(self._frozen)

    def __getitem__(self, indices: Sequence[int] | Tensor) -> State:
        chosen = torch.as_tensor(indices)
        return torch.from_numpy(np.array(self._frozen[chosen.numpy()])), *parts_of(self._side[chosen])


class SideTuned(Predictor):
    """A frozen network, the small one beside it, and a head on their blend; each network has its own processor."""

    def __init__(
        self,
        task: Task,
        base: tuple[Processor, Network],
        side: tuple[Processor, SideNetwork],
        head: nn.Module,
        record: FitRecord | None = None,
    ) -> None:
        self.task, self.base, self.side, self.head = task, base, side, head
        self.record = record or FitRecord()
        for module in self._modules().values():
            module.eval()

    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        """Raw items, or the paths of their files -> predictions."""
        items = opened(items, self.side[0].modality)
        device, parts = next(self.head.parameters()).device, []
        for start in range(0, len(items), BATCH):
            batch = [items[i] for i in range(len(items))[start : start + BATCH]]
            with torch.inference_mode():
                frozen = cast(Tensor, self.base[1](moved(self.base[0](batch), device)))
                features = self.side[1]((frozen, *parts_of(moved(self.side[0](batch), device))))
                parts.append(self.task.decode(self.head(features)))
            if progress:
                progress(start + len(batch), len(items))
        return joined(parts)

    @property
    def processor(self) -> Processor:
        """That of the small network; the frozen one takes the same items."""
        return self.side[0]

    def to(self, device: str) -> None:
        """Move all three parts."""
        for module in self._modules().values():
            module.to(torch.device(device))

    def describe(self) -> dict[str, Any]:
        """Architecture and processor of both networks."""
        return {
            name: {
                "architecture": {"kind": network.architecture.kind, "settings": network.architecture.arguments()},
                "processor": processor.describe(),
            }
            for name, (processor, network) in (("base", self.base), ("side", self.side))
        }

    def tensors(self) -> dict[str, Tensor]:
        """All weights and statistics, contiguous, on the CPU."""
        return {
            f"{name}.{key}": value.detach().cpu().contiguous()
            for name, module in self._modules().items()
            for key, value in module.state_dict().items()
        }

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> SideTuned:
        """Build both architectures, then lay the weights in; every name must be there."""
        networks = {}
        for name in ("base", "side"):
            described = settings[name]["architecture"]
            networks[name] = architectures.build(Architecture.of(described["kind"], described["settings"]), seed=0)
        base, side = networks["base"], SideNetwork(networks["side"], networks["base"].feature_dim)
        head = task.head(base, seed=0)
        for name, module in (("base", base), ("side", side), ("head", head)):
            module.load_state_dict(under(f"{name}.", tensors))
        on = [processors.build(settings[name]["processor"]) for name in ("base", "side")]
        return cls(task, (on[0], base), (on[1], side), head)

    def _modules(self) -> dict[str, nn.Module]:
        return {"base": self.base[1], "side": self.side[1], "head": self.head}
