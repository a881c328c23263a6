"""A transformers model that writes down speech: its encoder as `transformers_audio` runs it, moment by moment, and its head.

A CTC model's head scores characters (`symbols`). A model that hears and writes (Whisper; Radford et al. 2022, arXiv:2212.04356)
has its decoder for a head, which always belongs to it: scratch begins with a fresh one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network, State
from transferkit.sources.architectures import _transformers_checkpoint, transformers_audio
from transferkit.sources.architectures._transformers_checkpoint import Unfit
from transferkit.sources.architectures._writer import Writer

families = transformers_audio.families


def build(
    config: Mapping[str, Any],
    symbols: Sequence[str] = (),
    start: Sequence[int] = (),
    end: int | None = None,
    never: Sequence[int] = (),
    never_first: Sequence[int] = (),
) -> Network:
    """A fresh network of a transformers configuration, as `settings_for` writes it down."""
    settings = {
        "config": dict(config),
        "symbols": list(symbols),
        "start": list(start),
        "end": end,
        "never": list(never),
        "never_first": list(never_first),
    }
    shape = {**config, "vocab_size": len(symbols)} if symbols else config
    return _wrap(_transformers_checkpoint.fresh(_auto_class(end is not None, bool(symbols)), shape), settings)


def from_scratch(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without scores of characters; a decoder stays."""
    return {**settings, "symbols": []}


def gives_frames(settings: Mapping[str, Any]) -> bool:
    """Always."""
    return True


def settings_for(config: Any, classifier: bool, **choices: Any) -> dict[str, Any]:
    """The settings from which `build` makes the architecture; `choices` as it takes them."""
    none: dict[str, Any] = {"symbols": [], "start": [], "end": None, "never": [], "never_first": []}
    return {"config": _transformers_checkpoint.shape_of(config, False), **none, **choices}


def load(folder: str, config: Any, classifier: bool, pickled: bool = False, **choices: Any) -> tuple[Network, Unfit]:
    """The network with a local checkpoint's weights, and what of it the checkpoint does not give."""
    settings = settings_for(config, classifier, **choices)
    auto_class = _auto_class(config.is_encoder_decoder, bool(settings["symbols"]))
    return _transformers_checkpoint.load(auto_class, folder, config, pickled, lambda model: _wrap(model, settings))


def outline(config: Any, classifier: bool, **choices: Any) -> tuple[int, bool]:
    """How many parameters hear, and that there are no classes; allocates none of them."""
    settings = settings_for(config, classifier, **choices)
    model = _transformers_checkpoint.on_meta(_auto_class(config.is_encoder_decoder, bool(settings["symbols"])), config)
    body, _, _ = transformers_audio.parts(model, classifier=False)
    return sum(parameter.numel() for parameter in body.parameters()), False


def _auto_class(writes: bool, scores: bool) -> Any:
    from transformers import AutoModel, AutoModelForCTC, AutoModelForSpeechSeq2Seq

    if writes:
        return AutoModelForSpeechSeq2Seq
    return AutoModelForCTC if scores else AutoModel


def _wrap(model: Any, settings: Mapping[str, Any]) -> Network:
    """A transformers model as a network; the model is taken apart."""
    head: nn.Module | None = model.lm_head if settings["symbols"] else None
    if settings["end"] is not None:
        head = Decoder(model.get_decoder(), model.get_output_embeddings(), settings)
    body, _, layout = transformers_audio.parts(model, classifier=False)
    architecture = Architecture.of("transformers_speech", settings)
    network = transformers_audio.TransformersAudio(architecture, body, head, layout, pooled=False)
    network.symbols = tuple(settings["symbols"])
    return network


@final
class Decoder(Writer):
    """The half of a model that writes, the library's own."""

    def __init__(self, decoder: Any, scores: nn.Module, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.decoder = decoder
        tied = scores.weight is decoder.embed_tokens.weight
        self.scores = None if tied else scores  # one tensor is kept once
        self.start = tuple(settings["start"])
        self.end = settings["end"]
        self.never, self.never_first = tuple(settings["never"]), tuple(settings["never_first"])
        self.most = int(decoder.config.max_target_positions)

    def step(
        self, state: State, tokens: Tensor, memory: Any | None = None, remember: bool = False
    ) -> tuple[Tensor, Any]:
        """Tokens (n, t) -> scores of what follows each (n, t, n_tokens), and what is to be remembered."""
        frames = state if isinstance(state, Tensor) else state[0]
        output = self.decoder(
            input_ids=tokens, encoder_hidden_states=frames, past_key_values=memory, use_cache=remember
        )
        hidden = output.last_hidden_state
        scores = (
            functional.linear(hidden, self.decoder.embed_tokens.weight) if self.scores is None else self.scores(hidden)
        )
        return scores, output.past_key_values
