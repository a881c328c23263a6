"""A sound as a picture: what the network gets is what its own processor makes of the spectrogram's grey picture."""

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.core.errors import WrongUse
from transferkit.core.sound import Sound
from transferkit.sources import processors
from transferkit.sources.across import adapted
from transferkit.sources.processors.audio_as_image import SoundAsPicture, around
from transferkit.sources.processors.image import ImageProcessor


def tone(hertz: float, seconds: float = 0.8, rate: int = 8000) -> Sound:
    samples = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)
    return Sound(samples.astype(np.float32)[:, None], rate)


class Keeping(ImageProcessor):
    """Keeps the pictures it was given."""

    def __call__(self, items):  # type: ignore[no-untyped-def]
        self.seen.extend(items)  # type: ignore[attr-defined]
        return super().__call__(items)


def pictures_of(*sounds: Sound) -> list[Image.Image]:
    inner = Keeping(size=(16, 16))
    object.__setattr__(inner, "seen", [])
    SoundAsPicture(inner=inner, spectrogram=around(inner, list(sounds)).spectrogram)(list(sounds))
    return inner.seen  # type: ignore[attr-defined, no-any-return]


def test_time_runs_to_the_right_and_pitch_upwards() -> None:
    low, high = (np.asarray(picture).astype(float) for picture in pictures_of(tone(300), tone(3000)))
    assert low.shape == (128, 129)
    rows = np.arange(128)
    assert (low.sum(1) * rows).sum() / low.sum() > (high.sum(1) * rows).sum() / high.sum() + 20
    late = Sound(np.concatenate([np.zeros((4000, 1), np.float32), tone(500, 0.3).samples]), 8000)
    columns = np.asarray(pictures_of(late)[0]).astype(float).sum(0)
    assert columns[70:].sum() > 3 * columns[:55].sum()


def test_the_networks_own_size_channels_and_statistics_are_kept() -> None:
    """The oracle: the network's own processor on the same picture."""
    inner = ImageProcessor(size=(24, 20), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    found = around(inner, [tone(440)])([tone(440)])
    assert found.shape == (1, 3, 24, 20)
    torch.testing.assert_close(found, inner(pictures_of(tone(440))))


def test_no_edge_is_cut_off() -> None:
    cutting = ImageProcessor(size=(64, 64), resize="shorter_side", crop_share=0.5)
    found = around(cutting, [tone(440)])([tone(440)])
    torch.testing.assert_close(found, ImageProcessor(size=(64, 64))(pictures_of(tone(440))))


def test_the_loudest_spot_is_white_and_eighty_decibels_below_is_black() -> None:
    loud, soft = pictures_of(tone(440), Sound(tone(440).samples * 0.01, 8000))
    assert np.asarray(loud).max() == 255
    assert np.asarray(loud).min() == 0
    assert np.abs(np.asarray(loud).astype(int) - np.asarray(soft)).max() <= 1
    assert np.asarray(pictures_of(Sound(np.zeros((4000, 1), np.float32), 8000))[0]).max() == 0


def test_the_picture_holds_as_much_as_the_sounds_last() -> None:
    short, long = around(ImageProcessor(), [tone(440, 0.5)] * 3), around(ImageProcessor(), [tone(440, 3.0)] * 3)
    assert (short.spectrogram.seconds, long.spectrogram.seconds) == (1.0, 4.0)
    assert short.spectrogram([tone(440)]).shape == long.spectrogram([tone(440)]).shape == (1, 1, 128, 129)


def test_it_is_built_again_from_its_description() -> None:
    bridged = adapted(ImageProcessor(size=(32, 32)), "audio", [tone(440)])
    assert isinstance(bridged, SoundAsPicture)
    assert processors.build(bridged.describe()) == bridged
    assert bridged.fingerprint != ImageProcessor(size=(32, 32)).fingerprint
    with pytest.raises(WrongUse, match="settings inner and spectrogram, got inner"):
        processors.build({"kind": "audio_as_image", "inner": {}})
