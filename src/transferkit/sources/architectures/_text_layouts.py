"""Where the stages of each transformers text model lie, and what its blocks want to know of the padding: one row a family.

A row names modules by their path inside the body, and says how one block is run: families differ in the mask they add to
their attention, in where positions come in, and in what blocks share. What is in no row, or no longer lies where its row
says, is run as one stage and works all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

import torch
from torch import Tensor, nn
from transformers.masking_utils import (
    create_bidirectional_mask,
    create_bidirectional_sliding_window_mask,
    create_causal_mask,
    create_sliding_window_causal_mask,
)

Body: TypeAlias = Any
"""A transformers model without its head; its attributes differ from family to family."""
Guide: TypeAlias = Any
"""What every block of one pass is told beside the hidden states, in the family's own terms."""


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """What a family's classifier reads, and its parts."""

    ways: Callable[[Any], tuple[str, ...]]
    """Configuration -> how hidden states are pooled, in the names of `_pooling`; `pooler`: by the module `pooler` gives."""
    head: Callable[[Any], nn.Module]
    """The whole model -> pooled vectors (n, d) to logits (n, n_classes)."""
    pooler: Callable[[Any, Body], nn.Module] | None = None
    """The whole model and its body -> hidden states (n, t, d) to (n, d)."""


@final
class FirstToken(nn.Module):
    """The state of the first token."""

    def forward(self, hidden: Tensor) -> Tensor:
        """(n, t, d) -> (n, d)."""
        return hidden[:, 0]


@final
class OnFirstToken(nn.Module):
    """A classifier that picks the first token out itself, on vectors that are it already."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, d) -> (n, n_classes)."""
        logits: Tensor = self.classifier(vectors[:, None])
        return logits


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The chain from tokens to hidden states: `enter`, then `step` for each of `blocks`, then `leave`."""

    embed: tuple[str, ...]
    """Modules that only `enter` runs, or that all blocks share."""
    blocks: str
    enter: Callable[[Body, Tensor, Tensor], Tensor]
    """Tokens (n, t) and their mask (n, t) -> hidden states (n, t, d)."""
    guide: Callable[[Body, Tensor, Tensor], Guide]
    """Hidden states and mask -> what `step` is told; made once a pass."""
    step: Callable[[Body, int, Tensor, Guide], Tensor]
    """Block number i on hidden states (n, t, d)."""
    after: tuple[str, ...] = ()
    """Norms that the last hidden states pass through."""
    with_first: tuple[str, ...] = ()
    """Modules that the first block's step runs as well."""
    classifier: Classifier | None = None
    """None: the family's classifiers read what these features are not, and are left out."""


def families() -> frozenset[str]:
    """The model types that have a row, and so several stages."""
    return frozenset(_ROWS)


def classifier_of(model_type: str) -> Classifier | None:
    """What is known of a family's classifier."""
    layout = _ROWS.get(model_type)
    return layout.classifier if layout else None


def layout_of(body: Body) -> Layout | None:
    """The row of a body, or None where no row fits."""
    layout = _ROWS.get(body.config.model_type)
    if layout is None:
        return None
    try:
        for path in (layout.blocks, *layout.after):
            body.get_submodule(path)
    except AttributeError:  # another version of the library keeps it elsewhere
        return None
    return layout


def held(body: Body, paths: tuple[str, ...]) -> list[nn.Module]:
    """The modules at these paths; a size of some families has one that another has not."""
    found = (_found(body, path) for path in paths)
    return [module for module in found if module is not None]


def _found(body: Body, path: str) -> nn.Module | None:
    module = body
    for name in path.split("."):
        module = getattr(module, name, None)
    return module if isinstance(module, nn.Module) else None


def _first(output: Any) -> Tensor:
    return output[0] if isinstance(output, tuple) else output  # type: ignore[no-any-return]


def _embedded(body: Body, tokens: Tensor, mask: Tensor) -> Tensor:
    return body.embeddings(tokens)  # type: ignore[no-any-return]


def _padding(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    make = create_causal_mask if getattr(body.config, "is_decoder", False) else create_bidirectional_mask
    return _masked(make, body, hidden, mask)


def _masked(make: Callable[..., Guide], body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    causal = {} if make in (create_bidirectional_mask, create_bidirectional_sliding_window_mask) else _NO_PAST
    return make(config=body.config, inputs_embeds=hidden, attention_mask=mask, **causal)


_NO_PAST = {"past_key_values": None}


def _encoder_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.encoder.layer[i](hidden, guide))


# BERT (Devlin et al. 2019, arXiv:1810.04805) and those built like it


def _enter_electra(body: Body, tokens: Tensor, mask: Tensor) -> Tensor:
    hidden = body.embeddings(tokens)
    project = getattr(body, "embeddings_project", None)
    return hidden if project is None else project(hidden)  # type: ignore[no-any-return]


def _distilbert_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.transformer.layer[i](hidden, guide))


