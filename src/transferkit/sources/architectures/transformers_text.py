"""Any transformers text model as a network with named stages, its head kept apart.

The models are the library's own (Wolf et al. 2020, arXiv:1910.03771); `_text_layouts` says where their stages lie.
Stages: `embeddings`, `block1`, `block2`, ... (a model of more than 24 blocks has several in one stage), and `pooling` where a
layer with weights makes the one vector of a text; otherwise pooling belongs to the last block. A model of no known layout
has the one stage `body`.

What enters is (tokens (n, t), mask (n, t)); a state is (hidden states (n, t, d), mask); the last state is (n, feature_dim).
Tokens after the longest text of a batch are cut off before anything is computed. Of models that read and write, the reading
half is used; those that only write are read at their last token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, final

import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State
from transferkit.sources.architectures import _pooling, _transformers_checkpoint
from transferkit.sources.architectures._text_layouts import Guide, Layout, classifier_of, families, held, layout_of
from transferkit.sources.architectures._transformers_checkpoint import Unfit, first_line

__all__ = ["build", "families", "load", "outline", "settings_for", "wrap"]

FINE_TUNING: dict[str, tuple[Any, ...]] = {
    "learning_rate": (1e-4, 3e-5),
    "layer_decay": (1.0,),
    "schedule": ("short",),
}
FROM_SCRATCH: dict[str, tuple[Any, ...]] = {"learning_rate": (1e-3, 3e-4, 3e-3)}
"""See `planner/usual.py`."""
GOOD_METHODS = ("prototypes",)
"""Many directions of a text encoder say little; with few labels the means of the classes read less into them."""
WITH_FEW_LABELS = ((32, "full"), (128, "contrastive_tuning:learning_rate=5e-05,epochs=20"))
"""Up to so many labels (all classes together) -> what is taken without a trial. With 16 it beats a probe by 3 to 5 points;
from 64 on many small steps beat few large ones by 1 to 1.5, and a contrast of pairs beside them adds another point."""
MOST_STAGES = 24
"""Stages of blocks; cutting a network more finely serves nobody."""


def build(
    config: Mapping[str, Any], classifier: bool, pooling: Sequence[str], then: Sequence[Mapping[str, Any]]
) -> Network:
    """A fresh network of a transformers configuration, as `settings_for` writes it down."""
    settings = {"config": dict(config), "classifier": classifier, "pooling": list(pooling), "then": list(then)}
    return wrap(_transformers_checkpoint.fresh(_auto_class(config["model_type"], classifier), config), settings)


def settings_for(
    config: Any,
    classifier: bool,
    pooling: Sequence[str] | None = None,
    then: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The settings from which `build` makes the architecture of a transformers configuration.

    `pooling`: ways of `_pooling`, None: as the family does; `then`: what comes after it, as `_pooling.built` reads it.
    """
    return {
        "config": _transformers_checkpoint.shape_of(config, classifier),
        "classifier": classifier,
        "pooling": list(pooling or _usual_pooling(config, classifier)),
        "then": list(then),
    }


def load(folder: str, config: Any, classifier: bool, pickled: bool = False, **choices: Any) -> tuple[Network, Unfit]:
    """The network with a local checkpoint's weights, and what of it the checkpoint does not give.

    `choices`: as `settings_for` takes them; layers of `then` are left newly initialised, for their files lie elsewhere.
    """
    settings = settings_for(config, classifier, **choices)
    return _transformers_checkpoint.load(
        _auto_class(config.model_type, classifier), folder, config, pickled, lambda model: wrap(model, settings)
    )


def outline(config: Any, classifier: bool, **choices: Any) -> tuple[int, bool]:
    """How many parameters the body has, and whether there is a head beside it; allocates none of them."""
    settings = settings_for(config, classifier, **choices)
    return _outlined(_Outlined(json.dumps(settings, sort_keys=True, default=str), config, classifier, settings["then"]))


@dataclass(frozen=True)
class _Outlined:
    """A configuration that is the same as another where it is spelled alike."""

    spelled: str
    config: Any = field(compare=False)
    classifier: bool
    then: Sequence[Mapping[str, Any]] = field(compare=False)


@lru_cache(maxsize=32)  # a study asks for the same few cards again and again
def _outlined(asked: _Outlined) -> tuple[int, bool]:
    model = _transformers_checkpoint.on_meta(_auto_class(asked.config.model_type, asked.classifier), asked.config)
    with torch.device("meta"):
        body, pooler, head = _parts(model, asked.classifier)
        parts = nn.ModuleList(part for part in (body, pooler, _pooling.built(asked.then)) if part is not None)
    return sum(parameter.numel() for parameter in parts.parameters()), head is not None


def _usual_pooling(config: Any, classifier: bool) -> tuple[str, ...]:
    """What a family's classifier reads; else the last token of models that only write, and the mean of all others."""
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_MASKED_LM_MAPPING

    if classifier and (known := classifier_of(config.model_type)):
        return known.ways(config)
    writes = type(config) in MODEL_FOR_CAUSAL_LM_MAPPING and type(config) not in MODEL_FOR_MASKED_LM_MAPPING
    return ("last",) if writes and not config.is_encoder_decoder else ("mean",)


