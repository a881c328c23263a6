import numpy as np
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.sound import Sound
from transferkit.sources.processors._clip import centred, loudest, mono, note_of_longer, usual_seconds


def tone(hertz: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate).astype(np.float32)


@pytest.mark.parametrize(("given", "wanted"), [(8000, 16000), (44100, 16000), (48000, 16000), (22050, 8000)])
def test_a_tone_is_the_same_tone_at_another_rate(given: int, wanted: int) -> None:
    """The oracle: the tone itself, sampled at the other rate; ends are left out, where the filter runs out of sound."""
    found = mono(Sound(tone(440, given)[:, None], given), wanted)
    assert len(found) == wanted
    inner = slice(wanted // 20, -wanted // 20)
    np.testing.assert_allclose(found[inner], tone(440, wanted)[inner], atol=2e-3)


def test_what_the_lower_rate_cannot_hold_is_removed() -> None:
    found = mono(Sound(tone(6000, 16000)[:, None], 16000), 8000)
    assert np.abs(found[400:-400]).max() < 0.01


def test_channels_are_averaged() -> None:
    stereo = np.stack([tone(440, 8000), -tone(440, 8000)], axis=1)
    np.testing.assert_allclose(mono(Sound(stereo, 8000), 8000), 0, atol=1e-7)


def test_the_loudest_stretch_is_kept_and_a_short_sound_lies_in_the_middle() -> None:
    samples = np.zeros(1000, np.float32)
    samples[700:740] = 1
    assert loudest(samples, 100).sum() == 40
    np.testing.assert_array_equal(centred(np.ones(4, np.float32), 9), [0, 0, 1, 1, 1, 1, 0, 0, 0])


def test_the_usual_length_holds_nine_of_ten() -> None:
    sounds = [Sound(np.zeros((round(8000 * s), 1), np.float32), 8000) for s in [0.5] * 9 + [30.0]]
    assert usual_seconds(sounds) == 1.0
    assert usual_seconds(sounds[1:]) == 16.0
    assert usual_seconds([]) == 1.0
    assert note_of_longer(sounds, 10.0) == ("1 of 10 sound is longer than 10 s; of each the loudest 10 s are heard",)
    assert note_of_longer(sounds[:9], 10.0) == ()


def test_what_is_no_sound_is_one_line() -> None:
    with pytest.raises(WrongUse, match="a network of sounds takes"):
        mono("a.wav", 8000)
