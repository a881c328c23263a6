"""Strings of spoken digits: what is said is what is written, and the same seed says the same."""

from pathlib import Path

import numpy as np

from bench.digit_strings import DIGITS, PAUSE, RATE, strings, write
from transferkit.core.target import Target

SPOKEN = {
    speaker: {digit: [np.full(800 + 10 * digit, (digit + 1) / 20, np.float32)] * 2 for digit in range(10)}
    for speaker in ("ann", "bob")
}


def test_what_is_said_is_what_is_written() -> None:
    for samples, words, speaker in strings(SPOKEN, ("ann", "bob"), 12, (1, 3), seed=0):
        digits = [DIGITS.index(word) for word in words.split()]
        assert len(digits) in (1, 3)
        assert speaker in SPOKEN
        heard = [round(20 * level) - 1 for level in np.unique(samples[samples > 0])]
        assert sorted(set(digits)) == heard
        spoken, pauses = sum(800 + 10 * digit for digit in digits), len(digits) - 1
        assert pauses * PAUSE[0] - 0.01 <= (len(samples) - spoken) / RATE <= pauses * PAUSE[1] + 0.01


def test_the_same_seed_says_the_same_and_another_does_not() -> None:
    said = [[words for _, words, _ in strings(SPOKEN, ("ann",), 20, (2, 3), seed)] for seed in (4, 4, 5)]
    assert said[0] == said[1] != said[2]


def test_what_is_written_is_read_as_speech_to_write_down(tmp_path: Path) -> None:
    table = write(strings(SPOKEN, ("ann", "bob"), 30, (2, 3), seed=1), tmp_path / "made")
    target = Target.read(table)
    assert (target.task.name, len(target.whole().train) + len(target.test)) == ("transcribe", 30)