def _auto_class(model_type: str, classifier: bool) -> Any:
    from transformers import (
        CONFIG_MAPPING,
        MODEL_FOR_TEXT_ENCODING_MAPPING,
        AutoModel,
        AutoModelForSequenceClassification,
        AutoModelForTextEncoding,
    )

    if classifier:
        return AutoModelForSequenceClassification
    reading_half = CONFIG_MAPPING[model_type] in MODEL_FOR_TEXT_ENCODING_MAPPING
    return AutoModelForTextEncoding if reading_half else AutoModel


def wrap(model: Any, settings: Mapping[str, Any]) -> Network:
    """A transformers model (with its head, if it is a classifier) as a network; the model is taken apart."""
    return TransformersText(settings, *_parts(model, settings["classifier"]))


def _parts(model: Any, classifier: bool) -> tuple[Any, nn.Module | None, nn.Module | None]:
    """Body, pooler and head, no parameter in two of them and none that the features do not pass through."""
    known = classifier_of(model.config.model_type) if classifier else None
    if classifier and known is None:
        raise WrongUse(f"the classifier of a {model.config.model_type} model cannot be parted from its body")
    body = model.base_model if known else model
    if getattr(body.config, "is_encoder_decoder", False):
        body = body.get_encoder()
    pooler = known.pooler(model, body) if known and known.pooler else None
    # made for one pretraining task, and checkpoints often lack it; where a classifier reads it, it is `pooler` by now
    for name in ("pooler", "pooler_activation"):
        if isinstance(getattr(body, name, None), nn.Module):
            setattr(body, name, None)
    return body, pooler, known.head(model) if known else None


@final
class TransformersText(Network):
    """A transformers text model: `body`, `pooler` and `head` are the library's modules, cut into stages by a layout."""

    def __init__(
        self, settings: Mapping[str, Any], body: Any, pooler: nn.Module | None, head: nn.Module | None
    ) -> None:
        super().__init__()
        self.architecture = Architecture.of("transformers_text", settings)
        self.body = body
        self.pooler = pooler
        self.head = head
        self.then = _pooling.built(settings["then"])
        self._ways = tuple(settings["pooling"])
        self._layout: Layout | None = layout_of(body)
        self._groups = self._grouped()
        self.stages = tuple(self._cut())
        self.feature_dim = self._measured_dim()

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        end = len(self.stages) if stop is None else stop
        if start == end:
            return state
        first, given = state
        mask = given != 0  # (n, t)
        used = mask.any(0).nonzero()
        width = int(used[-1]) + 1 if len(used) else 1
        first, mask = first[:, :width], mask[:, :width]
        if self._layout is None:
            output = self.body(input_ids=first.long(), attention_mask=mask.long())
            return self._pooled(output.last_hidden_state, mask)
        hidden = self._layout.enter(self.body, first.long(), mask) if start == 0 else first  # (n, t, d)
        guide: Guide = self._layout.guide(self.body, hidden, mask)
        for position in range(start, end):
            for block in self._groups[position - 1] if 0 < position <= len(self._groups) else ():
                hidden = self._layout.step(self.body, block, hidden, guide)
            if position == len(self._groups):
                for norm in held(self.body, self._layout.after):
                    hidden = norm(hidden)
        return self._pooled(hidden, mask) if end == len(self.stages) else (hidden, mask)

    def stage(self, name: str) -> nn.Module:
        """The modules of one stage."""
        return nn.ModuleList(self._cut()[name])

    def _pooled(self, hidden: Tensor, mask: Tensor) -> Tensor:
        vectors = _pooling.pool(self._ways, hidden, mask) if self.pooler is None else self.pooler(hidden)  # (n, d)
        features: Tensor = self.then(vectors)
        return features

    def _grouped(self) -> list[range]:
        """The blocks of each stage that has some."""
        if self._layout is None:
            return []
        n = len(self.body.get_submodule(self._layout.blocks))
        size = -(-n // MOST_STAGES)
        return [range(n)[begin : begin + size] for begin in range(0, n, size)]

    def _cut(self) -> dict[str, list[nn.Module]]:
        """Stage name -> its modules, in running order."""
        layout = self._layout
        pooling = [module for module in (self.pooler, self.then) if module is not None and list(module.parameters())]
        if layout is None:
            return {"body": [self.body, *pooling]}
        blocks = self.body.get_submodule(layout.blocks)
        stages = {"embeddings": held(self.body, layout.embed)}
        for i, group in enumerate(self._groups, start=1):
            stages[f"block{i}"] = [blocks[block] for block in group]
        stages["block1"] += held(self.body, layout.with_first)
        stages[next(reversed(stages))] += held(self.body, layout.after)
        return stages | ({"pooling": pooling} if pooling else {})

    def _measured_dim(self) -> int:
        """Found by running two tokens, since no configuration field gives it for every family."""
        device = next(self.body.parameters()).device
        tokens = torch.zeros(1, 2, dtype=torch.long, device=device)
        training = self.training
        self.eval()
        try:
            with torch.no_grad():
                features = self.run((tokens, torch.ones_like(tokens)))
        except Exception as reason:  # a family may fail in any way on what is not its kind of input
            raise WrongUse(
                f"a {self.body.config.model_type} model does not turn one text into features: {first_line(reason)}"
            ) from reason
        finally:
            self.train(training)
        assert isinstance(features, Tensor)
        return features.shape[1]
