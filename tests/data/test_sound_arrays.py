import numpy as np
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.sound import Sound
from transferkit.core.target import Target
from transferkit.data.sound_arrays import held


@pytest.mark.parametrize(("given", "expected"), [
    (np.array([0, 16384, -32768] * 80, np.int16), [0, 0.5, -1]),
    (np.array([0, 2**30, -(2**31)] * 80, np.int32), [0, 0.5, -1]),
    (np.array([128, 192, 0] * 80, np.uint8), [0, 0.5, -1]),
    (np.array([0, 0.5, -1] * 80, np.float64), [0, 0.5, -1]),
])  # fmt: skip
def test_samples_of_any_depth_become_fractions(given: np.ndarray, expected: list[float]) -> None:
    examples = held([(given, 8000)])
    assert examples is not None
    np.testing.assert_allclose(examples.items[0].samples[:3, 0], expected)


def test_a_target_is_made_of_sounds_in_memory() -> None:
    draw = np.random.default_rng(0)
    sounds = [(draw.uniform(-1, 1, (900, 2)), 8000) for _ in range(24)]
    target = Target.of(sounds, ["a", "b"] * 12, modality="audio")
    assert target.modality == "audio"
    assert target.train.items[0].samples.shape == (900, 2)


def test_ids_follow_samples_and_rate() -> None:
    samples = np.zeros((900, 1), np.float32)
    examples = held([Sound(samples, 8000), Sound(samples.copy(), 8000), Sound(samples, 16000)])
    assert examples is not None
    assert examples.ids[0] == examples.ids[1] != examples.ids[2]


@pytest.mark.parametrize(("item", "line"), [
    ((np.zeros(10), 8000), "item 0 lasts 0.0013 s"),
    ((np.zeros((2, 9000)), 8000), "put the channels last"),
    ((np.zeros((9, 9, 9)), 8000), r"shape \(9, 9, 9\)"),
    ((np.zeros(900), 0), "rate of 0"),
    ((np.zeros(900, np.int64), 8000), "type int64"),
    ((np.full(900, np.nan), 8000), "no numbers"),
])  # fmt: skip
def test_what_is_no_sound_is_one_line(item: tuple[np.ndarray, int], line: str) -> None:
    with pytest.raises(WrongUse, match=line):
        held([item])


def test_other_things_are_left_to_other_formats() -> None:
    assert held(["a.wav"]) is None
    assert held(np.zeros((3, 8, 8))) is None
