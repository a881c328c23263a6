"""Models that write down speech: CTC models, and those that hear and write (Whisper)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, final

from transferkit.core.errors import WrongUse
from transferkit.sources.hub_models import ModelKind

if TYPE_CHECKING:
    from transferkit.core.source import Processor
    from transferkit.sources.hub import Checkpoint

_SPACE = "|"
"""What stands for a space among the characters of a CTC model."""


@final
class TranscriptionModels(ModelKind):
    """The same encoders as `audio.py` reads, wanted for task transcribe: features of moments, and the half that writes."""

    modality = "audio"
    things = "speech"
    inputs = ("input_values", "input_features")
    classifier = "CTC"
    architecture = "transformers_speech"
    serves: ClassVar[str] = "transcribe"

    def classifies(self, config: Any, architectures: tuple[str, ...]) -> bool:
        """A CTC model that brings scores of characters; of a model that writes, both halves are always read."""
        from transformers import MODEL_FOR_CTC_MAPPING

        return type(config) in MODEL_FOR_CTC_MAPPING and any(name.endswith("ForCTC") for name in architectures)

    def choices(self, checkpoint: Checkpoint, config: Any, classifier: bool) -> dict[str, Any]:
        """Which output stands for which character, or with which tokens a text begins and ends."""
        if config.is_encoder_decoder:
            return _choices_of_writing(checkpoint, config)
        return {"symbols": _symbols(checkpoint, config)} if classifier else {}

    def processor(self, checkpoint: Checkpoint, config: Any) -> Processor:
        """As the checkpoint says, with its tokenizer where it writes."""
        from transferkit.sources.hub_models.audio import KIND as SOUND
        from transferkit.sources.processors._tokenizer_files import token_processor
        from transferkit.sources.processors.hear_and_write import HearAndWrite

        hears = SOUND.processor(checkpoint, config)
        if not config.is_encoder_decoder:
            return hears
        tokenizer = token_processor(checkpoint, config, max_length=config.max_target_positions).tokenizer
        end = _choices_of_writing(checkpoint, config)["end"]
        return HearAndWrite.of(
            hears, tokenizer=tokenizer, end=end, prefix=" " if config.model_type == "whisper" else ""
        )


def _symbols(checkpoint: Checkpoint, config: Any) -> list[str]:
    """What each output stands for: "" for the blank, and a word of several letters for what is no character."""
    vocabulary = checkpoint.read("vocab.json")
    if vocabulary and all(isinstance(value, dict) for value in vocabulary.values()):
        said = checkpoint.read("tokenizer_config.json").get("target_lang")
        language = said or next(iter(vocabulary))
        vocabulary = vocabulary.get(language, {})
    if len(vocabulary) != config.vocab_size or sorted(vocabulary.values()) != list(range(config.vocab_size)):
        raise WrongUse(
            f"{checkpoint.source}: vocab.json names {len(vocabulary)} characters, but the model tells {config.vocab_size} apart"
        )
    symbols = sorted(vocabulary, key=vocabulary.__getitem__)
    symbols[config.pad_token_id] = ""
    return [" " if symbol == _SPACE else symbol for symbol in symbols]


def _choices_of_writing(checkpoint: Checkpoint, config: Any) -> dict[str, Any]:
    said = checkpoint.read("generation_config.json")
    return {
        "start": _start(said, config),
        "end": said.get("eos_token_id", config.eos_token_id),
        "never": said.get("suppress_tokens") or [],
        "never_first": said.get("begin_suppress_tokens") or [],
    }


def _start(said: dict[str, Any], config: Any) -> list[int]:
    """The tokens a text begins with: of a model of many languages, its language (English where it names none) and that it is
    to transcribe; that it is to give no times."""
    start = [said.get("decoder_start_token_id", config.decoder_start_token_id)]
    if languages := said.get("lang_to_id"):
        language = str(said.get("language") or "<|en|>")
        start += [languages[language], said["task_to_id"]["transcribe"]]
    if "no_timestamps_token_id" in said:
        start.append(said["no_timestamps_token_id"])
    return start


KIND = TranscriptionModels()
