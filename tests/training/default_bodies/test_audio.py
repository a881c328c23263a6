import numpy as np

from transferkit.core.sound import Sound
from transferkit.core.target import Target
from transferkit.sources.processors.spectrogram import SpectrogramProcessor
from transferkit.training.default_bodies import default_body


def sounds(seconds: float) -> Target:
    items = [(np.random.default_rng(i).normal(0, 0.1, round(8000 * seconds)), 8000) for i in range(24)]
    return Target.of(items, ["a", "b"] * 12, modality="audio")


def test_it_hears_as_long_as_the_sounds_last_in_no_more_than_400_frames() -> None:
    for seconds, heard, frames in ((0.4, 1.0, 51), (3.0, 4.0, 201), (15.0, 16.0, 401)):
        target = sounds(seconds)
        body = default_body(target, seed=0)
        assert isinstance(body.processor, SpectrogramProcessor)
        assert body.processor.seconds == heard
        inputs = body.processor([target.train.items[0]])
        assert inputs.shape == (1, 1, 40, frames)
        assert body.make()(inputs).shape == (1, 128)  # type: ignore[union-attr]


def test_the_same_seed_gives_the_same_network() -> None:
    target = sounds(0.4)
    inputs = default_body(target, 0).processor([Sound(np.ones((4000, 1), np.float32), 8000)])
    first, again, other = (default_body(target, seed).make()(inputs) for seed in (0, 0, 1))
    assert (first == again).all()  # type: ignore[union-attr]
    assert (first != other).any()  # type: ignore[union-attr]
