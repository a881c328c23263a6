import numpy as np
import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.core.sound import Sound
from transferkit.sources import processors
from transferkit.sources.processors.spectrogram import SpectrogramProcessor


def noise(seconds: float, rate: int = 8000, channels: int = 1, seed: int = 0, loud: float = 0.3) -> Sound:
    draw = np.random.default_rng(seed)
    return Sound((loud * draw.normal(size=(round(rate * seconds), channels))).astype(np.float32), rate)


def test_any_length_rate_and_number_of_channels_becomes_one_shape() -> None:
    made = SpectrogramProcessor()([noise(0.05), noise(3.0, 44100, 2), noise(1.0, 16000)])
    assert made.shape == (3, 1, 40, 51)
    assert made.dtype == torch.float32
    assert made.isfinite().all()


def test_how_loud_it_is_does_not_matter() -> None:
    soft, loud = SpectrogramProcessor()([noise(1.0, loud=0.01), noise(1.0, loud=0.4)])
    torch.testing.assert_close(soft, loud, atol=2e-3, rtol=0)
    assert float(soft.mean()) == pytest.approx(0, abs=1e-5)
    assert float(soft.std(correction=0)) == pytest.approx(1, abs=1e-3)


def test_silence_is_no_division_by_nothing() -> None:
    silent = SpectrogramProcessor()([Sound(np.zeros((8000, 1), np.float32), 8000)])
    assert (silent == 0).all()


def test_the_faintest_spot_is_as_far_below_the_loudest_as_is_said() -> None:
    made = SpectrogramProcessor(decibels=30.0, scaling="none")([noise(0.3)])
    assert float(made.max() - made.min()) == pytest.approx(30 * np.log(10) / 10, abs=1e-4)


def test_it_is_built_again_from_its_description() -> None:
    processor = SpectrogramProcessor(n_mels=20, high=3000.0, n_cepstra=12, scaling="none", decibels=None)
    assert processors.build(processor.describe()) == processor


@pytest.mark.parametrize(("settings", "line"), [
    ({"rate": 0}, "rate 0 has to be above 0"),
    ({"window": 2048}, "window 2048 is longer than n_fft 1024"),
    ({"seconds": 0.01}, "too short for n_fft"),
    ({"high": 9000.0}, "20.0 to 9000.0 Hz do not lie within 0 to 8000.0"),
    ({"scaling": "itm"}, "did you mean 'item'"),
])  # fmt: skip
def test_a_wrong_setting_is_one_line(settings: dict, line: str) -> None:
    with pytest.raises(WrongUse, match=line):
        SpectrogramProcessor(**settings)
    with pytest.raises(WrongUse, match="n_mel"):
        processors.build({"kind": "spectrogram", "n_mel": 3})
