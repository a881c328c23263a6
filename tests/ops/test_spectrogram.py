import numpy as np
import pytest
import scipy.fft
import scipy.signal
import torch
from transformers.audio_utils import mel_filter_bank

from transferkit.ops.spectrogram import cepstra, log_mel, mel_filters


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize(
    ("n_mels", "n_fft", "rate", "low", "high"), [(40, 480, 16000, 20.0, 4000.0), (64, 1024, 44100, 0.0, 22050.0)]
)
def test_the_filters_are_those_of_transformers(
    scale: str, n_mels: int, n_fft: int, rate: int, low: float, high: float
) -> None:
    norm = "slaney" if scale == "slaney" else None
    expected = mel_filter_bank(n_fft // 2 + 1, n_mels, low, high, rate, norm=norm, mel_scale=scale).T
    found = mel_filters(n_mels, n_fft, rate, low, high, scale)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-7)


def test_the_power_is_that_of_numpys_transform_of_each_frame() -> None:
    waves = torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
    n_fft, hop = 256, 100
    found = log_mel(waves, torch.eye(n_fft // 2 + 1), n_fft, n_fft, hop)
    mirrored = np.pad(waves.double().numpy(), ((0, 0), (n_fft // 2, n_fft // 2)), mode="reflect")
    frames = np.stack([mirrored[:, i : i + n_fft] for i in range(0, 4001, hop)], axis=1)
    window = scipy.signal.windows.hann(n_fft, sym=False)
    expected = np.abs(np.fft.rfft(frames * window, axis=2)) ** 2  # (2, frames, pitches)
    np.testing.assert_allclose(found.exp().numpy(), expected.transpose(0, 2, 1), rtol=2e-3, atol=1e-4)


def test_cepstra_are_the_orthonormal_cosine_transform() -> None:
    maps = torch.randn(2, 40, 7, generator=torch.Generator().manual_seed(0))
    expected = scipy.fft.dct(maps.numpy(), type=2, axis=1, norm="ortho")
    np.testing.assert_allclose(cepstra(maps, 40).numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(cepstra(maps, 13).numpy(), expected[:, :13], atol=1e-5)


def test_a_tone_lies_where_its_pitch_is() -> None:
    time = torch.arange(16000) / 16000
    filters = mel_filters(40, 512, 16000, 20.0, 8000.0)
    found = log_mel(torch.sin(2 * torch.pi * 1000 * time)[None], filters, 512, 400, 160)
    pitches = torch.arange(257) * 16000 / 512
    loudest = int(found[0, :, 50].argmax())
    assert abs(float((filters[loudest] * pitches).sum() / filters[loudest].sum()) - 1000) < 60


def test_silence_is_the_floor() -> None:
    filters = mel_filters(40, 512, 16000, 20.0, 8000.0)
    found = log_mel(torch.zeros(1, 8000), filters, 512, 400, 160, floor=1e-6)
    torch.testing.assert_close(found, torch.full_like(found, np.log(1e-6)))
