"""The default network of speech that is written down: a small one of ours that hears whole recordings."""

from __future__ import annotations

from transferkit.core.architecture import Architecture
from transferkit.core.target import Target
from transferkit.sources.processors.speech import SpeechProcessor
from transferkit.training.body import Body


def default_body(target: Target, seed: int) -> Body:
    """Convolutions and recurrent layers that say a character or nothing at each moment, freshly initialised."""
    processor = SpeechProcessor().whole(target.whole().train.items)
    return Body.fresh(Architecture.of("speech_ctc", {"n_mels": processor.n_mels}), processor, seed)
