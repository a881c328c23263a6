"""Whole recordings as spectrograms: nothing left out, nothing added that counts."""

import numpy as np
import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.core.sound import Sound
from transferkit.ops import spectrogram
from transferkit.sources import processors
from transferkit.sources.processors.speech import SpeechProcessor


def noise(seconds: float, rate: int = 16000, seed: int = 0, loudness: float = 0.1) -> Sound:
    samples = np.random.default_rng(seed).normal(0, loudness, (round(seconds * rate), 1)).astype(np.float32)
    return Sound(samples, rate)


def test_frames_are_those_of_the_recording_alone() -> None:
    maps, frames = SpeechProcessor(seconds=2.0)([noise(0.5), noise(1.25)])
    assert maps.shape == (2, 40, 201)
    assert frames.tolist() == [51, 126]
    alone, _ = SpeechProcessor(seconds=8.0)([noise(0.5)])
    assert torch.equal(maps[0, :, :51], alone[0, :, :51])
    assert not maps[0, :, 51:].any()


def test_each_filter_has_mean_0_and_deviation_1_over_the_recording() -> None:
    maps, frames = SpeechProcessor()([noise(1.0)])
    heard = maps[0, :, : int(frames[0])]
    torch.testing.assert_close(heard.mean(1), torch.zeros(40), atol=1e-5, rtol=0)
    torch.testing.assert_close(heard.std(1, correction=0), torch.ones(40), atol=1e-4, rtol=0)


def test_it_is_the_log_mel_spectrogram_but_for_that() -> None:
    sound = noise(0.3)
    filters = spectrogram.mel_filters(40, 512, 16000, 20.0, 8000.0)
    plain = spectrogram.log_mel(torch.from_numpy(sound.samples[:, 0])[None], filters, 512, 400, 160)[0]
    maps, frames = SpeechProcessor()([sound])
    for row in range(40):
        assert np.corrcoef(plain[row], maps[0, row, : int(frames[0])])[0, 1] == pytest.approx(1, abs=1e-5)


def test_loudness_rate_and_channels_hardly_matter() -> None:
    sound = noise(1.0)
    louder = Sound(np.repeat(sound.samples * 5, 2, axis=1), 16000)
    maps, _ = SpeechProcessor()([sound, louder])
    torch.testing.assert_close(maps[0], maps[1], atol=1e-3, rtol=0)


def test_silence_and_a_hundredth_of_a_second_are_finite() -> None:
    maps, frames = SpeechProcessor()([Sound(np.zeros((8000, 1), np.float32), 8000), noise(0.01)])
    assert torch.isfinite(maps).all()
    assert not maps[0].any()
    assert frames[1] >= 1


def test_nothing_is_cut_off_and_what_is_filled_up_follows_the_sounds() -> None:
    items = [noise(0.5), noise(5.0), noise(17.0)]
    assert SpeechProcessor().whole(items[:2]).seconds == 8.0
    assert SpeechProcessor().whole(items).seconds == 24.0
    maps, frames = SpeechProcessor(seconds=4.0)(items)
    assert frames.tolist() == [51, 501, 1701]
    assert maps.shape[2] == 1701
    assert list(SpeechProcessor(seconds=4.0).lengths(items)) == [50, 500, 1700]


def test_is_rebuilt_from_its_description() -> None:
    made = SpeechProcessor(seconds=6.0, n_mels=20)
    assert processors.build(made.describe()) == made


def test_what_makes_no_sense_gives_one_line() -> None:
    with pytest.raises(WrongUse, match=r"speech processor: seconds -1.0 has to be above 0"):
        SpeechProcessor(seconds=-1.0)
    with pytest.raises(WrongUse, match="window 800 is longer than n_fft 512"):
        SpeechProcessor(window=800)
    with pytest.raises(WrongUse, match=r"takes transferkit.core.sound.Sound, got str"):
        SpeechProcessor()(["three one four"])
