import itertools
from pathlib import Path

import numpy as np
import pytest

from transferkit.artifact import saved
from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.frozen.fusion import Fusion, chosen
from transferkit.planner.arms import named
from transferkit.training.body import Body
from transferkit.training.frozen import frozen_states
from transferkit.training.fused import raw_part

SOURCES = (Source("zoo:digits-cnn"), Source("zoo:clothes-cnn"))


def test_the_head_is_the_closed_form_on_parts_of_equal_variance(tiny_target: Target) -> None:
    """The oracle: the tables scaled by hand, and the task's ridge on them."""
    predictor = Fusion(parts="1+2+raw").fit(SOURCES, tiny_target.whole(), Run())
    train = tiny_target.whole().train
    tables = [frozen_states(Body.pretrained(source, tiny_target), train, Run()) for source in SOURCES]
    tables.append(raw_part("image").features(train, Run()))
    scaled = [(t - t.mean(0)) / np.sqrt(t.astype(float).var(0).sum()) for t in tables]
    assert [np.trace(np.cov(t.T, bias=True)) for t in scaled] == pytest.approx([1, 1, 1], rel=1e-4)
    table = np.concatenate(scaled, axis=1)
    closed = tiny_target.task.closed_form_head(table, train.labels)
    logits = table @ closed.weight.T + closed.bias
    chances = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(
        predictor.predict(train.items).scores, chances / chances.sum(1, keepdims=True), rtol=1e-3, atol=1e-5
    )


def test_selection_finds_what_trying_every_subset_finds() -> None:
    worth = {"a": 1.0, "b": 3.0, "c": 2.0, "d": -1.0}

    def standing(names: tuple[str, ...]) -> tuple[float, float]:
        return sum(worth[n] for n in names), 0.0

    subsets = [s for k in range(1, 5) for s in itertools.combinations("abcd", k)]
    assert chosen("abcd", standing) == max(subsets, key=standing)


def test_several_networks_are_saved_and_loaded(tiny_target: Target, tmp_path: Path) -> None:
    predictor = Fusion(parts="1+2+raw").fit(SOURCES, tiny_target.fold(0), Run())
    saved.save(predictor, tmp_path / "model")
    kept = saved.load(tmp_path / "model")
    items = tiny_target.train.items
    np.testing.assert_array_equal(kept.predict(items).scores, predictor.predict(items).scores)


def test_the_parts_that_validation_chose_are_used_again(tiny_target: Target) -> None:
    record = Fusion().fit(SOURCES, tiny_target.fold(0), Run()).record
    again = Fusion().refit(record)
    assert again.parts == record.settings["parts"]
    assert again.fit(SOURCES, tiny_target.whole(), Run()).record.settings["parts"] == again.parts


def test_a_part_that_is_not_there_names_those_that_are(tiny_target: Target) -> None:
    with pytest.raises(WrongUse, match=r"'3'.*Known: 1, 2, raw"):
        Fusion(parts="3").fit(SOURCES, tiny_target.fold(0), Run())


def test_a_study_gives_it_all_sources_at_once() -> None:
    arms = [arm for arm in named(SOURCES, [(Fusion(), frozenset())]) if arm.method.name == "fusion"]
    assert [arm.sources for arm in arms] == [SOURCES]


def test_it_says_what_it_was_made_of(tiny_target: Target) -> None:
    record = Fusion(parts="2+raw").fit(SOURCES, tiny_target.fold(0), Run()).record
    assert [one["name"] for one in record.origin] == [SOURCES[1].name]
