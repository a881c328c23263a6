"""`sentence:` an encoder of sentence-transformers: `sentence:sentence-transformers/all-MiniLM-L6-v2`, `sentence:folder/`.

Reimers & Gurevych 2019, arXiv:1908.10084. The features are that library's sentence embeddings: its pooling, its dense layers,
its scaling (`sentence_modules`). Weights are read from safetensors; nothing a checkpoint brings is ever run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, final

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import checkpoint_model, hub, sentence_modules, weight_file

if TYPE_CHECKING:
    from transferkit.core.network import Network


@final
class SentenceTransformers(SourceKind):
    """An encoder of sentences, from the hub or a folder."""

    example = "sentence:sentence-transformers/all-MiniLM-L6-v2"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the configurations and the model card; no weights are downloaded."""
        checkpoint, model, modules = _described(location, options)
        return checkpoint_model.card(checkpoint, model, options.trust, others=modules.weights)

    def network(self, location: str, options: SourceOptions) -> Network:
        """The encoder with its weights; they are downloaded here if they are not in the cache."""
        checkpoint, model, modules = _described(location, options)
        network: Any = checkpoint_model.network(checkpoint, model, options.trust)
        dense = [layer for layer, step in zip(network.then, modules.then, strict=True) if "dense" in step]
        for layer, file in zip(dense, modules.weights, strict=True):
            try:
                layer.load_state_dict(weight_file.tensors(checkpoint.fetch(file), options.trust))
            except RuntimeError as reason:
                short = " ".join(str(reason).split())
                raise Failed(
                    f"{checkpoint.source}: the weights in {file} do not fit their config.json: {short}"
                ) from None
        found: Network = network
        return found

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """The encoder's tokenizer, with its longest text and the prompt it puts before every one."""
        from transferkit.sources.processors._tokenizer_files import token_processor

        checkpoint, model, _ = _described(location, options)
        said = checkpoint.read("sentence_bert_config.json")
        prompts = checkpoint.read("config_sentence_transformers.json")
        prefix = (prompts.get("prompts") or {}).get(prompts.get("default_prompt_name"), "")
        if prefix and checkpoint.read(sentence_modules.POOLING).get("include_prompt") is False:
            raise WrongUse(
                f"{checkpoint.source} leaves its prompt out of the pooling, which is not known; use another model"
            )
        with hub.quiet():
            return token_processor(
                checkpoint,
                model.config,
                said.get("max_seq_length"),
                prefix=prefix,
                lower=bool(said.get("do_lower_case")),
            )

    def check(self, location: str) -> None:
        """Refuse what is no hub id and no folder."""
        hub.check(location, "sentence")


def _described(
    location: str, options: SourceOptions
) -> tuple[hub.Checkpoint, checkpoint_model.Model, sentence_modules.Modules]:
    checkpoint = hub.locate(location, options.offline, "sentence")
    modules = sentence_modules.read(checkpoint, options.trust)
    model = checkpoint_model.described(checkpoint, headless=True)
    if model.kind.modality != "text":
        raise WrongUse(f"{checkpoint.source} is a model of {model.kind.things}, not of texts")
    return checkpoint, replace(model, choices={"pooling": modules.pooling, "then": modules.then}), modules
