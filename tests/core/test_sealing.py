"""Outer folds: labels too few for a sealed test are dealt, each sealed once a deal."""

import numpy as np
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.sealing import never_judged, outer_folds
from transferkit.core.target import Target


def small(*labels: str, seed: int = 0) -> Target:
    pictures = np.random.default_rng(seed).integers(0, 256, (len(labels), 6, 6), dtype=np.uint8)
    return Target.of(pictures, labels)


def test_only_a_drawn_and_small_test_is_too_small() -> None:
    assert small(*"abc" * 10).too_small_to_seal
    assert not small(*"ab" * 60).too_small_to_seal
    pictures = np.random.default_rng(1).integers(0, 256, (8, 6, 6), dtype=np.uint8)
    given = Target.of(pictures[:6], list("ababab"), test=(pictures[6:], ["a", "b"]))
    assert not given.too_small_to_seal
    with pytest.raises(WrongUse, match="given by its owner"):
        given.opened("a try")
    assert not given.test.openings


def test_opened_has_every_label_in_train_and_nothing_sealed() -> None:
    target = small(*"abc" * 10)
    opened = target.opened("cross-fitting")
    assert sorted(opened.train.ids) == sorted((*target.whole().train.ids, *target.test.open("a check").ids))
    assert len(opened.validation) == len(opened.test) == 0
    for either in (target, opened):
        assert (
            "30 labels are too few to seal some for a test: a study that learns from them judges each by cross-fitting"
            in either.warnings
        )
        assert not any("test split" in line for line in either.warnings)
    assert opened.fingerprint != target.fingerprint


def test_a_small_test_that_was_given_is_told_to_prove_little() -> None:
    pictures = np.random.default_rng(3).integers(0, 256, (36, 6, 6), dtype=np.uint8)
    given = Target.of(pictures[:30], list("ab" * 15), test=(pictures[30:], list("ab" * 3)))
    assert any("the test split has only 6 items" in line for line in given.warnings)


def test_opening_twice_is_remembered() -> None:
    target = small(*"abc" * 10)
    assert target.opened("one").test.openings == ["one"]
    assert target.opened("two").test.openings == ["one", "two"]


def test_the_way_the_test_was_drawn_does_not_change_what_is_opened() -> None:
    pictures = np.random.default_rng(3).integers(0, 256, (30, 6, 6), dtype=np.uint8)
    one, other = (Target.of(pictures, list("abc" * 10), seed=seed).opened("a check") for seed in (0, 1))
    assert one.train.ids == other.train.ids
    assert one.fingerprint == other.fingerprint


def test_the_parts_seal_every_label_once_and_know_nothing_of_it() -> None:
    opened = small(*"abc" * 10).opened("cross-fitting")
    deal = outer_folds(opened.train, opened.task, seed=2)
    parts = [opened.part(deal == number, seed=2) for number in range(5)]
    sealed = [part.test.open("a check") for part in parts]
    assert sorted(id_ for test in sealed for id_ in test.ids) == sorted(opened.train.ids)
    for part, test in zip(parts, sealed, strict=True):
        learned = {*part.train.ids, *part.validation.ids}
        assert not learned & set(test.ids)
        assert len(learned) + len(test) == 30
        assert sorted(test.labels) == sorted("abc" * 2)
        assert len(part.validation) >= 3
        assert not part.fold(9).too_small_to_seal
    assert len({part.fingerprint for part in parts}) == 5
    assert [part.test.openings for part in parts] == [["a check"]] * 5


def test_a_class_with_one_label_is_learned_from_and_never_judged() -> None:
    opened = small(*"aaaaabbbbbc").opened("cross-fitting")
    deal = outer_folds(opened.train, opened.task, seed=0)
    (lonely,) = np.flatnonzero(deal == -1)
    assert opened.train.labels[lonely] == "c"
    assert never_judged(opened.train, deal) == [
        "class 'c' is learned from and never judged: a class needs 2 different labelled items for that"
    ]


def test_eight_items_of_two_classes_can_be_dealt() -> None:
    opened = small(*"abababab").opened("cross-fitting")
    deal = outer_folds(opened.train, opened.task, seed=0)
    assert sorted(np.bincount(deal).tolist()) == [1, 1, 2, 2, 2]
    assert never_judged(opened.train, deal) == []


def test_identical_pictures_are_never_on_both_sides() -> None:
    pictures = np.repeat(np.random.default_rng(5).integers(0, 256, (10, 6, 6), dtype=np.uint8), 2, axis=0)
    opened = Target.of(pictures, ["a"] * 10 + ["b"] * 10).opened("cross-fitting")
    deal = outer_folds(opened.train, opened.task, seed=0)
    by_id = {}
    for id_, number in zip(opened.train.ids, deal.tolist(), strict=True):
        assert by_id.setdefault(id_, number) == number


def test_labels_that_leave_nothing_to_choose_on_are_refused_in_one_line() -> None:
    opened = small(*"aaabbb").opened("cross-fitting")
    two_of_each = opened.whole().train.take([opened.train.labels.index("a"), opened.train.labels.index("b")])
    with pytest.raises(WrongUse, match="2 labelled items of 2 classes leave none for cross-fitting") as refused:
        outer_folds(two_of_each, opened.task, seed=0)
    assert "\n" not in str(refused.value)
