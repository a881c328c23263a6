"""How each transformers audio model is run, stage by stage: one row a family.

A family says how its input becomes hidden states, how one block is run, and what comes after the last. The models of raw
samples (wav2vec 2.0 and those built like it) are run so that padding changes nothing: what a recording gives in a batch is
what it gives alone, also where the first layer normalises over time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.masking_utils import create_bidirectional_mask

from transferkit.core.network import State

Body: TypeAlias = Any
"""A transformers model without its head; its attributes differ from family to family."""
Guide: TypeAlias = Any
"""What every block of one pass is told beside the hidden states."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The chain from input to hidden states: `enter`, then `step` for each of `blocks`, then the norms of `after`."""

    body: Callable[[Any], Body]
    """The part of a loaded model, with its head or without, that hears."""
    embed: tuple[str, ...]
    """Modules that `enter` runs, by their path inside the body."""
    blocks: str
    enter: Callable[[Body, State], tuple[Tensor, Tensor]]
    """Input -> hidden states (n, t, d) and which of them are no padding, (n, t)."""
    guide: Callable[[Body, Tensor, Tensor], Guide]
    """Hidden states and mask -> what `step` is told; made once a pass."""
    step: Callable[[Body, int, Tensor, Guide], Tensor]
    """Block number i on hidden states (n, t, d)."""
    after: Callable[[Body], tuple[nn.Module, ...]]
    """Norms that the last hidden states pass through."""
    pool: Callable[[Tensor, Tensor, bool], Tensor]
    """Hidden states, mask, whether a classifier reads the result -> (n, d)."""
    head: Callable[[Any], nn.Module]
    """A classifier's head on what `pool` gives."""
    fixed: bool = False
    """True where padding is heard as silence, so that none of it may be cut off on the way."""
    unused: tuple[str, ...] = ()
    """Parameters and modules of the body that the features do not pass through."""


def layout_of(config: Any) -> Layout | None:
    """The row of a configuration; None where there is none, or where it has a part that the row does not know."""
    return None if getattr(config, "add_adapter", False) else _ROWS.get(config.model_type)


def families() -> frozenset[str]:
    """The model types that have a row."""
    return frozenset(_ROWS)


def _mean(hidden: Tensor, mask: Tensor, classifier: bool) -> Tensor:
    counts = mask[:, :, None].to(hidden.dtype)
    return (hidden * counts).sum(1) / counts.sum(1).clamp_min(1)


def _projected(model: Any) -> nn.Module:
    """Projecting each frame and taking the mean is taking the mean and projecting it."""
    return nn.Sequential(model.projector, model.classifier)


# wav2vec 2.0 (Baevski et al. 2020, arXiv:2006.11477) and those built like it


def _without_head(model: Any) -> Body:
    return model.base_model


def _enter_samples(body: Body, state: State) -> tuple[Tensor, Tensor]:
    samples, lengths = state
    longest = int(lengths.max())
    maps = samples[:, None, :longest]
    for layer in body.feature_extractor.conv_layers:
        norm = getattr(layer, "layer_norm", None)
        if isinstance(norm, nn.GroupNorm):
            first = layer.conv
            n_frames = (lengths - first.kernel_size[0]) // first.stride[0] + 1
            maps = layer.activation(_normalised_over_time(norm, first(maps), n_frames))
        else:
            maps = layer(maps)
    hidden = body.feature_projection(maps.transpose(1, 2))
    hidden = hidden[0] if isinstance(hidden, tuple) else hidden  # (n, t, d)
    n_frames = body._get_feat_extract_output_lengths(lengths)
    mask = torch.arange(hidden.shape[1], device=hidden.device) < n_frames[:, None]
    hidden = hidden * mask[:, :, None]
    hidden = hidden + body.encoder.pos_conv_embed(hidden)
    if not _norm_is_last(body):
        hidden = body.encoder.layer_norm(hidden)
    return body.encoder.dropout(hidden), mask


def _normalised_over_time(norm: nn.GroupNorm, maps: Tensor, n_frames: Tensor) -> Tensor:
    """What `norm`, one group a channel, gives of each item of maps (n, channels, t) if its padding were cut off."""
    mask = (torch.arange(maps.shape[2], device=maps.device) < n_frames[:, None])[:, None].to(maps.dtype)  # (n, 1, t)
    counts = mask.sum(2, keepdim=True)
    mean = (maps * mask).sum(2, keepdim=True) / counts
    variance = ((maps - mean).square() * mask).sum(2, keepdim=True) / counts
    normal = (maps - mean) * (variance + norm.eps).rsqrt()
    return normal * norm.weight[:, None] + norm.bias[:, None]


def _norm_is_last(body: Body) -> bool:
    """Whether the encoder's norm comes after its blocks."""
    return bool(getattr(body.config, "do_stable_layer_norm", False))


