"""Samples and spectrograms against the library's own feature extractors."""

import numpy as np
import pytest
import torch
from transformers import ASTFeatureExtractor, Wav2Vec2FeatureExtractor, WhisperFeatureExtractor

from transferkit.core.errors import WrongUse
from transferkit.core.sound import Sound
from transferkit.sources import processors
from transferkit.sources.processors.transformers_sound import processor_of
from transferkit.sources.processors.waveform import WaveformProcessor

WAVES = [np.random.default_rng(i).normal(0.1, 0.2, n).astype(np.float32) for i, n in enumerate((5000, 16000, 9000))]
SOUNDS = [Sound(wave[:, None], 16000) for wave in WAVES]


@pytest.mark.parametrize("normalise", [True, False])
def test_samples_are_those_of_the_library(normalise: bool) -> None:
    extractor = Wav2Vec2FeatureExtractor(do_normalize=normalise, return_attention_mask=True)
    processor = processor_of(extractor.to_dict(), "wav2vec2")
    assert isinstance(processor, WaveformProcessor)
    samples, lengths = processor(SOUNDS)
    expected = extractor(WAVES, sampling_rate=16000, padding=True, return_tensors="pt")
    torch.testing.assert_close(samples[:, :16000], expected["input_values"], atol=1e-5, rtol=1e-4)
    assert (samples[:, 16000:] == 0).all()
    assert lengths.tolist() == expected["attention_mask"].sum(1).tolist()


def test_whispers_spectrograms_are_those_of_the_library() -> None:
    extractor = WhisperFeatureExtractor(feature_size=8, chunk_length=2, n_fft=400)
    processor = processor_of(extractor.to_dict(), "whisper")
    spectrograms, lengths = processor(SOUNDS)
    expected = extractor(WAVES, sampling_rate=16000, return_tensors="pt")["input_features"]
    torch.testing.assert_close(spectrograms, expected)
    assert lengths.tolist() == [32, 100, 57]
    assert processors.build(processor.describe()) == processor


def test_asts_spectrograms_are_those_of_the_library() -> None:
    extractor = ASTFeatureExtractor(num_mel_bins=16, max_length=64)
    processor = processor_of(extractor.to_dict(), "audio-spectrogram-transformer")
    short = [WAVES[0], WAVES[2]]
    expected = extractor(short, sampling_rate=16000, return_tensors="pt")["input_values"]
    torch.testing.assert_close(processor([SOUNDS[0], SOUNDS[2]]), expected)
    assert processor.notes(SOUNDS) == ("1 of 3 sound is longer than 0.64 s; of each the loudest 0.64 s are heard",)


def test_a_checkpoint_that_says_nothing_gets_what_its_family_does() -> None:
    assert processor_of({}, "hubert") == WaveformProcessor()
    assert processor_of({}, "whisper").describe()["feature_extractor_type"] == "WhisperFeatureExtractor"


def test_an_unknown_extractor_is_one_line() -> None:
    with pytest.raises(WrongUse, match="made by EncodecFeatureExtractor, which is not read"):
        processor_of({"feature_extractor_type": "EncodecFeatureExtractor"}, "encodec")


def test_a_tiny_sound_still_gives_a_frame() -> None:
    samples, lengths = WaveformProcessor(seconds=1.0)([Sound(np.ones((100, 1), np.float32), 16000)])
    assert samples.shape == (1, 16000)
    assert lengths.tolist() == [1600]
