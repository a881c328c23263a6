"""Any transformers vision model as a network with named stages, its head kept apart.

The models are the library's own (Wolf et al. 2020, arXiv:1910.03771); `_vision_layouts` says where their stages lie.
Stages: `embeddings`, `block1`, `block2`, ..., and `top` where a layer with weights comes after the last block (a norm
there belongs to the last block). A model of no known layout has the one stage `body`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, final

import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State
from transferkit.sources.architectures import _transformers_checkpoint
from transferkit.sources.architectures._transformers_checkpoint import Unfit, first_line
from transferkit.sources.architectures._vision_layouts import Layout, enter, families, layout_of

__all__ = ["build", "families", "load", "outline", "settings_for", "wrap"]


def build(config: Mapping[str, Any], classifier: bool) -> Network:
    """A fresh network of a transformers configuration, as `settings_for` writes it down."""
    return wrap(_transformers_checkpoint.fresh(_auto_class(classifier), config), classifier)


def settings_for(config: Any, classifier: bool) -> dict[str, Any]:
    """The settings from which `build` makes the architecture of a transformers configuration."""
    return {"config": _transformers_checkpoint.shape_of(config, classifier), "classifier": classifier}


def load(folder: str, config: Any, classifier: bool, pickled: bool = False) -> tuple[Network, Unfit]:
    """The network with a local checkpoint's weights, and what of it the checkpoint does not give."""
    return _transformers_checkpoint.load(
        _auto_class(classifier), folder, config, pickled, lambda model: wrap(model, classifier)
    )


def outline(config: Any, classifier: bool) -> tuple[int, bool]:
    """How many parameters the body has, and whether there is a head beside it; allocates none of them."""
    body, head, _ = _parts(_transformers_checkpoint.on_meta(_auto_class(classifier), config), classifier)
    return sum(parameter.numel() for parameter in body.parameters()), head is not None


def wrap(model: Any, classifier: bool) -> Network:
    """A transformers model (with its head, if `classifier`) as a network; the model is taken apart."""
    config = model.config
    return TransformersVision(
        Architecture.of("transformers_vision", settings_for(config, classifier)), *_parts(model, classifier)
    )


def _auto_class(classifier: bool) -> Any:
    from transformers import AutoModel, AutoModelForImageClassification

    return AutoModelForImageClassification if classifier else AutoModel


def _parts(model: Any, classifier: bool) -> tuple[Any, nn.Module | None, Layout | None]:
    """Body, head and layout, no parameter in two of them and none that the features do not pass through."""
    body = model.base_model if classifier else model
    layout = layout_of(model, body)
    head = getattr(model, "classifier", None) if classifier else None
    if layout is None:
        if isinstance(head, (nn.Linear, nn.Sequential)):
            model.classifier = nn.Identity()  # its output is then what the classifier would take
            return model, head, None
        if classifier and body is model:
            raise WrongUse(f"the classifier of a {model.config.model_type} model cannot be parted from its body")
        _drop_dense_pooler(body)
        return body, None, None
    for name in layout.unused:
        setattr(body, name, None)
    if hasattr(body.config, "mask_ratio"):
        body.config.mask_ratio = 0.0
    return body, layout.head(model) if layout.head else head, layout


def _drop_dense_pooler(body: Any) -> None:
    """A pooler with its own weights was made for one pretraining task, and checkpoints often lack it."""
    pooler = getattr(body, "pooler", None)
    if isinstance(pooler, nn.Module) and any(parameter.ndim > 1 for parameter in pooler.parameters()):
        body.pooler = None


@final
class TransformersVision(Network):
    """A transformers vision model: `body` and `head` are the library's modules, cut into stages by a layout."""

    def __init__(self, architecture: Architecture, body: Any, head: nn.Module | None, layout: Layout | None) -> None:
        super().__init__()
        self.architecture = architecture
        self.body = body
        self.head = head
        self._layout = layout
        self._channels = getattr(body.config, "num_channels", 3)
        if self._channels not in (1, 3):
            raise WrongUse(f"a {body.config.model_type} model with {self._channels} channels does not take pictures")
        self.stages = tuple(self._cut())
        self.feature_dim = self._measured_dim()

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        tensor = cast(Tensor, state)
        end = len(self.stages) if stop is None else stop
        for position in range(start, end):
            tensor = self._step(position, tensor)
        return tensor

    def stage(self, name: str) -> nn.Module:
        """The modules of one stage."""
        return nn.ModuleList(self._cut()[name])

    def _step(self, position: int, state: Tensor) -> Tensor:
        if position == 0 and self._channels == 1:
            state = state.mean(1, keepdim=True)
        layout = self._layout
        if layout is None:
            return _features_of(self.body(pixel_values=state))
        if position == 0:
            return enter(layout, self.body, state)
        blocks = self.body.get_submodule(layout.blocks)
        if position <= len(blocks):
            block = blocks[position - 1]
            state = block(state) if layout.step is None else layout.step(self.body, block, state)
        return layout.finish(self.body, state) if position == len(self.stages) - 1 else state

    def _cut(self) -> dict[str, list[nn.Module]]:
        """Stage name -> its modules, in running order."""
        layout = self._layout
        if layout is None:
            return {"body": [self.body]}
        stages = {"embeddings": [self.body.get_submodule(path) for path in layout.embed]}
        for i, block in enumerate(self.body.get_submodule(layout.blocks), start=1):
            stages[f"block{i}"] = [block]
        after = [self.body.get_submodule(path) for path in layout.after]
        if any(parameter.ndim > 1 for module in after for parameter in module.parameters()):
            stages["top"] = after
        else:
            stages[next(reversed(stages))] += after
        return stages

    def _measured_dim(self) -> int:
        """Found by running one black picture, since no configuration field gives it for every family."""
        config = getattr(self.body.config, "vision_config", self.body.config)
        size = getattr(config, "image_size", None) or 64
        height, width = (size, size) if isinstance(size, int) else size
        training = self.body.training
        self.body.eval()
        try:
            with torch.no_grad():
                features = self.run(torch.zeros(1, 3, height, width))
        except Exception as reason:  # a family may fail in any way on what is not its kind of input
            raise WrongUse(
                f"a {self.body.config.model_type} model does not turn one picture into features: {first_line(reason)}"
            ) from reason
        finally:
            self.body.train(training)
        return cast(Tensor, features).shape[1]


def _features_of(output: Any) -> Tensor:
    """One vector an item from whatever a model without a layout gives."""
    for name in ("logits", "pooler_output"):
        found = output.get(name)
        if found is not None:
            return cast(Tensor, found).flatten(1)
    state = cast(Tensor, output["last_hidden_state"])
    return state.mean((-2, -1)) if state.ndim == 4 else state.mean(1)
