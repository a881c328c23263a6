import dataclasses
from pathlib import Path

import numpy as np
import pytest

import transferkit as tk
from transferkit.artifact.report_json import read_summary
from transferkit.core.run import NoCache
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.label_curve import CHOICES
from transferkit.planner.label_subsets import stratified_order, subset, subset_sizes
from transferkit.planner.study import Study

SHORT = ["scratch:epochs=2,learning_rate=0.001", "linear_probe:solver=ridge"]


def study(target: Target, **more: object) -> Study:
    return tk.compare(["zoo:digits-cnn"], target, **({"methods": SHORT, "seeds": 2, "cache": NoCache()} | more))


@pytest.fixture(scope="module")
def finished(tiny_target: Target, tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path]:
    out = tmp_path_factory.mktemp("runs") / "bars"
    return study(tiny_target, out=out), out


def test_a_study_says_what_transfer_is_worth_in_labels(finished: tuple[Study, Path]) -> None:
    found = finished[0].summary.label_equivalence
    assert found is not None
    assert (found.arm, found.baseline, found.n_labels) == ("linear_probe < zoo:digits-cnn", "scratch", 24)
    for curve in (found.arm_curve, found.baseline_curve):
        assert [(point.labels, point.n_seeds) for point in curve] == [(8, 3), (14, 3), (24, 2)]
    assert found.sentence in str(finished[0]).replace("\n", " ")
    assert read_summary(finished[1] / "report.json").label_equivalence == found
    assert "What transfer is worth in labels" in (finished[1] / "report.html").read_text()


def test_at_all_labels_the_curves_have_the_values_that_were_proven(finished: tuple[Study, Path]) -> None:
    summary = finished[0].summary
    arms = {arm.name: arm for arm in summary.arms}
    found = summary.label_equivalence
    assert found is not None
    assert found.arm_curve[-1].mean == pytest.approx(arms[found.arm].test)
    assert found.baseline_curve[-1].mean == pytest.approx(arms[found.baseline].test)


def test_a_point_of_the_curve_is_what_a_fit_by_hand_gives(finished: tuple[Study, Path], tiny_target: Target) -> None:
    """The oracle: the probe on the subsets, fitted and judged without the study."""
    from transferkit.core.run import Run
    from transferkit.core.source import Source

    whole, test = tiny_target.whole(), tiny_target.test.open("this check")
    strata = whole.task.strata(whole.train.labels)
    values = []
    for seed in range(CHOICES):
        part = subset(whole, strata, 8, seed)
        predicted = LinearProbe().fit((Source("zoo:digits-cnn"),), part, Run(seed=seed)).predict(test.items)
        values.append(np.mean([a == b for a, b in zip(predicted.labels, test.labels, strict=True)]))
    found = finished[0].summary.label_equivalence
    assert found is not None
    assert found.arm_curve[0].mean == pytest.approx(np.mean(values))


def test_asking_again_fits_nothing_and_says_the_same(
    finished: tuple[Study, Path], tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in (Scratch, LinearProbe):
        monkeypatch.setattr(method, "fit", lambda *_: pytest.fail("a finished trial was fitted again"))
    again = study(tiny_target, out=finished[1])
    assert again.summary.label_equivalence == finished[0].summary.label_equivalence


def test_it_is_left_out_where_it_is_not_wanted(tiny_target: Target) -> None:
    summary = study(tiny_target, label_curve=False).summary
    assert summary.label_equivalence is None
    assert summary.cost["curve"] == 0
    assert summary.gain is not None


def test_a_budget_that_ends_with_the_proof_leaves_the_curve_out_and_says_so(tiny_target: Target) -> None:
    summary = study(tiny_target, budget="8 trials").summary
    assert summary.gain is not None
    assert summary.cost["trials"] <= 8
    assert summary.label_equivalence is None
    assert any("what transfer is worth in labels" in note for note in summary.notes)


def test_too_few_labels_for_a_curve_are_said(tiny_target: Target) -> None:
    whole = tiny_target.whole().train
    test = (list(whole.items)[12:], list(whole.labels)[12:])
    few = Target.of(list(whole.items)[:12], list(whole.labels)[:12], test=test, name="few")
    summary = study(few, methods=SHORT).summary
    assert summary.label_equivalence is None
    assert any("too few to say what transfer is worth in labels" in note for note in summary.notes)


@pytest.mark.parametrize(("n_labels", "n_classes"), [(16, 2), (24, 3), (30, 10), (400, 10), (50_000, 1000)])
def test_subsets_grow_evenly_and_hold_every_class(n_labels: int, n_classes: int) -> None:
    sizes = subset_sizes(n_labels, n_classes)
    assert 2 <= len(sizes) <= 3
    assert sizes[0] >= max(8, n_classes)
    assert sizes[0] >= n_labels / 8
    steps = np.diff(np.log([*sizes, n_labels]))
    assert steps.min() > 0.7 * steps.max() > 0


def test_every_beginning_of_the_order_has_the_classes_in_proportion() -> None:
    strata = np.repeat([0, 1, 2, 3], [50, 30, 15, 2])
    for seed in range(5):
        order = stratified_order(strata, seed)
        assert sorted(order) == list(range(97))
        assert set(strata[order[:4]]) == {0, 1, 2, 3}
        for size in (10, 25, 50):
            counts = np.bincount(strata[order[:size]], minlength=4)
            assert np.abs(counts - size * np.bincount(strata) / 97).max() <= 2.5


def test_subsets_are_nested_have_their_own_fingerprint_and_no_validation(tiny_target: Target) -> None:
    whole = tiny_target.whole()
    strata = whole.task.strata(whole.train.labels)
    small, large, other = (subset(whole, strata, size, seed) for size, seed in ((8, 0), (14, 0), (8, 1)))
    assert set(small.train.ids) < set(large.train.ids) < set(whole.train.ids)
    assert len({t.fingerprint for t in (small, large, other, whole)}) == 4
    assert len(small.validation) == 0
    assert small.whole().train.ids == small.train.ids


def test_a_schedule_is_stopped_at_the_same_share_on_fewer_labels() -> None:
    tuned = Scratch(stop_after=8)
    assert tuned.resized(400, 400) == tuned
    smaller = tuned.resized(400, 50)
    assert dataclasses.replace(smaller, stop_after=8) == tuned
    assert smaller.steps(50) / Scratch().steps(50) == pytest.approx(tuned.steps(400) / Scratch().steps(400), rel=0.05)
    assert LinearProbe().resized(400, 50) == LinearProbe()
