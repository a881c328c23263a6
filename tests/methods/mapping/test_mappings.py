"""Knowledge carried between tables whose columns have nothing in common: what is gained, what is said, what is refused."""

import dataclasses

import numpy as np
import pytest

from transferkit.artifact import saved
from transferkit.core import registry
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.baseline.source_probe import SourceProbe
from transferkit.methods.baseline.target_probe import TargetProbe
from transferkit.methods.mapping.attention_map import AttentionMap
from transferkit.methods.mapping.gaussian_map import GaussianMap
from transferkit.methods.mapping.least_squares import LeastSquares
from transferkit.methods.mapping.procrustes import Procrustes
from transferkit.methods.mapping.wasserstein_procrustes import WassersteinProcrustes
from transferkit.sources.memory import keep, source_of
from transferkit.training.two_spaces import TwoSpaces

MAPPINGS = sorted(name for name, cls in registry.find("methods").items() if ".methods.mapping." in cls.__module__)
TURN = np.linalg.qr(np.random.default_rng(9).normal(size=(6, 6)))[0]
RENAMED = np.eye(6)[[3, 5, 0, 2, 1, 4]] * [1, 10, 0.1, 5, 1, 1]
"""The same columns in another order, and in other units."""


def things(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 6) lopsided measures of things of three kinds, and their kinds."""
    draw = np.random.default_rng(seed)
    kinds = np.arange(n) % 3
    centres = np.array([[2.0, 0, 0, 0, 0, 0], [0, 2.0, 0, 0, 0, 0], [0, 0, 2.0, 0, 0, 0]])
    return centres[kinds] + draw.gamma(1.0, size=(n, 6)) * np.linspace(1.5, 0.3, 6), kinds


def as_source(n: int = 150, seed: int = 1) -> Source:
    measures, kinds = things(n, seed)
    rows = [{f"old{j}": value for j, value in enumerate(row)} for row in measures]
    return source_of(rows, [f"kind {kind}" for kind in kinds], name="old instrument")


def as_target(n_labels: int = 6, n: int = 150, seed: int = 2, turn: np.ndarray = TURN) -> Target:
    """The same kind of things, seen by an instrument with seven columns of its own."""
    measures, kinds = things(n + 300, seed)
    seen = np.concatenate([measures @ turn * 3 + 5, measures[:, :1] * 0.1], axis=1)
    rows = [{f"new{j}": value for j, value in enumerate(row)} for row in seen]
    names = [f"kind {kind}" for kind in kinds]
    shown = [name if i < n_labels else None for i, name in enumerate(names[:n])]
    return Target.of(rows[:n], shown, test=(rows[n:], names[n:]), name="new instrument").whole()


def paired(source_of_pairs: Source, target: Target) -> tuple[Source, Target]:
    """Both with groups: 60 things without a label that both instruments have seen."""
    data = source_of_pairs.data()
    measures, _ = things(60, 3)
    both = [{f"old{j}": v for j, v in enumerate(row)} for row in measures]
    seen = np.concatenate([measures @ TURN * 3 + 5, measures[:, :1] * 0.1], axis=1)
    new = [{f"new{j}": v for j, v in enumerate(row)} for row in seen]
    numbered = tuple(f"thing {i}" for i in range(60))
    data = dataclasses.replace(
        data,
        train=_grouped(data.train, "source"),
        validation=_grouped(data.validation, "held"),
        unlabelled=dataclasses.replace(_unlabelled(both), groups=numbered),
    )
    unlabelled = _grouped(target.unlabelled, "target").join(dataclasses.replace(_unlabelled(new), groups=numbered))
    target = dataclasses.replace(target, train=_grouped(target.train, "labelled"), unlabelled=unlabelled)
    return keep("paired instrument", data), target


def _grouped(examples, word):  # type: ignore[no-untyped-def]
    return dataclasses.replace(examples, groups=tuple(f"{word} {i}" for i in range(len(examples))))


def _unlabelled(rows):  # type: ignore[no-untyped-def]
    target = Target.of([*rows, *rows[:4]], [None] * len(rows) + ["a", "b"] * 2, test=(rows[:1], ["a"]))
    return dataclasses.replace(target.unlabelled.take(_order(target.unlabelled, rows)), labels=None)


def _order(examples, rows):  # type: ignore[no-untyped-def]
    places = {tuple(item.values()): i for i, item in enumerate(examples.items)}
    return [places[tuple(row.values())] for row in rows]


def accuracy(method: Method, sources: tuple[Source, ...], target: Target, seed: int = 0) -> float:
    test = target.test.open("a test")
    predictions = method.fit(sources, target, Run(seed=seed)).predict(test.items)
    return float(np.mean([guess == truth for guess, truth in zip(predictions.labels, test.labels, strict=True)]))


def test_with_pairs_the_source_s_labels_serve_as_the_target_s_own() -> None:
    source, target = paired(as_source(), as_target())
    alone = accuracy(TargetProbe(), (source,), target)
    assert accuracy(LeastSquares(source_share=3.0), (source,), target) > alone + 0.05
    assert accuracy(Procrustes(), (source,), target) > alone + 0.03


def test_without_pairs_two_clouds_of_the_same_things_are_matched() -> None:
    source, target = as_source(), as_target(turn=RENAMED)
    alone = accuracy(TargetProbe(), (source,), target)
    assert accuracy(WassersteinProcrustes(source_share=3.0), (source,), target) > alone + 0.03


def test_without_any_label_a_map_of_clouds_still_serves() -> None:
    target = as_target(9).hidden()
    predictor = GaussianMap().fit((as_source(),), target, Run())
    assert len(predictor.predict(target.unlabelled.items)) == len(target.unlabelled)


def test_where_the_source_misleads_the_folds_of_the_target_s_labels_set_it_aside() -> None:
    target = as_target(60)
    measures, kinds = things(150, 1)
    names = [f"kind {kind}" for kind in np.random.default_rng(0).permutation(kinds)]
    wrong = source_of([{f"old{j}": v for j, v in enumerate(row)} for row in measures], names, name="misled")
    assert WassersteinProcrustes().fit((wrong,), target, Run()).record.settings["source_share"] < 1
    assert accuracy(WassersteinProcrustes(), (wrong,), target) > accuracy(TargetProbe(), (wrong,), target) - 0.05


def test_pairs_are_trusted_unless_labels_clearly_speak_against_the_source() -> None:
    even = np.full((5, 8), 1.0)
    wavering = even + np.array([[-0.5, 0.4, -0.4, 0.5, -0.5, 0.4, 0.0, 0.0]] + [[0.0] * 8] * 4)
    clear = even + np.array([[-0.5, -0.4, -0.4, -0.5, -0.5, -0.4, -0.3, -0.3]] + [[0.0] * 8] * 4)
    assert Procrustes()._best(wavering) == 1.0
    assert Procrustes()._best(clear) == 0.0
    assert GaussianMap()._best(wavering) == 0.0


@pytest.mark.parametrize("name", MAPPINGS)
def test_every_mapping_fits_tables_of_other_columns_the_same_twice_and_survives_saving(name, tmp_path) -> None:
    method = registry.get("methods", name)()
    source, target = as_source(40), as_target(12, n=30)
    assert method.baseline == "target_probe"
    predictor = method.fit((source,), target, Run(seed=1))
    again = method.fit((source,), target, Run(seed=1))
    scores = predictor.predict(target.unlabelled.items).scores
    np.testing.assert_array_equal(scores, again.predict(target.unlabelled.items).scores)
    saved.save(predictor, tmp_path / "model")
    np.testing.assert_array_equal(scores, saved.load(tmp_path / "model").predict(target.unlabelled.items).scores)
    assert "source_share" in predictor.record.settings


def test_numbers_are_carried_by_clouds_and_paired_maps_say_what_they_need() -> None:
    draw = np.random.default_rng(0)
    measures, _ = things(120, 5)
    told = measures @ np.array([1.0, -1, 0.5, 0, 0, 0]) + 0.1 * draw.normal(size=120)
    source = source_of([{f"old{j}": v for j, v in enumerate(row)} for row in measures[:60]], told[:60], name="numbers")
    rows = [{f"new{j}": v for j, v in enumerate(row)} for row in measures[60:] @ TURN]
    target = Target.of(rows[:30], told[60:90], test=(rows[30:], told[90:]), name="numbers too").whole()
    assert target.task.name == "regress"
    assert len(WassersteinProcrustes().fit((source,), target, Run()).predict(rows)) == 60
    with pytest.raises(WrongUse, match=r"needs 8 pairs and found 0; name with --group-column"):
        LeastSquares().fit((source,), target, Run())


def test_any_learner_takes_what_was_mapped() -> None:
    predictor = Procrustes(learner="decision_tree/max_depth=3").fit((as_source(60),), as_target(12), Run())
    assert len(predictor.predict(as_target().unlabelled.items[:5])) == 5
    with pytest.raises(WrongUse, match=r"unknown learner .* Known: boosting, chosen, decision_tree, extra_trees"):
        Procrustes(learner="decision_trees")


def test_text_and_table_go_together_with_a_model_that_reads_the_text(text_folder) -> None:
    texts = [
        f"a {'good' if i % 2 else 'dull'} film {'and' * (i % 3)} it was {'great' if i % 2 else 'poor'}"
        for i in range(20)
    ]
    reviews = source_of(texts, ["liked" if i % 2 else "disliked" for i in range(20)], name="reviews")
    draw = np.random.default_rng(0)
    rows = [{"stars": 3.0 + 2 * (i % 2) + draw.normal(), "age": draw.normal()} for i in range(24)]
    target = Target.of(rows, ["liked" if i % 2 else "disliked" for i in range(24)], name="stars").whole()
    encoder = Source(f"hf:{text_folder}")
    predictor = Procrustes().fit((encoder, reviews), target, Run())
    assert set(predictor.predict(rows).labels) <= {"liked", "disliked"}
    with pytest.raises(WrongUse, match=r"reviews are text and have no numbers of their own; name a model"):
        Procrustes().fit((reviews,), target, Run())


def test_what_cannot_serve_gives_one_line() -> None:
    source = as_source(60)
    with pytest.raises(WrongUse, match="learns from labels of the target, and new instrument has none"):
        Procrustes().fit((source,), as_target(9).hidden(), Run())
    other = source_of([{"a": float(i), "b": float(-i)} for i in range(20)], ["x", "y"] * 10, name="others")
    with pytest.raises(WrongUse, match="matched by their names, and 0 of at least 2 are in both"):
        Procrustes().fit((other,), as_target(9), Run())
    with pytest.raises(WrongUse, match="source_share=-1 must be at least 0"):
        AttentionMap(source_share=-1)
    with pytest.raises(WrongUse, match="has 5 items to learn from"):
        GaussianMap().fit((source,), as_target(4, n=5), Run())
    one_kind = source_of([{"a": float(i)} for i in range(20)], ["x"] * 19 + ["y"], name="nearly one")
    data = one_kind.data()
    single = keep(
        "one",
        dataclasses.replace(data, train=data.train.take([i for i, x in enumerate(data.train.labels) if x == "x"])),
    )
    with pytest.raises(WrongUse, match="is of one class"):
        Procrustes().fit((single,), as_target(9), Run())
    with pytest.raises(WrongUse, match="--from"):
        Procrustes().fit((), as_target(9), Run())


def test_constant_features_are_told_and_do_no_harm() -> None:
    flat = source_of(
        [{"a": 1.0, "b": float(i == 0)} for i in range(21)], ["kind 0", "kind 1", "kind 2"] * 7, name="flat"
    )
    data = flat.data()
    kept = data.train.take([i for i, item in enumerate(data.train.items) if item["b"] == 0])
    constant = keep("flat", dataclasses.replace(data, train=kept, validation=data.validation.take([])))
    record = Procrustes().fit((constant,), as_target(12), Run()).record
    assert any("the same for every item" in note for note in record.notes)


def test_a_map_that_fails_says_which_method_and_why(monkeypatch) -> None:
    monkeypatch.setattr("transferkit.ops.mappings.adversarial.RATE", 1e9)
    with pytest.raises(Failed, match="method adversarial_map found no map: adversarial training ran away"):
        registry.get("methods", "adversarial_map")().fit((as_source(30),), as_target(9, n=30), Run())


def test_pairs_are_items_of_one_group_and_only_of_open_items() -> None:
    source, target = paired(as_source(), as_target())
    spaces = TwoSpaces.of(Procrustes(), (source,), target, Run())
    assert spaces.pairs is not None
    assert spaces.pairs[0].shape == (60, 6)
    assert spaces.pairs[1].shape == (60, 7)
    assert not target.test.openings
    assert TwoSpaces.of(Procrustes(), (as_source(),), as_target(), Run()).pairs is None


@pytest.mark.parametrize(("n_labels", "spelled"), [(9, "procrustes"), (0, "gaussian_map")])
def test_tables_that_share_no_column_are_sent_here_by_a_spelling_that_works(n_labels: int, spelled: str) -> None:
    source, target = as_source(60), as_target(9)
    target = target if n_labels else target.hidden()
    with pytest.raises(WrongUse, match=f"the family mapping/ carries knowledge between such: --method {spelled}"):
        SourceProbe().fit((source,), target, Run())
    predictor = registry.get("methods", spelled)().fit((source,), target, Run())
    assert len(predictor.predict(target.unlabelled.items[:3])) == 3
