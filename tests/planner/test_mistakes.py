"""What is told of mistakes agrees with scikit-learn, and the worst stand first."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from transferkit.core.examples import Examples
from transferkit.core.task import Predictions
from transferkit.evaluate.proof import Proven
from transferkit.planner.mistakes import MOST, MOST_NUMBERS, MOST_RIGHT, look_at, on_the_test
from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress
from transferkit.tasks.tag import Tag
from transferkit.tasks.transcribe import Transcribe


def test_of_classes_the_surest_mistake_stands_first() -> None:
    from sklearn.metrics import confusion_matrix

    draw = np.random.default_rng(0)
    classes = ("a", "b", "c")
    scores = draw.dirichlet(np.ones(3), 60)
    truth = draw.choice(classes, 60).tolist()
    said = tuple(classes[i] for i in scores.argmax(axis=1))
    worst, told = look_at(Classify(classes), truth, Predictions(said, scores))
    assert told.confusion is not None
    assert np.array_equal(told.confusion, confusion_matrix(truth, said, labels=classes))
    assert sorted(worst.order) == [i for i in range(60) if truth[i] != said[i]]
    assert worst.confidence == tuple(sorted(scores.max(axis=1)[list(worst.order)], reverse=True))


def test_of_tags_the_surest_wrong_decision_stands_first_and_each_tag_is_counted() -> None:
    from sklearn.metrics import average_precision_score

    draw = np.random.default_rng(1)
    classes = ("a", "b", "c")
    borne, scores = draw.random((50, 3)) < (0.5, 0.2, 0.0), draw.random((50, 3))
    truth, said = (
        [tuple(name for name, is_so in zip(classes, row, strict=True) if is_so) for row in table]
        for table in (borne, scores > 0.5)
    )
    worst, told = look_at(Tag(classes), truth, Predictions(tuple(said), scores))
    for k, result in enumerate(told.tags[:2]):
        assert result.average_precision == pytest.approx(average_precision_score(borne[:, k], scores[:, k]))
        assert result.n_items == borne[:, k].sum()
        assert result.missed == (borne[:, k] & (scores[:, k] <= 0.5)).sum()
        assert result.wrongly == (~borne[:, k] & (scores[:, k] > 0.5)).sum()
    assert told.tags[2].average_precision is None
    error = np.abs(scores - borne).max(axis=1)
    assert worst.order[0] == error.argmax()
    assert sorted(worst.order) == [i for i in range(50) if truth[i] != said[i]]


def test_of_numbers_the_farthest_stands_first_and_few_are_drawn() -> None:
    worst, told = look_at(Regress(), (1.0, 2.0, 3.0), Predictions((1.5, 2.0, 0.0)))
    assert worst.order == (2, 0, 1)
    assert worst.off == ("-3", "+0.5", "+0")
    assert told.numbers == ((1.0, 1.5), (2.0, 2.0), (3.0, 0.0))
    many = tuple(map(float, range(2000)))
    assert len(look_at(Regress(), many, Predictions(many))[1].numbers) == MOST_NUMBERS


def test_of_transcripts_the_one_most_wrong_for_its_length_stands_first() -> None:
    truth = ("one two three four", "yes", "right")
    worst, _ = look_at(Transcribe(), truth, Predictions(("one too three for", "no", "right")))
    assert worst.order == (1, 0)
    assert worst.off == ("1 error in 1 word", "2 errors in 4 words")


def test_predictions_without_probabilities_tell_nothing_of_classes() -> None:
    assert look_at(Classify(("a", "b")), ("a",), Predictions(("b",)))[0].order == ()


def test_items_are_shown_with_what_is_known_of_them() -> None:
    """Twenty rows, all called the other class; the test's names are theirs."""
    rows = [{"age": float(i)} for i in range(20)]
    test = Examples(rows, tuple(map(str, range(20))), ("a",) * 20, tuple(f"t.csv row {i}" for i in range(20)))
    scores = np.stack([np.linspace(0.4, 0.0, 20), np.linspace(0.6, 1.0, 20)], axis=1)
    findings: Any = SimpleNamespace(
        evidence={"scratch": Proven(np.zeros((1, 20)), Predictions(("b",) * 20, scores))},
        test=test,
        trials=SimpleNamespace(target=SimpleNamespace(task=Classify(("a", "b")), modality="tabular")),
    )
    told = on_the_test(findings, "scratch")
    assert [one.name for one in told.mistakes] == [f"t.csv row {i}" for i in range(19, 19 - MOST, -1)]
    assert told.mistakes[0].cells == {"age": "19"}
    assert (told.mistakes[0].truth, told.mistakes[0].predicted, told.mistakes[0].confidence) == ("a", "b", 1.0)
    assert told.confusion == ((0, 20), (0, 0))
    assert on_the_test(findings, "another arm").mistakes == ()


def test_where_no_class_is_wrong_the_least_sure_are_shown() -> None:
    sure = np.random.default_rng(2).permutation(np.linspace(0.55, 0.99, 20))
    test = Examples(
        ["a word"] * 20, tuple(map(str, range(20))), ("a",) * 20, tuple(f"t.csv row {i}" for i in range(20))
    )
    findings: Any = SimpleNamespace(
        evidence={"scratch": Proven(np.ones((1, 20)), Predictions(("a",) * 20, np.stack([sure, 1 - sure], axis=1)))},
        test=test,
        trials=SimpleNamespace(target=SimpleNamespace(task=Classify(("a", "b")), modality="text")),
    )
    told = on_the_test(findings, "scratch").mistakes
    assert [one.confidence for one in told] == sorted(sure)[:MOST_RIGHT]
    assert {(one.truth, one.predicted, one.text, one.is_right) for one in told} == {("a", "a", "a word", True)}


def test_one_mistake_is_enough_to_show_no_item_that_is_right() -> None:
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    worst, _ = look_at(Classify(("a", "b")), ("a", "a", "a"), Predictions(("a", "a", "b"), scores))
    assert (worst.order, worst.are_right) == ((2,), False)


def test_where_no_tag_or_word_is_wrong_the_nearest_to_it_stand_first() -> None:
    scores = np.array([[0.9, 0.2], [0.6, 0.1], [0.3, 0.95]])
    tags = (("a",), ("a",), ("b",))
    worst, _ = look_at(Tag(("a", "b")), tags, Predictions(tags, scores))
    assert (worst.order, worst.off, worst.are_right) == ((1, 2, 0), ("a: 60 %", "a: 30 %", "b: 20 %"), True)
    said = ("yes", "one two")
    worst, _ = look_at(Transcribe(), said, Predictions(said))
    assert (worst.order, worst.off, worst.are_right) == ((1, 0), ("0 errors in 2 words", "0 errors in 1 word"), True)