def _encoder_norm(body: Body) -> tuple[nn.Module, ...]:
    return (body.encoder.layer_norm,) if _norm_is_last(body) else ()


def _padding(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    return create_bidirectional_mask(config=body.encoder.config, inputs_embeds=hidden, attention_mask=mask)


def _wav2vec_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.encoder.layers[i](hidden, attention_mask=guide))


def _first(output: Any) -> Tensor:
    return output[0] if isinstance(output, tuple) else output  # type: ignore[no-any-return]


# WavLM (Chen et al. 2021, arXiv:2110.13900): the first block holds a position bias for all, which each block multiplies by
# a gate of 1 to 3 or so. Padding goes into that bias: beside it torch deprecates the mask that the library would pass.


def _guide_wavlm(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    t = hidden.shape[1]
    bias = body.encoder.layers[0].attention.compute_bias(t, t)[None]  # (1, heads, t, t)
    return (bias + _NEVER * ~mask[:, None, None, :]).flatten(0, 1)  # (n * heads, t, t)


def _wavlm_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.encoder.layers[i](hidden, position_bias=guide, index=i))


_NEVER = -1e6
"""Added to a logit of attention."""


# AST (Gong, Chung & Glass 2021, arXiv:2104.01778): patches of a spectrogram of fixed length


def _enter_patches(body: Body, state: State) -> tuple[Tensor, Tensor]:
    hidden = body.embeddings(state)
    return hidden, torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device)


def _alone(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    return None


def _ast_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.layers[i](hidden, None))


def _ast_norm(body: Body) -> tuple[nn.Module, ...]:
    return (body.layernorm,)


def _both_class_tokens(hidden: Tensor, mask: Tensor, classifier: bool) -> Tensor:
    return (hidden[:, 0] + hidden[:, 1]) / 2


# Whisper's encoder (Radford et al. 2022, arXiv:2212.04356): thirty seconds, silence included


def _enter_whisper(body: Body, state: State) -> tuple[Tensor, Tensor]:
    spectrograms, lengths = state
    maps = functional.gelu(body.conv2(functional.gelu(body.conv1(spectrograms))))
    hidden = maps.transpose(1, 2) + body.embed_positions.weight
    hidden = functional.dropout(hidden, body.dropout, body.training)
    n_frames = (lengths + 1) // 2
    return hidden, torch.arange(hidden.shape[1], device=hidden.device) < n_frames[:, None]


def _whisper_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.layers[i](hidden, None))


def _whisper_norm(body: Body) -> tuple[nn.Module, ...]:
    return (body.layer_norm,)


def _whisper_mean(hidden: Tensor, mask: Tensor, classifier: bool) -> Tensor:
    """Over what was heard; its classifiers take the mean over the silence after it as well."""
    return hidden.mean(1) if classifier else _mean(hidden, mask, classifier)


def _whisper_encoder(model: Any) -> Body:
    return model.encoder if hasattr(model, "encoder") else model.get_encoder()


_WAV2VEC = Layout(
    body=_without_head,
    embed=("feature_extractor", "feature_projection", "encoder.pos_conv_embed"),
    blocks="encoder.layers",
    enter=_enter_samples,
    guide=_padding,
    step=_wav2vec_layer,
    after=_encoder_norm,
    pool=_mean,
    head=_projected,
    unused=("masked_spec_embed",),
)
_WAVLM = Layout(
    body=_without_head,
    embed=_WAV2VEC.embed,
    blocks="encoder.layers",
    enter=_enter_samples,
    guide=_guide_wavlm,
    step=_wavlm_layer,
    after=_encoder_norm,
    pool=_mean,
    head=_projected,
    unused=("masked_spec_embed",),
)
_AST = Layout(
    body=_without_head,
    embed=("embeddings",),
    blocks="layers",
    enter=_enter_patches,
    guide=_alone,
    step=_ast_layer,
    after=_ast_norm,
    pool=_both_class_tokens,
    head=lambda model: model.classifier,
)
_WHISPER = Layout(
    fixed=True,
    body=_whisper_encoder,
    embed=("conv1", "conv2", "embed_positions"),
    blocks="layers",
    enter=_enter_whisper,
    guide=_alone,
    step=_whisper_layer,
    after=_whisper_norm,
    pool=_whisper_mean,
    head=_projected,
)
_ROWS = {
    "wav2vec2": _WAV2VEC,
    "hubert": _WAV2VEC,
    "unispeech": _WAV2VEC,
    "unispeech-sat": _WAV2VEC,
    "wavlm": _WAVLM,
    "audio-spectrogram-transformer": _AST,
    "whisper": _WHISPER,
}
"""`model_type` -> its layout."""
