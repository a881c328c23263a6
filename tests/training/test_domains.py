"""Labelled data of other domains beside a target."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.tabular import Tabular
from transferkit.methods.baseline.source_probe import SourceProbe
from transferkit.sources.memory import keep, source_of
from transferkit.training.domain_features import domain_features, features_for
from transferkit.training.domains import Domains


def _rows(n: int, shift: float, seed: int = 0) -> tuple[list[dict[str, Any]], list[str]]:
    draw = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    values = draw.normal(size=(n, 3)) + 3 * classes[:, None] + shift
    rows: list[dict[str, Any]] = [dict(zip("abc", map(float, row), strict=True)) for row in values]
    return rows, [f"class {c}" for c in classes]


@pytest.fixture(name="source", scope="module")
def _source() -> Source:
    return source_of(*_rows(60, 0.0), name="first hospital")


@pytest.fixture(name="target", scope="module")
def _target() -> Target:
    return Target.of(*_rows(80, 1.0, seed=1), name="second hospital")


def test_every_open_item_of_the_target_is_there_and_no_sealed_one(source: Source, target: Target) -> None:
    domains = Domains.of([source], target, Run())
    assert set(domains.unlabelled.ids) == {*target.train.ids, *target.validation.ids}
    assert not set(domains.unlabelled.ids) & set(target.test.ids)
    assert domains.unlabelled.labels is None
    assert len(domains.labelled) + len(domains.held_out) == 60


def test_origin_tells_the_domain_of_each_labelled_item(source: Source, target: Target) -> None:
    other = source_of(*_rows(40, 2.0, seed=2), name="third hospital")
    domains = Domains.of([source, other], target, Run())
    first = len(domains.sources[0].train)
    assert domains.labelled.ids[:first] == domains.sources[0].train.ids
    np.testing.assert_array_equal(domains.origin, [0] * first + [1] * (len(domains.labelled) - first))


def test_classes_are_matched_by_their_names(source: Source) -> None:
    rows, labels = _rows(60, 0.5, seed=3)
    target = Target.of(rows, ["class 1" if label == "class 1" else "class 7" for label in labels])
    domains = Domains.of([source], target, Run())
    assert domains.shared == ("class 1",)
    assert domains.only_in_sources == ("class 0",)
    assert domains.only_in_target == ("class 7",)
    assert domains.task.describe()["classes"] == ["class 0", "class 1", "class 7"]


def test_items_of_the_target_are_left_out_of_the_source(target: Target) -> None:
    rows, labels = _rows(80, 1.0, seed=1)
    more, theirs = _rows(30, 0.0, seed=9)
    source = source_of(rows[:40] + more, labels[:40] + theirs, name="overlapping")
    domains = Domains.of([source], target, Run())
    assert not set(domains.labelled.ids) & target.contents()
    assert len(domains.labelled) + len(domains.held_out) == 30


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: source_of(_rows(60, 0.0)[0], ["x", "y"] * 30, name="other classes"), "share no class"),
        (lambda: source_of([f"text {i}" for i in range(40)], ["class 0", "class 1"] * 20, name="texts"), "mapping"),
    ],
)
def test_domains_that_cannot_serve_are_refused_in_one_line(make: Any, said: str, target: Target) -> None:
    with pytest.raises(WrongUse, match=said) as raised:
        Domains.of([make()], target, Run())
    assert "\n" not in str(raised.value)


def test_a_target_of_five_items_is_refused_in_one_line(source: Source) -> None:
    rows, labels = _rows(5, 1.0, seed=4)
    few = Target.of(
        [*rows, *_rows(5, 1.0, seed=5)[0]], [*labels, "class 0", "class 1", "class 0", "class 1", "class 0"]
    )
    with pytest.raises(WrongUse, match="items to learn from, which tell too little"):
        Domains.of([source], few, Run())


def test_features_are_scaled_over_all_domains_together(source: Source, target: Target) -> None:
    features = domain_features(Domains.of([source], target, Run()), (), Run())
    both = np.concatenate([features.source, features.target])
    np.testing.assert_allclose(both.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(both.std(0)[:3], 1, atol=1e-9)
    np.testing.assert_allclose(features.of(features.domains.labelled, Run()), features.source, atol=1e-9)
    assert features.target_labels == target.train.labels


def test_texts_without_a_model_are_no_features(other_domains: tuple[Source, ...]) -> None:
    texts = source_of(
        [f"good film {i}" for i in range(20)] + [f"bad film {i}" for i in range(20)],
        ["a"] * 20 + ["b"] * 20,
        name="films",
    )
    target = Target.of(
        [f"good book {i}" for i in range(20)] + [f"bad book {i}" for i in range(20)], ["a"] * 20 + ["b"] * 20
    )
    with pytest.raises(WrongUse, match="name a model that reads"):
        features_for(SourceProbe(), (texts,), target, Run())


def test_the_source_probe_is_a_logistic_regression_on_the_scaled_rows(source: Source, target: Target) -> None:
    from sklearn.linear_model import LogisticRegression

    predictor = SourceProbe().fit((source,), target, Run())
    features = features_for(SourceProbe(), (source,), target, Run())
    other = LogisticRegression(C=1.0, max_iter=1000).fit(features.source, features.source_labels)
    ours = predictor.judge(features.domains.unlabelled, Run()).labels
    assert np.mean([a == b for a, b in zip(ours, other.predict(features.target), strict=True)]) > 0.95


def test_a_source_that_changed_is_read_again(target: Target, tmp_path: Path) -> None:
    rows, labels = _rows(60, 0.0)
    for changed in (labels, labels[::-1]):
        found = Domains.of([source_of(rows, changed, name="hospital of two days")], target, Run()).labelled
        assert dict(zip(map(str, found.items), found.labels or (), strict=True)).items() <= {
            (str(row), label) for row, label in zip(rows, changed, strict=True)
        }
    table = tmp_path / "hospital.csv"
    for kinds in (("class 0", "well"), ("class 1", "young")):
        lines = ["a,b,c,label", *(f"{i}.5,{i * i % 7}.25,{i % 5}.75,{kinds[i % 2]}" for i in range(40))]
        table.write_text("\n".join(lines), encoding="utf-8")
        assert set(Domains.of([Source(str(table))], target.hidden(), Run()).labelled.labels or ()) == set(kinds)


def test_a_source_that_stays_is_read_once(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "hospital.csv"
    table.write_text("\n".join(["a,b,c,label", *(f"{i}.5,{i % 7},{i % 5},class {i % 2}" for i in range(40))]))
    os.utime(table, (1e9, 1e9))
    places = []
    reads = Tabular.read

    def read(self: Tabular, path: Path, *rest: Any) -> Any:
        places.append(path)
        return reads(self, path, *rest)

    monkeypatch.setattr(Tabular, "read", read)
    for _ in range(2):
        Domains.of([Source(str(table))], target.hidden(), Run())
    assert len(places) == 1


def test_a_source_class_called_unknown_is_refused_by_open_set(target: Target) -> None:
    from transferkit.methods.adapt.open_set import OpenSet

    rows, labels = _rows(60, 0.0)
    source = source_of(rows, ["unknown" if label == "class 0" else label for label in labels], name="with unknown")
    with pytest.raises(WrongUse, match="rename it"):
        OpenSet(epochs=1).fit((source,), target, Run())


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ("neither", "every labelled source item weighs 0"),
        ("class 0", "that does not weigh 0 is of the one class 'class 0'"),
    ],
)
def test_weights_that_leave_no_two_classes_to_learn_from_are_refused(
    source: Source, target: Target, counts: str, said: str
) -> None:
    train = source.data().train
    weights = np.array([float(label == counts) for label in train.labels or ()])
    weighed = keep("weighed hospital", replace(source.data(), train=replace(train, weights=weights)))
    with pytest.raises(WrongUse, match=said):
        Domains.of([weighed], target, Run())