# MPNet (Song et al. 2020, arXiv:2004.09297): one relative position bias for all blocks


def _guide_mpnet(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    return _padding(body, hidden, mask), body.encoder.compute_position_bias(hidden)


def _mpnet_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.encoder.layer[i](hidden, *guide))


# DeBERTa (He et al. 2021, arXiv:2006.03654; v3: arXiv:2111.09543): disentangled positions, padding rows masked too


def _enter_deberta(body: Body, tokens: Tensor, mask: Tensor) -> Tensor:
    return body.embeddings(input_ids=tokens, token_type_ids=torch.zeros_like(tokens), mask=mask.long())  # type: ignore[no-any-return]


def _guide_deberta(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    encoder, whole = body.encoder, mask.long()
    return whole, encoder.get_attention_mask(whole), encoder.get_rel_pos(hidden), encoder.get_rel_embedding()


def _deberta_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    whole, mask, relative_pos, rel_embeddings = guide
    after = _first(body.encoder.layer[i](hidden, mask, relative_pos=relative_pos, rel_embeddings=rel_embeddings))
    convolution = getattr(body.encoder, "conv", None)
    return convolution(hidden, after, whole) if i == 0 and convolution is not None else after


# ALBERT (Lan et al. 2020, arXiv:1909.11942): blocks share their weights, a stage is one group run as often as it is used


def _enter_albert(body: Body, tokens: Tensor, mask: Tensor) -> Tensor:
    return body.encoder.embedding_hidden_mapping_in(body.embeddings(tokens))  # type: ignore[no-any-return]


def _albert_group(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    each = body.config.num_hidden_layers / body.config.num_hidden_groups
    for layer in range(body.config.num_hidden_layers):
        if int(layer / each) == i:
            hidden = body.encoder.albert_layer_groups[i](hidden, guide)
    return hidden


# ModernBERT (Warner et al. 2024, arXiv:2412.13663): rotary positions, blocks of full and of local attention


def _guide_modernbert(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    positions = torch.arange(hidden.shape[1], device=hidden.device)[None]
    masks = {
        "full_attention": _masked(create_bidirectional_mask, body, hidden, mask),
        "sliding_attention": _masked(create_bidirectional_sliding_window_mask, body, hidden, mask),
    }
    return {kind: (masks[kind], body.rotary_emb(hidden, positions, kind)) for kind in set(body.config.layer_types)}


def _modernbert_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    mask, positions = guide[body.config.layer_types[i]]
    return _first(body.layers[i](hidden, attention_mask=mask, position_embeddings=positions))


# GPT-2 (Radford et al. 2019): learned positions, attention to what came before


def _enter_gpt2(body: Body, tokens: Tensor, mask: Tensor) -> Tensor:
    positions = torch.arange(tokens.shape[1], device=tokens.device)[None]
    return body.drop(body.wte(tokens) + body.wpe(positions))  # type: ignore[no-any-return]


def _guide_gpt2(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    return _masked(create_causal_mask, body, hidden, mask)


def _gpt2_block(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.h[i](hidden, None, guide))


# Llama (Touvron et al. 2023, arXiv:2302.13971) and those built like it: rotary positions


def _enter_llama(body: Body, tokens: Tensor, mask: Tensor) -> Tensor:
    return body.embed_tokens(tokens)  # type: ignore[no-any-return]


def _guide_llama(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    positions = torch.arange(hidden.shape[1], device=hidden.device)[None]
    rotary = body.rotary_emb(hidden, position_ids=positions)
    slides = getattr(body.config, "sliding_window", None) is not None
    kinds = getattr(body.config, "layer_types", None) or (
        ["sliding_attention" if slides else "full_attention"] * len(body.layers)
    )
    makers = {"full_attention": create_causal_mask, "sliding_attention": create_sliding_window_causal_mask}
    masks = {kind: _masked(makers[kind], body, hidden, mask) for kind in set(kinds)}
    return [masks[kind] for kind in kinds], positions, rotary


def _llama_layer(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    masks, positions, rotary = guide
    return _first(body.layers[i](hidden, attention_mask=masks[i], position_ids=positions, position_embeddings=rotary))


# T5's encoder (Raffel et al. 2020, arXiv:1910.10683): a position bias that the first block holds for all


def _enter_t5(body: Body, tokens: Tensor, mask: Tensor) -> Tensor:
    return body.encoder.dropout(body.encoder.embed_tokens(tokens))  # type: ignore[no-any-return]


def _guide_t5(body: Body, hidden: Tensor, mask: Tensor) -> Guide:
    attention = body.encoder.block[0].layer[0].SelfAttention
    length = hidden.shape[1]
    return _padding(body.encoder, hidden, mask), attention.compute_bias(length, length, device=hidden.device)


def _t5_block(body: Body, i: int, hidden: Tensor, guide: Guide) -> Tensor:
    return _first(body.encoder.block[i](hidden, *guide))


def _cls(config: Any) -> tuple[str, ...]:
    return ("cls",)


def _by_pooler(config: Any) -> tuple[str, ...]:
    return ("pooler",)


_ON_POOLER = Classifier(ways=_by_pooler, head=lambda model: model.classifier, pooler=lambda model, body: body.pooler)
_ON_FIRST_TOKEN = Classifier(ways=_cls, head=lambda model: OnFirstToken(model.classifier))
_ON_LAST_TOKEN = Classifier(ways=lambda config: ("last",), head=lambda model: model.score)

_BERT = Layout(
    embed=("embeddings",),
    blocks="encoder.layer",
    enter=_embedded,
    guide=_padding,
    step=_encoder_layer,
    classifier=_ON_POOLER,
)
_ROBERTA = replace(_BERT, classifier=_ON_FIRST_TOKEN)
_LLAMA = Layout(
    embed=("embed_tokens",),
    blocks="layers",
    enter=_enter_llama,
    guide=_guide_llama,
    step=_llama_layer,
    after=("norm",),
    classifier=_ON_LAST_TOKEN,
)
_T5 = Layout(
    embed=("encoder.embed_tokens",),
    blocks="encoder.block",
    enter=_enter_t5,
    guide=_guide_t5,
    step=_t5_block,
    after=("encoder.final_layer_norm",),
)
_ROWS = {
    "bert": _BERT,
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "electra": replace(_ROBERTA, embed=("embeddings", "embeddings_project"), enter=_enter_electra),
    "distilbert": Layout(
        embed=("embeddings",),
        blocks="transformer.layer",
        enter=_embedded,
        guide=_padding,
        step=_distilbert_layer,
        classifier=Classifier(
            ways=_cls,
            head=lambda model: nn.Sequential(model.pre_classifier, nn.ReLU(), model.dropout, model.classifier),
        ),
    ),
    "mpnet": Layout(
        embed=("embeddings", "encoder.relative_attention_bias"),
        blocks="encoder.layer",
        enter=_embedded,
        guide=_guide_mpnet,
        step=_mpnet_layer,
        classifier=_ON_FIRST_TOKEN,
    ),
    "deberta-v2": Layout(
        embed=("embeddings", "encoder.rel_embeddings", "encoder.LayerNorm"),
        blocks="encoder.layer",
        enter=_enter_deberta,
        guide=_guide_deberta,
        step=_deberta_layer,
        with_first=("encoder.conv",),
        classifier=replace(_ON_POOLER, pooler=lambda model, body: model.pooler),
    ),
    "albert": Layout(
        embed=("embeddings", "encoder.embedding_hidden_mapping_in"),
        blocks="encoder.albert_layer_groups",
        enter=_enter_albert,
        guide=_padding,
        step=_albert_group,
        classifier=replace(
            _ON_POOLER,
            pooler=lambda model, body: nn.Sequential(FirstToken(), body.pooler, body.pooler_activation),
        ),
    ),
    "modernbert": Layout(
        embed=("embeddings",),
        blocks="layers",
        enter=_embedded,
        guide=_guide_modernbert,
        step=_modernbert_layer,
        after=("final_norm",),
        classifier=Classifier(
            ways=lambda config: (config.classifier_pooling,),
            head=lambda model: nn.Sequential(model.head, model.drop, model.classifier),
        ),
    ),
    "gpt2": Layout(
        embed=("wte", "wpe"),
        blocks="h",
        enter=_enter_gpt2,
        guide=_guide_gpt2,
        step=_gpt2_block,
        after=("ln_f",),
        classifier=_ON_LAST_TOKEN,
    ),
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "t5": _T5,
    "mt5": _T5,
}
"""`model_type` -> its layout."""
