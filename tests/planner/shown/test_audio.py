import base64
import io

import numpy as np
import pytest

from transferkit.core.sound import Sound
from transferkit.evaluate.summary import Mistake
from transferkit.planner.shown.audio import HEIGHT, LONGEST, WIDTH, show, spectrogram

MISTAKE = Mistake("a.wav", "one", "two", 0.9, None)


def tone(hertz: float, rate: int, seconds: float = 1.0, channels: int = 1) -> Sound:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)
    return Sound(np.repeat(wave.astype(np.float32)[:, None], channels, axis=1), rate)


def content(address: str) -> io.BytesIO:
    return io.BytesIO(base64.b64decode(address.partition(",")[2]))


@pytest.mark.parametrize(("rate", "kept", "channels"), [(8000, 8000, 1), (44100, 16000, 2)])
def test_a_clip_is_the_sound_itself_as_another_library_reads_it(rate: int, kept: int, channels: int) -> None:
    import soundfile

    clip = show(MISTAKE, tone(440, rate, channels=channels)).clip
    assert clip is not None
    samples, read_rate = soundfile.read(content(clip))
    assert read_rate == kept
    assert np.abs(samples - tone(440, kept).samples[:, 0])[200:-200].max() < 0.02


def test_a_higher_tone_lies_higher_in_the_picture() -> None:
    rows = [spectrogram(tone(hertz, 16000).samples[:, 0], 16000).mean(axis=1).argmax() for hertz in (200, 900, 4000)]
    assert rows == sorted(rows, reverse=True)
    assert 0 < rows[2] < rows[0] < HEIGHT


@pytest.mark.parametrize("seconds", [0.01, 0.3, 30.0])
def test_the_picture_stays_small_however_long_the_sound(seconds: float) -> None:
    from PIL import Image

    shown = show(MISTAKE, tone(440, 8000, seconds))
    assert shown.thumbnail is not None
    with Image.open(content(shown.thumbnail)) as picture:
        assert picture.height == HEIGHT
        assert 1 <= picture.width <= WIDTH + 1


def test_only_a_short_sound_is_carried_along() -> None:
    assert show(MISTAKE, tone(440, 48000, LONGEST)).clip is None
    clip = show(MISTAKE, tone(440, 48000, LONGEST - 0.1)).clip
    assert clip is not None
    assert len(clip) < 110_000  # twelve of them leave the report well below 2 MB


def test_silence_is_dark() -> None:
    assert spectrogram(np.zeros(8000, dtype=np.float32), 8000).max() == 0
