from dataclasses import replace

import numpy as np
import pytest

import transferkit as tk
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.run import NoCache, Run
from transferkit.core.source import SourceOptions
from transferkit.core.target import Target
from transferkit.planner import ranking
from transferkit.tasks.classify import Classify


def test_a_source_that_knows_the_task_is_ranked_above_one_that_was_taught_nonsense() -> None:
    from transferkit.planner.demo import demo_target

    target = demo_target(0)
    rows = tk.rank(["zoo:shuffled-cnn", "zoo:digits-cnn"], target, cache=NoCache()).rows
    assert [row.name for row in rows] == ["zoo:digits-cnn", "zoo:shuffled-cnn"]
    good, poisoned = rows
    assert good.above_floor
    assert not poisoned.above_floor
    assert good.low <= good.predicted <= good.high
    assert not target.test.openings


def test_the_same_ranking_twice(tiny_target: Target) -> None:
    first, second = (tk.rank(["zoo:digits-cnn"], tiny_target, cache=NoCache()).rows[0] for _ in range(2))
    assert first.scores == second.scores
    assert first.predicted == second.predicted


OUT_OF_REACH = tk.Source("hf:no/such-thing", SourceOptions(offline=True))


def test_a_source_that_cannot_be_read_is_listed_last_with_the_reason(tiny_target: Target) -> None:
    rows = tk.rank([OUT_OF_REACH, "zoo:digits-cnn"], tiny_target, cache=NoCache()).rows
    assert [row.name for row in rows] == ["zoo:digits-cnn", "hf:no/such-thing"]
    assert "is not in the local cache" in rows[1].note
    assert rows[1].predicted is None


def test_no_usable_source_at_all_is_an_error_in_one_line(tiny_target: Target) -> None:
    with pytest.raises(WrongUse, match="is not in the local cache") as error:
        tk.rank([OUT_OF_REACH], tiny_target, cache=NoCache())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "part"),
    [("zoo:digit-cnn", "did you mean 'digits-cnn'"), ("zooo:digits-cnn", "did you mean 'zoo'"), ("hf:a b", "no hub id"),
     ("torch:no/file.pt", "no such file")],
)  # fmt: skip
def test_one_misspelled_source_among_several_is_refused_before_the_target_is_read(name: str, part: str) -> None:
    with pytest.raises(WrongUse, match=part) as error:
        tk.rank(["zoo:digits-cnn", name], "no/such/folder")
    assert "\n" not in str(error.value)


def test_a_source_with_a_head_is_scored_by_it_too(tiny_target: Target) -> None:
    (row,) = tk.rank(["zoo:digits-cnn"], tiny_target, cache=NoCache()).rows
    assert {"leep", "nce", "leave_one_out", "logme"} <= row.scores.keys()
    assert row.chance == pytest.approx(1.0)


def test_features_that_say_nothing_leave_a_source_out_and_the_rest_goes_on(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_features = ranking.frozen_states

    def spoilt(body, examples, run):
        features = np.array(true_features(body, examples, run))
        if body.fingerprint.startswith(tk.Source("zoo:letters-cnn").card().fingerprint):
            features[:] = 1.0
        if body.fingerprint.startswith(tk.Source("zoo:clothes-cnn").card().fingerprint):
            features[0, 0] = np.nan
        return features

    monkeypatch.setattr(ranking, "frozen_states", spoilt)
    names = ["zoo:letters-cnn", "zoo:digits-cnn", "zoo:clothes-cnn"]
    rows = tk.rank(names, tiny_target, cache=NoCache()).rows
    assert [row.name for row in rows] == ["zoo:digits-cnn", "zoo:letters-cnn", "zoo:clothes-cnn"]
    notes = [row.note for row in rows[1:]]
    assert all(note.startswith("left out: ") and "\n" not in note for note in notes)
    assert "constant" in notes[0] or "same" in notes[0]
    assert "finite" in notes[1]


@pytest.mark.parametrize("metric", ["macro_f1", "auroc", "log_loss"])
def test_another_metric_ranks_as_well(tiny_target: Target, metric: str) -> None:
    target = replace(tiny_target, task=tiny_target.task.with_metric(metric))
    rows = tk.rank(["zoo:shuffled-cnn", "zoo:digits-cnn"], target, cache=NoCache()).rows
    assert {row.name for row in rows} == {"zoo:digits-cnn", "zoo:shuffled-cnn"}
    assert all(row.low <= row.predicted <= row.high for row in rows)
    assert all((row.chance is None) == (metric != "macro_f1") for row in rows)


def test_the_interval_of_a_metric_without_bounds_may_go_beyond_1(tiny_target: Target) -> None:
    target = replace(tiny_target, task=tiny_target.task.with_metric("log_loss"))
    rows = tk.rank(["zoo:shuffled-cnn"], target, cache=NoCache()).rows
    assert rows[0].high - rows[0].predicted == pytest.approx(rows[0].predicted - rows[0].low)


def test_a_printed_ranking_names_the_chance_to_be_the_best(tiny_target: Target) -> None:
    printed = str(tk.rank(["zoo:digits-cnn", OUT_OF_REACH], tiny_target, cache=NoCache()))
    assert "is the best" in printed
    assert "100 %" in printed
    assert "left out" in printed


def test_of_very_many_items_some_are_looked_at_one_of_each_class_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MOST_ITEMS", 12)
    labels = ["rare", *["common", "usual"] * 30]
    examples = Examples(items=list(range(61)), ids=tuple(map(str, range(61))), labels=tuple(labels))
    task = Classify(("common", "rare", "usual"))
    first, again, other = (ranking.some_of(examples, task, Run(seed=seed)) for seed in (0, 0, 1))
    assert len(first) == 12
    assert set(first.labels) == {"rare", "common", "usual"}
    assert first.ids == again.ids != other.ids
    assert ranking.some_of(first, task, Run()) is first


def test_tags_are_ranked_by_every_metric_they_can_be_judged_by() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    labels = [("round",), ("red", "round"), (), ("red",)] * 10
    for metric in ("macro_f1", "average_precision"):
        target = Target.of(pictures, labels, metric=metric)
        (row,) = tk.rank(["zoo:digits-cnn"], target, cache=NoCache()).rows
        assert row.is_usable
        assert row.chance is None  # the rule that tells chances was fitted on classes
