"""Any timm model of pictures as a network with named stages, its classifier kept apart as the head.

The models are the library's own (Wightman 2019, github.com/huggingface/pytorch-image-models). How a model is cut is found
out, not looked up: its parts are run one after the other on random weights, and the cut is taken where that gives what the
library's own `forward_features` gives; a model that runs otherwise has the one stage `body`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast, final

import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.network import Network, State, seeded
from transferkit.sources.architectures._cuts import joined

_AFTER = ("global_pool", "head", "head_drop", "fc_norm", "classifier", "fc", "last_linear", "conv_head", "final_conv")
"""Parts of which the first may begin the library's `forward_head`; the last two are tried both ways."""
_OPENED = ("blocks", "layers", "stages", "features")
"""Parts that are taken apart."""
_CLOSE = 1e-4
"""Relative difference that another order of additions makes at most."""


def timm_library() -> Any:
    """The timm module; one line where it is missing or torchvision does not fit."""
    try:
        import timm
    except (ImportError, RuntimeError) as reason:  # a torchvision built for another torch raises RuntimeError
        line = str(reason).splitlines()[0]
        raise WrongUse(
            f"timm sources need timm, and a torchvision that fits this torch ({line}); install: pip install transferkit[timm]"
        ) from None
    return timm


def build(name: str, n_classes: int | None = None) -> Network:
    """A fresh network of a timm architecture, such as resnet18."""
    model = made(name, n_classes)
    settings = {"name": name, "n_classes": n_classes}
    head = model.get_classifier() if n_classes else None
    if head is not None and not isinstance(head, nn.Linear):
        raise WrongUse(f"the classifier of timm's {name} cannot be parted from its body")
    model.reset_classifier(0)
    return TimmModel(Architecture.of("timm_model", settings), model, head, layout(name))


def made(name: str, n_classes: int | None) -> Any:
    """The library's own model, without pretrained weights; an unknown name gives one line."""
    timm = timm_library()
    if not timm.is_model(name):
        raise unknown_name("timm model", name, timm.list_models())
    return timm.create_model(name, pretrained=False, num_classes=n_classes or 0).eval()


@dataclass(frozen=True)
class Layout:
    """How a model is cut: stage name -> paths of its parts, in running order."""

    stages: tuple[tuple[str, tuple[str, ...]], ...]
    feature_dim: int
    has_tokens: bool = False
    """Whether position embeddings are added after the patches, by the library's `_pos_embed`."""


@cache
def layout(name: str) -> Layout:
    """Found once a process, on a throwaway model with weights that are nowhere 0 or 1."""
    model = made(name, None)
    size = model.pretrained_cfg["input_size"] if model.pretrained_cfg else (3, 224, 224)
    with torch.inference_mode(), seeded(0):
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.02)
        pictures = torch.randn(2, *size)
        expected = model.forward_features(pictures)
        feature_dim = model.forward_head(expected, pre_logits=True).shape[1]
        for pieces, has_tokens in _candidates(model):
            found = Layout(_in_stages(model, pieces), feature_dim, has_tokens)
            if _agrees(model, found, pictures, expected):
                return found
    return Layout((("body", ()),), feature_dim)


@final
class TimmModel(Network):
    """`body` is the library's model without its classifier, cut into stages by a layout."""

    def __init__(self, architecture: Architecture, body: Any, head: nn.Module | None, cut: Layout) -> None:
        super().__init__()
        self.architecture = architecture
        self.body = body
        self.head = head
        self._layout = cut
        self.stages = tuple(name for name, _ in cut.stages)
        self.feature_dim = cut.feature_dim

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        tensor = cast(Tensor, state)
        end = len(self.stages) if stop is None else stop
        for position in range(start, end):
            tensor = _step(self.body, self._layout, position, tensor)
        if end == len(self.stages) and start < end:
            tensor = self.body.forward_head(tensor, pre_logits=True)
        return tensor

    def stage(self, name: str) -> nn.Module:
        """The parts of one stage; weights that belong to no part are the first stage's, those of the head's side the last's."""
        parts = dict(self._layout.stages)
        if parts == {"body": ()}:
            return nn.ModuleList([self.body])
        inside = {path for paths in parts.values() for path in paths}
        module = nn.ModuleList(self.body.get_submodule(path) for path in parts[name])
        if name == self.stages[-1]:
            module.extend(_outside(self.body, inside))
        if name == self.stages[0]:
            own = [*self.body.named_parameters(recurse=False)]
            loose = nn.Module()
            for key, parameter in own:
                loose.register_parameter(key, parameter)
            module.append(loose)
        return module


def _candidates(model: nn.Module) -> Iterator[tuple[list[str], bool]]:
    """Paths of the parts in the order they may run in, and whether there are tokens."""
    children = [name for name, _ in model.named_children()]
    for after in (_AFTER, _AFTER[:-2]):
        end = min((children.index(name) for name in after if name in children), default=len(children))
        before = children[:end]
        pieces = [path for name in before for path in _opened(model, name)]
        yield pieces, False
        if hasattr(model, "_pos_embed"):
            yield [path for path in pieces if path != "pos_drop"], True


def _opened(model: nn.Module, name: str) -> list[str]:
    child = model.get_submodule(name)
    if name in _OPENED and isinstance(child, (nn.Sequential, nn.ModuleList)):
        return [f"{name}.{inner}" for inner, _ in child.named_children()]
    return [name]


def _in_stages(model: nn.Module, pieces: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each part with weights of more than one axis begins a stage."""
    parts = joined([[_Piece(path)] for path in pieces], lambda piece: _learns_much(model.get_submodule(piece.path)))
    return tuple((part[0].path.replace(".", ""), tuple(piece.path for piece in part)) for part in parts)


@dataclass(frozen=True)
class _Piece:
    """A part, as the cuts see it."""

    path: str
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    uncut: bool = False


def _learns_much(module: nn.Module) -> bool:
    return any(parameter.ndim > 1 for parameter in module.parameters())


def _agrees(model: Any, cut: Layout, pictures: Tensor, expected: Tensor) -> bool:
    """Whether the parts, run one after the other, give what the whole gives, with the pictures as first axis throughout."""
    state = pictures
    try:
        for position in range(len(cut.stages)):
            state = _step(model, cut, position, state)
            if not isinstance(state, Tensor) or len(state) != len(pictures):
                return False
    except (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError, AssertionError):
        return False  # the parts do not fit together in this order
    return state.shape == expected.shape and bool((state - expected).norm() <= _CLOSE * expected.norm())


def _step(model: Any, cut: Layout, position: int, state: Tensor) -> Tensor:
    paths = cut.stages[position][1]
    if not paths:
        return cast(Tensor, model.forward_features(state))
    for path in paths:
        state = model.get_submodule(path)(state)
        if cut.has_tokens and path == "patch_embed":
            state = model._pos_embed(state)
    return state


def _outside(model: nn.Module, inside: set[str]) -> Iterator[nn.Module]:
    """Parts of the head's side: the largest modules that share nothing with those of the stages."""
    for name, child in model.named_children():
        if name in inside:
            continue
        opened = any(path.startswith(f"{name}.") for path in inside)
        if not opened:
            yield child
