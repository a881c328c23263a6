"""Labelled source data in an order, for targets without labels."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import transferkit as tk
from transferkit.core.errors import WrongUse
from transferkit.core.run import NoCache
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.ops.discrepancies.proxy_a_distance import proxy_a_distance
from transferkit.planner.domain_ranking import DomainRanking
from transferkit.sources.memory import keep, source_of


def _rows(n: int, seed: int, shift: float = 0.0, spread: float = 0.5) -> tuple[list[dict[str, float]], list[str]]:
    draw = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    values = draw.normal(size=(n, 2)) * [spread, 2.0] + np.c_[2.0 * classes, np.zeros(n)] + shift
    return [{"a": float(a), "b": float(b)} for a, b in values], [f"class {c}" for c in classes]


@pytest.fixture(name="target")
def _target() -> Target:
    return Target.of(*_rows(200, 1, shift=3.0), name="new").hidden()


def _ranked(sources: list[Any], target: Target, **more: Any) -> DomainRanking:
    found = tk.rank(sources, target, cache=NoCache(), **more)
    assert isinstance(found, DomainRanking)
    return found


def test_a_source_that_lies_nearer_stands_before_one_that_lies_farther(target: Target) -> None:
    far, near = (source_of(*_rows(160, 2, shift=shift), name=f"at {shift}") for shift in (0.0, 2.8))
    found = _ranked([far, near], target)
    assert [row.name for row in found.rows] == ["memory:at 2.8", "memory:at 0.0"]
    assert found.rows[0].distance < 0.6 < 1.2 < found.rows[1].distance


def test_of_two_at_one_distance_the_one_that_is_better_learned_stands_first(target: Target) -> None:
    clear, blurred = (source_of(*_rows(400, 2, shift=3.0, spread=s), name=f"spread {s}") for s in (0.5, 3.0))
    found = _ranked([blurred, clear], target)
    assert found.rows[0].name == "memory:spread 0.5"
    assert found.rows[0].own > 0.9 > 0.75 > found.rows[1].own


def test_the_distance_is_that_of_standardised_rows_and_the_accuracy_that_of_held_out_items(target: Target) -> None:
    from sklearn.linear_model import LogisticRegression

    source = source_of(*_rows(160, 2), name="checked")
    (row,) = _ranked([source], target).rows
    data = source.data()

    def numbers(items: Any) -> np.ndarray:
        return np.array([[item["a"], item["b"]] for item in items])

    ours, theirs = numbers(data.train.items), numbers(target.unlabelled.items)
    everything = np.concatenate([ours, theirs])
    scaled = (everything - everything.mean(0)) / everything.std(0)
    expected = proxy_a_distance(torch.from_numpy(scaled[: len(ours)]), torch.from_numpy(scaled[len(ours) :]))
    assert row.distance == pytest.approx(expected, abs=0.02)
    head = LogisticRegression().fit(ours, data.train.labels)
    assert row.own == pytest.approx(head.score(numbers(data.validation.items), data.validation.labels), abs=0.03)


def test_classes_that_a_source_lacks_count_as_errors_and_are_named(target: Target) -> None:
    rows, labels = _rows(160, 2, shift=3.0)
    half = source_of(rows, ["class 1" if label == "class 1" else "class 9" for label in labels], name="half")
    whole = source_of(rows, labels, name="whole")
    found = _ranked([half, whole], target)
    assert [row.name for row in found.rows] == ["memory:whole", "memory:half"]
    assert found.rows[1].lacks == ("class 0",)
    assert found.rows[0].lacks == ()
    assert "lacks class 0" in str(found)


def test_where_no_label_of_the_target_names_a_class_those_of_all_sources_count(target: Target) -> None:
    rows, labels = _rows(160, 2, shift=3.0)
    two = source_of(rows, labels, name="two")
    three = source_of(rows, ["class 9" if i % 8 == 0 else label for i, label in enumerate(labels)], name="three")
    without = replace(target, test=type(target.test)(target.train))
    found = _ranked([two, three], without)
    assert {row.name: row.lacks for row in found.rows} == {"memory:two": ("class 9",), "memory:three": ()}


def test_labels_can_be_kept_as_evidence_and_are_not_looked_at() -> None:
    source = source_of(*_rows(160, 2), name="old to rank")
    rows, labels = _rows(160, 1, shift=3.0)
    first = _ranked([source], Target.of(rows, labels, name="new"), target_labels="evidence")
    turned = Target.of(rows, ["class 1" if label == "class 0" else "class 0" for label in labels], name="new")
    assert _ranked([source], turned, target_labels="evidence").rows[0].own == first.rows[0].own


def test_what_cannot_serve_is_listed_last_with_the_reason(target: Target) -> None:
    old = source_of(*_rows(160, 2), name="old to rank")
    colours = source_of(_rows(60, 3)[0], ["red", "blue"] * 30, name="colours")
    words = source_of(["good"] * 20 + ["bad"] * 20, ["class 0"] * 20 + ["class 1"] * 20, name="words")
    data = old.data()
    ones = [i for i, label in enumerate(data.train.labels) if label == "class 0"]
    single = keep("single", replace(data, train=data.train.take(ones), validation=data.validation.take([])))
    found = _ranked([colours, words, single, old], target)
    assert found.rows[0].name == "memory:old to rank"
    by_name = {row.name: row.note for row in found.rows}
    assert "share no class" in by_name["memory:colours"]
    assert "mapping/" in by_name["memory:words"]
    assert "one class" in by_name["memory:single"]
    assert any("only one source of labelled data can be used" in note for note in found.notes)
    with pytest.raises(WrongUse, match=r"none of the 2 sources can be used here: .*share no class.*mapping/"):
        _ranked([colours, words], target)


def test_one_source_is_a_ranking_of_one_that_says_so_and_predicts_nothing(target: Target) -> None:
    found = _ranked([source_of(*_rows(160, 2), name="old to rank")], target)
    assert found.to_frame()["source"].tolist() == ["memory:old to rank"]
    said = " ".join(str(found).split())  # lines end where the terminal does
    assert "nothing to compare it with" in said
    assert "no prediction of accuracy" in said
    assert found.as_dict()["predicts"] is False
    assert found.as_dict()["domains"][0]["own_accuracy"] > 50


def test_without_held_out_items_the_distance_alone_orders(target: Target) -> None:
    far, near = (source_of(*_rows(160, 2, shift=shift), name=f"at {shift}") for shift in (0.0, 2.8))
    data = near.data()
    near = keep("all learned", replace(data, train=data.whole().train, validation=data.validation.take([])))
    found = _ranked([far, near], target)
    assert found.rows[0].name == "memory:all learned"
    assert found.rows[0].own is None
    assert "Ordered by the distance" in str(found)


def test_a_model_that_is_named_gives_the_features_of_all(
    tiny_target: Target, other_domains: tuple[Source, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = FeatureCache(tmp_path_factory.mktemp("cache"))
    found = tk.rank(["zoo:shuffled-cnn", *other_domains], tiny_target.hidden(), cache=cache)
    assert isinstance(found, DomainRanking)
    assert {row.features for row in found.rows} == {"zoo:shuffled-cnn"}
    assert len(found.rows) == 3
    assert "models are not ranked without target labels" in found.notes


def test_without_a_model_each_source_is_seen_through_the_network_learned_from_it(
    tiny_target: Target,
    other_domains: tuple[Source, ...],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from transferkit.methods.baseline.scratch import Scratch

    recipe = Scratch.recipe
    monkeypatch.setattr(Scratch, "recipe", lambda self, n: recipe(replace(self, epochs=1), n))
    cache = FeatureCache(tmp_path_factory.mktemp("cache"))
    found = tk.rank(list(other_domains[:2]), tiny_target.hidden(), cache=cache)
    assert isinstance(found, DomainRanking)
    assert {row.features for row in found.rows} == {f"the network learned from {s.name}" for s in other_domains[:2]}
    assert "the network learned from each source" in str(found)
