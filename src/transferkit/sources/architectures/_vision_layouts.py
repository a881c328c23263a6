"""Where the stages of each transformers vision model lie: one row a family, read by `transformers_vision`.

A row names modules by their path inside the body. Features are what the family's own classifier takes, so that its
head can be put on them; bodies without a head give the same features. What is in no row, or no longer lies where its
row says, is run as one stage and works all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import torch
from torch import Tensor, nn

Body: TypeAlias = Any
"""A transformers model without its head; its attributes differ from family to family."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The chain from pictures to features: `embed`, then each of `blocks`, then `finish`."""

    embed: tuple[str, ...]
    blocks: str
    finish: Callable[[Body, Tensor], Tensor]
    """The state after the last block -> features (n, d)."""
    after: tuple[str, ...] = ()
    """Modules that `finish` runs; a stage of their own where they hold more than a norm."""
    enter: Callable[[Body, Tensor], Tensor] | None = None
    """Pictures -> first state, where it is more than running `embed` in turn."""
    step: Callable[[Body, nn.Module, Tensor], Tensor] | None = None
    """One block, where it is more than a call."""
    unused: tuple[str, ...] = ()
    """Modules that these features do not pass through."""
    head: Callable[[Any], nn.Module] | None = None
    """The classifier's head, where it is not `classifier`."""


def families() -> frozenset[str]:
    """The model types that have a row, and so several stages."""
    return frozenset(name for name in _ROWS if name.islower())


def layout_of(model: Any, body: Body) -> Layout | None:
    """The row of a model whose body this is, or None where no row fits."""
    layout = _ROWS.get(type(model).__name__, _ROWS.get(model.config.model_type))
    if layout is None:
        return None
    try:
        for path in (*layout.embed, layout.blocks, *layout.after):
            body.get_submodule(path)
    except AttributeError:  # another version of the library keeps it elsewhere
        return None
    return layout


def enter(layout: Layout, body: Body, pictures: Tensor) -> Tensor:
    """Pictures (n, c, h, w) -> the first state."""
    if layout.enter is not None:
        return layout.enter(body, pictures)
    state = pictures
    for path in layout.embed:
        state = body.get_submodule(path)(state)
    return state


@final
class TwoHeads(nn.Module):
    """The mean of a classifier on the class token and one on the distillation token (DeiT, arXiv:2012.12877)."""

    def __init__(self, of_class: nn.Module, of_distillation: nn.Module) -> None:
        super().__init__()
        self.of_class = of_class
        self.of_distillation = of_distillation

    def forward(self, features: Tensor) -> Tensor:
        """(n, 2 d) -> (n, n_classes)."""
        for_class, for_distillation = features.chunk(2, dim=1)
        logits: Tensor = (self.of_class(for_class) + self.of_distillation(for_distillation)) / 2
        return logits


def _pooled(body: Body, maps: Tensor) -> Tensor:
    return body.pooler(maps).flatten(1)  # type: ignore[no-any-return]


def _pooled_norm(body: Body, maps: Tensor) -> Tensor:
    return body.layernorm(maps.mean((-2, -1)))  # type: ignore[no-any-return]


def _pooled_after_norm(body: Body, maps: Tensor) -> Tensor:
    return _pooled(body, body.norm(maps))


def _pooled_after_convolution(body: Body, maps: Tensor) -> Tensor:
    return _pooled(body, body.conv_1x1(maps))


def _pooled_after_top(body: Body, maps: Tensor) -> Tensor:
    encoder = body.encoder
    return _pooled(body, encoder.top_activation(encoder.top_bn(encoder.top_conv(maps))))


def _class_token(body: Body, tokens: Tensor) -> Tensor:
    return body.layernorm(tokens)[:, 0]  # type: ignore[no-any-return]


def _class_and_distillation_token(body: Body, tokens: Tensor) -> Tensor:
    return body.layernorm(tokens)[:, :2].flatten(1)  # type: ignore[no-any-return]


def _mean_token(body: Body, tokens: Tensor) -> Tensor:
    return body.layernorm(tokens).mean(1)  # type: ignore[no-any-return]


def _class_token_and_mean_patch(body: Body, tokens: Tensor) -> Tensor:
    tokens = body.layernorm(tokens)
    first_patch = 1 + getattr(body.config, "num_register_tokens", 0)
    return torch.cat([tokens[:, 0], tokens[:, first_patch:].mean(1)], dim=1)  # (n, 2 d)


def _clip_token(body: Body, tokens: Tensor) -> Tensor:
    return body.post_layernorm(tokens[:, 0])  # type: ignore[no-any-return]


def _beit_pooled(body: Body, tokens: Tensor) -> Tensor:
    return body.pooler(body.layernorm(tokens))  # type: ignore[no-any-return]


def _mean_window(body: Body, windows: Tensor) -> Tensor:
    tokens = body.layernorm(windows.flatten(1, 2))  # (n, h * w, d)
    return body.pooler(tokens.transpose(1, 2)).flatten(1)  # type: ignore[no-any-return]


