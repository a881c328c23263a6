"""The default network of sounds: a small convolutional one on log-mel spectrograms about as long as the recordings."""

from __future__ import annotations

from transferkit.core.architecture import Architecture
from transferkit.core.target import Target
from transferkit.sources.processors._clip import usual_seconds
from transferkit.sources.processors.spectrogram import SpectrogramProcessor
from transferkit.training.body import Body

FRAMES_A_SECOND = 50
MOST_FRAMES = 400
"""Longer recordings are looked at in larger steps."""
RATE = 16000


def default_body(target: Target, seed: int) -> Body:
    """A small convolutional network that hears about as long as the target's sounds last, freshly initialised."""
    seconds = usual_seconds(target.train.items)
    hop = round(RATE * max(1 / FRAMES_A_SECOND, seconds / MOST_FRAMES))
    n_fft = max(1024, 1 << (2 * hop - 1).bit_length())
    processor = SpectrogramProcessor(rate=RATE, seconds=seconds, n_fft=n_fft, window=2 * hop, hop=hop)
    return Body.fresh(Architecture.of("sound_cnn"), processor, seed)
