"""Texts are learned from scratch with the words of the training texts alone."""

import random

import numpy as np
import pytest

from transferkit.artifact import saved
from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.training.default_bodies import default_body


def remarks(n: int, seed: int) -> tuple[list[str], list[str]]:
    """n remarks of 8 words, two of which say whether it pleased."""
    draw = random.Random(seed)
    common = [f"word{i}" for i in range(30)]
    said = {"pleased": ["good", "fine", "lovely"], "annoyed": ["bad", "dull", "broken"]}
    labels = [("pleased", "annoyed")[i % 2] for i in range(n)]
    words = [[*draw.choices(common, k=6), *draw.choices(said[label], k=2)] for label in labels]
    for one in words:
        draw.shuffle(one)
    return [" ".join(one) for one in words], labels


@pytest.fixture(scope="module")
def target() -> Target:
    return Target.of(*remarks(60, 0), test=remarks(40, 1), name="remarks")


def test_its_words_are_those_of_the_training_texts_alone(target: Target) -> None:
    words = set(default_body(target, 0).processor.words)
    assert words == {word for text in target.train.items for word in text.split()}


def test_its_length_suits_the_texts(target: Target) -> None:
    assert default_body(target, 0).processor.length == 16
    long = Target.of([f"{text} " * 30 for text in remarks(20, 0)[0]], remarks(20, 0)[1])
    assert default_body(long, 0).processor.length == 400


def test_the_same_seed_gives_the_same_network(target: Target) -> None:
    first, second, other = (default_body(target, seed) for seed in (0, 0, 1))
    assert first.fingerprint == second.fingerprint != other.fingerprint


def test_scratch_learns_easy_texts_and_survives_saving(target: Target, tmp_path) -> None:
    fitted = Scratch().fit((), target, Run())
    sealed = target.test.open("this test")
    predictions = fitted.predict(list(sealed.items))
    assert np.mean(np.array(predictions.labels) == np.array(sealed.labels)) > 0.85
    saved.save(fitted, tmp_path / "model")
    again = saved.load(tmp_path / "model").predict(list(sealed.items))
    np.testing.assert_array_equal(again.scores, predictions.scores)


def test_text_files_and_words_are_predicted_alike(target: Target, tmp_path) -> None:
    fitted = Scratch(epochs=1).fit((), target, Run())
    (tmp_path / "a.txt").write_text("good fine word1\n")
    found = fitted.predict([tmp_path / "a.txt", "good fine word1", str(tmp_path / "a.txt")])
    np.testing.assert_allclose(found.scores[0], found.scores[1])
    np.testing.assert_allclose(found.scores[2], found.scores[1])