def _enter_unmasked(body: Body, pictures: Tensor) -> Tensor:
    """A masked autoencoder hides patches at random; in order of position and with none hidden, it sees the picture."""
    n_patches = body.embeddings.patch_embeddings.num_patches
    order = torch.arange(n_patches, device=pictures.device, dtype=pictures.dtype).expand(len(pictures), -1)
    return body.embeddings(pictures, noise=order)[0]  # type: ignore[no-any-return]


def _enter_windows(body: Body, pictures: Tensor) -> Tensor:
    """Kept as (n, h, w, d), so that a state alone tells the shape of its grid."""
    tokens, (height, width) = body.embeddings(pictures)
    return tokens.unflatten(1, (height, width))  # type: ignore[no-any-return]


def _step_windows(body: Body, stage: nn.Module, windows: Tensor) -> Tensor:
    height, width = windows.shape[1:3]
    tokens = stage(windows.flatten(1, 2), (height, width))[0]
    if stage.downsample is not None:
        height, width = (height + 1) // 2, (width + 1) // 2
    return tokens.unflatten(1, (height, width))  # type: ignore[no-any-return]


def _step_tokens(body: Body, layer: nn.Module, tokens: Tensor) -> Tensor:
    """Without a mask: a picture has no padding."""
    return layer(tokens, None)  # type: ignore[no-any-return]


def _step_beit(body: Body, layer: nn.Module, tokens: Tensor) -> Tensor:
    """Layers add a bias for each pair of positions, their own or one they share."""
    side = body.config.image_size
    resolution = (side, side) if isinstance(side, int) else tuple(side)
    shared = body.shared_position_bias
    if shared is not None:
        window = tuple(length // body.config.patch_size for length in resolution)
        shared = shared(window, dim_size=tokens.shape[1])
    return layer(tokens, attention_mask=shared, resolution=resolution)  # type: ignore[no-any-return]


_RESNET = Layout(embed=("embedder",), blocks="encoder.stages", finish=_pooled)
_CONVNEXT = Layout(embed=("embeddings",), blocks="encoder.stages", after=("layernorm",), finish=_pooled_norm)
_VIT = Layout(
    embed=("embeddings",),
    blocks="layers",
    step=_step_tokens,
    after=("layernorm",),
    finish=_class_token,
    unused=("pooler",),
)
_DINOV2 = Layout(
    embed=("embeddings",),
    blocks="encoder.layer",
    step=_step_tokens,
    after=("layernorm",),
    finish=_class_token_and_mean_patch,
)
_SWIN = Layout(
    embed=("embeddings",),
    blocks="encoder.layers",
    enter=_enter_windows,
    step=_step_windows,
    after=("layernorm",),
    finish=_mean_window,
)

_ROWS = {
    "resnet": _RESNET,
    "regnet": _RESNET,
    "bit": Layout(embed=("embedder",), blocks="encoder.stages", after=("norm",), finish=_pooled_after_norm),
    "convnext": _CONVNEXT,
    "convnextv2": _CONVNEXT,
    "mobilenet_v1": Layout(embed=("conv_stem",), blocks="layer", finish=_pooled),
    "mobilenet_v2": Layout(embed=("conv_stem",), blocks="layer", after=("conv_1x1",), finish=_pooled_after_convolution),
    "efficientnet": Layout(
        embed=("embeddings",),
        blocks="encoder.blocks",
        after=("encoder.top_conv", "encoder.top_bn"),
        finish=_pooled_after_top,
    ),
    "vit": _VIT,
    "deit": _VIT,
    "vit_msn": _VIT,
    "DeiTForImageClassificationWithTeacher": Layout(
        embed=("embeddings",),
        blocks="layers",
        step=_step_tokens,
        after=("layernorm",),
        finish=_class_and_distillation_token,
        unused=("pooler",),
        head=lambda model: TwoHeads(model.cls_classifier, model.distillation_classifier),
    ),
    "vit_mae": Layout(
        embed=("embeddings",),
        blocks="layers",
        enter=_enter_unmasked,
        step=_step_tokens,
        after=("layernorm",),
        finish=_class_token,
    ),
    "ijepa": Layout(
        embed=("embeddings",),
        blocks="layers",
        step=_step_tokens,
        after=("layernorm",),
        finish=_mean_token,
        unused=("pooler",),
    ),
    "beit": Layout(
        embed=("embeddings",),
        blocks="layers",
        step=_step_beit,
        after=("layernorm", "pooler"),
        finish=_beit_pooled,
    ),
    "dinov2": _DINOV2,
    "dinov2_with_registers": _DINOV2,
    "clip_vision_model": Layout(
        embed=("embeddings", "pre_layrnorm"),
        blocks="encoder.layers",
        step=_step_tokens,
        after=("post_layernorm",),
        finish=_clip_token,
    ),
    "swin": _SWIN,
    "swinv2": _SWIN,
}
"""`model_type`, or the class where one class of a type differs -> its layout."""
