"""How a transformers checkpoint wants its sounds: samples by our WaveformProcessor, spectrograms by the library's extractors.

Only extractors whose output `architectures/transformers_audio.py` knows are taken. What they are given is one channel at the
checkpoint's rate, of a long recording the loudest stretch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, final

from transferkit.core.errors import WrongUse
from transferkit.core.source import Processor
from transferkit.sources.processors._clip import loudest, mono, note_of_longer
from transferkit.sources.processors.waveform import WaveformProcessor

if TYPE_CHECKING:
    from transferkit.core.network import State

_SAMPLES = "Wav2Vec2FeatureExtractor"
_SPECTROGRAMS = ("WhisperFeatureExtractor", "ASTFeatureExtractor")
_USUAL = {"whisper": "WhisperFeatureExtractor", "audio-spectrogram-transformer": "ASTFeatureExtractor"}
"""Model type -> its extractor, where a checkpoint names none; all others take samples."""
_FRAMES_A_SECOND = 100
"""Of AST."""


@final
@dataclass(frozen=True)
class TransformersSounds(Processor):
    """One of transformers' spectrogram extractors."""

    modality: ClassVar[str] = "audio"

    settings: str
    """Canonical JSON of a preprocessor configuration, `feature_extractor_type` included."""

    def __call__(self, items: Sequence[Any]) -> State:
        """Sounds -> spectrograms (n, ...) float32 as the library shapes them, for Whisper with how many frames are heard."""
        import torch

        extractor = _library_extractor(self.settings)
        rate = extractor.sampling_rate
        waves = [loudest(mono(item, rate), round(rate * self.seconds)) for item in items]
        if self._type == "ASTFeatureExtractor":
            made = extractor(waves, sampling_rate=rate, return_tensors="pt")
            return torch.as_tensor(made["input_values"], dtype=torch.float32)
        made = extractor(waves, sampling_rate=rate, return_tensors="pt", return_attention_mask=True)
        return made["input_features"].to(torch.float32), made["attention_mask"].sum(1)

    @property
    def seconds(self) -> float:
        """How much is heard."""
        extractor = _library_extractor(self.settings)
        if self._type == "ASTFeatureExtractor":
            return float(extractor.max_length) / _FRAMES_A_SECOND
        return float(extractor.chunk_length)

    def describe(self) -> dict[str, Any]:
        """The configuration; `sources.processors.build` makes an equal processor of it."""
        return {"kind": "transformers_sound", **json.loads(self.settings)}

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """How many recordings are longer than what is heard."""
        return note_of_longer(items, self.seconds)

    @property
    def _type(self) -> str:
        return str(json.loads(self.settings)["feature_extractor_type"])


def of(settings: Mapping[str, Any]) -> TransformersSounds:
    """The processor of these settings."""
    return TransformersSounds(json.dumps(dict(settings), sort_keys=True))


def processor_of(configuration: Mapping[str, Any], model_type: str) -> Processor:
    """The processor of a checkpoint: its preprocessor configuration (empty: what its family usually does)."""
    named = str(configuration.get("feature_extractor_type") or _USUAL.get(model_type, _SAMPLES))
    if named == _SAMPLES:
        return WaveformProcessor(
            rate=int(configuration.get("sampling_rate", 16000)), normalise=bool(configuration.get("do_normalize", True))
        )
    if named not in _SPECTROGRAMS:
        known = ", ".join((_SAMPLES, *_SPECTROGRAMS))
        raise WrongUse(f"the sounds of a {model_type} model are made by {named}, which is not read; {known} are")
    settings = {name: value for name, value in configuration.items() if name not in ("processor_class", "mel_filters")}
    processor = of({**settings, "feature_extractor_type": named})
    _library_extractor(processor.settings)
    return processor


@cache
def _library_extractor(settings: str) -> Any:
    import transformers

    configuration = json.loads(settings)
    name = configuration["feature_extractor_type"]
    try:
        return getattr(transformers, name).from_dict(configuration)
    except (TypeError, ValueError, AttributeError) as reason:
        raise WrongUse(f"feature extractor {name} does not take its settings: {str(reason).splitlines()[0]}") from None
