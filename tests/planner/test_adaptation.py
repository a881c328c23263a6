"""Studies of targets whose labels cannot be learned from."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import transferkit as tk
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.planner import unlabelled_choice
from transferkit.sources.memory import keep, source_of


def _rows(n: int, seed: int, shift: float = 0.0) -> tuple[list[dict[str, float]], list[str]]:
    """Two classes a line tells apart, shifted."""
    draw = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    values = draw.normal(size=(n, 2)) * [0.5, 2.0] + np.c_[2.0 * classes, np.zeros(n)] + shift
    return [{"a": float(a), "b": float(b)} for a, b in values], [f"class {c}" for c in classes]


@pytest.fixture(name="source", scope="module")
def _source() -> Source:
    return source_of(*_rows(160, 0), name="old")


@pytest.fixture(name="cache", scope="module")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("cache"))


def _target(labels: Any, shift: float = 3.0, n: int = 160) -> Target:
    rows, truth = _rows(n, 1, shift=shift)
    return Target.of(rows, [t if keep else None for t, keep in zip(truth, labels, strict=True)], name="new")


def _unlabelled(shift: float = 3.0) -> Target:
    return tk.target_beside(_rows(160, 1, shift=shift)[0], tk.Source("memory:old"), name="new")


METHODS = ["recolouring", "subspace_alignment"]


def test_without_labels_nothing_is_claimed_and_thirty_items_are_named(source: Source, cache: FeatureCache) -> None:
    study = tk.compare([source], _unlabelled(), METHODS, cache=cache, seeds=2)
    summary = study.summary
    about = summary.extra["adaptation"]
    assert summary.verdict == "undecided"
    assert summary.gain is None
    assert "cannot be verified without labels" in summary.sentence or "makes no difference" in summary.sentence
    assert len(about["to_label"]) == 30
    assert {row["name"] for row in about["candidates"]} == {f"{m} < memory:old" for m in (*METHODS, "source_probe")}
    assert about["chosen_without_labels"] == summary.best
    assert study.best.predict([{"a": 3.0, "b": 3.0}]).labels[0] in ("class 0", "class 1")


def test_a_shift_that_adaptation_undoes_helps_by_the_labels_that_were_sealed(
    source: Source, cache: FeatureCache
) -> None:
    target = _target([True] * 160)
    study = tk.compare([source], target, ["recolouring"], target_labels="evidence", cache=cache, seeds=1)
    summary = study.summary
    assert summary.verdict == "helps", summary.sentence
    assert "beats the source only" in summary.sentence
    assert summary.best == "recolouring < memory:old"
    oracle = summary.extra["adaptation"]["oracle"]
    assert oracle["best"] == "recolouring < memory:old"
    assert oracle["regret"] is not None
    assert summary.target["n_train"] == 0


def test_adaptation_that_hurts_says_so_and_returns_the_baseline(source: Source, cache: FeatureCache) -> None:
    """The classes come in other shares: to centre both domains alike moves the line to the wrong place."""
    rows, truth = _rows(600, 2)
    kept = [i for i, label in enumerate(truth) if label == "class 1" or i % 20 == 0]
    target = Target.of([rows[i] for i in kept], [truth[i] for i in kept], name="skewed", metric="accuracy")
    study = tk.compare([source], target, ["recolouring"], target_labels="evidence", cache=cache, seeds=1)
    assert study.summary.verdict == "hurts", study.summary.sentence
    assert study.summary.best == "source_probe < memory:old"


def test_a_handful_of_labels_is_evidence_without_being_asked(source: Source, cache: FeatureCache) -> None:
    target = _target([i < 20 for i in range(160)])
    study = tk.transfer([source], target, cache=cache, seeds=1, budget="3 trials")
    assert study.summary.target["n_train"] == 0
    assert study.summary.gain is not None
    assert study.summary.gain.n_items == 20
    assert any("left no time to try" in note and "source_only < " in note for note in study.summary.notes)


def test_a_study_that_was_stopped_goes_on_and_fits_nothing_twice(
    source: Source, cache: FeatureCache, tmp_path: Path
) -> None:
    first = tk.compare([source], _unlabelled(), METHODS, cache=cache, seeds=1, out=tmp_path / "run")
    again = tk.compare([source], _unlabelled(), METHODS, cache=cache, seeds=1, out=tmp_path / "run")
    assert again.summary.sentence == first.summary.sentence
    assert (
        tk.load(tmp_path / "run").predict([{"a": 0.0, "b": 0.0}]).labels
        == first.best.predict([{"a": 0.0, "b": 0.0}]).labels
    )
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "From one domain to another" in report
    assert "Label these 30 items" in report


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (lambda s, t, c: tk.compare([s], t, ["linear_probe"], cache=c), "learns from labels of the target"),
        (lambda s, t, c: tk.compare([s], t, ["tradaboost"], cache=c), "needs some labels of the target"),
        (
            lambda s, t, c: tk.compare([s], t, ["gaussian_map"], cache=c),
            "compared with target_probe, which learns from",
        ),
        (lambda s, t, c: tk.transfer([s], t, drop=["mmd*"], cache=c), "compare --method"),
        (lambda s, t, c: tk.compare(["zoo:digits-cnn"], t, ["recolouring"], cache=c), "name labelled data"),
        (lambda s, t, c: tk.rank(["zoo:digits-cnn"], t, cache=c), "nothing to rank sources by"),
        (lambda s, t, c: tk.plan(["zoo:digits-cnn"], t, cache=c), "name labelled data"),
        (lambda s, t, c: tk.plan([s], t, drop=["mmd*"], cache=c), "compare --method"),
        (lambda s, t, c: tk.compare([s], t, ["recolouring"], cache=c, target_labels="all"), "auto, evidence, learn"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(verb: Any, said: str, source: Source, cache: FeatureCache) -> None:
    with pytest.raises(WrongUse, match=said) as raised:
        verb(source, _unlabelled(), cache)
    assert "\n" not in str(raised.value)


def test_within_a_budget_the_labels_that_were_sealed_prove_with_every_seed(source: Source, cache: FeatureCache) -> None:
    """What predicting costs is timed on items without labels, for none has one; a further seed costs what the first has."""
    target = _target([i < 20 for i in range(60)], n=60)
    study = tk.compare([source], target, ["mmd:epochs=1"], cache=cache, seeds=2, budget="120s")
    assert study.summary.gain is not None, study.summary.notes
    assert study.summary.gain.n_seeds == 2


def test_where_time_is_short_predictors_are_asked_about_fewer_items_and_that_is_said(
    source: Source, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tk.target_beside(_rows(900, 1, shift=3.0)[0], tk.Source("memory:old"), name="many")

    def looked_at(**settings: Any) -> tuple[int, list[str]]:
        study = tk.compare([source], target, METHODS, cache=cache, **settings)
        notes = [note for note in study.summary.notes if "label-free scores looked at" in note]
        return study.summary.extra["adaptation"]["n_judged"], notes

    assert looked_at(budget="300s") == (900, [])
    monkeypatch.setattr(unlabelled_choice, "_seconds_an_item", lambda *_: 0.5)
    limited = {"budget": "300s", "out": tmp_path / "limited"}
    n_judged, notes = looked_at(**limited)
    assert unlabelled_choice.LEAST_JUDGED < n_judged < 0.8 * 300 / 0.5
    assert notes == [f"for the time left, label-free scores looked at {n_judged} of 900 items"]
    monkeypatch.setattr(unlabelled_choice, "_seconds_an_item", lambda *_: 1e-9)
    assert looked_at(**limited) == (n_judged, notes)  # resumed: the choice is the one that was made
    monkeypatch.setattr(unlabelled_choice, "_seconds_an_item", lambda *_: 1e9)
    assert looked_at(budget="300s")[0] == unlabelled_choice.LEAST_JUDGED
    assert looked_at() == (900, [])


def test_what_an_item_takes_is_that_of_all_predictors_on_both_domains() -> None:
    items = Examples(tuple(range(50)), ids=tuple(map(str, range(50))))
    asked = []

    class Slow:
        def judge(self, examples: Examples, run: Any) -> None:
            asked.append(len(examples))
            time.sleep(0.002 * len(examples))

        def features(self, examples: Examples, run: Any) -> None: ...

    found = SimpleNamespace(predictors={"a": Slow(), "b": Slow()})
    assert unlabelled_choice._seconds_an_item(found, items, items.take(range(40)), None) > 0.004
    assert asked == [1] * 8 + [unlabelled_choice.TIMED] * 4
    assert unlabelled_choice._seconds_an_item(found, items, items.take([]), None) > 0.002


def test_a_budget_that_is_too_small_for_one_adaptation_says_so(source: Source, cache: FeatureCache) -> None:
    from transferkit.core.errors import TransferkitError

    with pytest.raises(TransferkitError, match="give a larger --budget"):
        tk.compare([source], _unlabelled(), METHODS, cache=cache, budget=0.001)


def test_rows_of_other_columns_are_mapped_and_compared_with_the_target_alone(
    source: Source, cache: FeatureCache
) -> None:
    rows, truth = _rows(40, 5)
    target = Target.of(
        [{"c": row["a"], "d": row["b"], "e": 1.0 + row["a"]} for row in rows],
        truth,
        name="other columns",
        test=([{"c": row["a"], "d": row["b"], "e": 1.0 + row["a"]} for row in _rows(60, 6)[0]], _rows(60, 6)[1]),
    )
    study = tk.compare([source], target, ["gaussian_map"], cache=cache, seeds=1, label_curve=False)
    by_name = {arm.name: arm for arm in study.summary.arms}
    assert by_name["gaussian_map < memory:old"].baseline == "target_probe < memory:old"
    assert "the target alone" in study.summary.sentence


def test_a_domain_that_cannot_be_adapted_is_refused_before_a_network_is_learned_for_it(
    other_domains: tuple[Source, ...], tiny_target: Target, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transferkit.planner import source_tasks

    def train(*_: Any) -> None:
        raise AssertionError("a network was trained")

    monkeypatch.setattr(source_tasks, "_train", train)
    few = tiny_target.hidden()
    few = replace(few, unlabelled=few.unlabelled.take(range(5)))
    with pytest.raises(WrongUse, match="has 5 items to learn from"):
        tk.compare(list(other_domains), few, ["recolouring"], cache=cache)


def test_evidence_that_shares_no_class_with_the_source_is_refused(source: Source, cache: FeatureCache) -> None:
    rows, truth = _rows(160, 1)
    other = Target.of(rows, ["red" if label == "class 0" else "blue" for label in truth], name="colours")
    with pytest.raises(WrongUse, match="share no class"):
        tk.compare([source], other, ["recolouring"], target_labels="evidence", cache=cache)


def test_one_held_out_item_of_the_source_is_no_reason_to_fail(cache: FeatureCache) -> None:
    data = source_of(*_rows(80, 0), name="of one").data()
    one = keep("of one", replace(data, validation=data.validation.take([0]), validation_is_given=True))
    study = tk.compare([one], _unlabelled(), ["recolouring"], cache=cache, seeds=1)
    assert all("source_accuracy" not in row["scores"] for row in study.summary.extra["adaptation"]["candidates"])


def test_a_class_that_only_a_method_names_is_known_to_every_arm(source: Source, cache: FeatureCache) -> None:
    target = _target([i < 20 for i in range(160)])
    study = tk.compare([source], target, ["open_set:epochs=1", "recolouring"], cache=cache, seeds=1)
    about = study.summary.extra["adaptation"]
    assert len(about["candidates"]) == 4
    assert about["classes"]["only_in_target"] == []


def test_classes_that_only_the_evidence_has_are_told(source: Source, cache: FeatureCache) -> None:
    rows, truth = _rows(160, 1)
    target = Target.of(rows, ["new" if i % 9 == 0 else label for i, label in enumerate(truth)], name="more")
    study = tk.compare([source], target, ["recolouring"], target_labels="evidence", cache=cache, seeds=1)
    assert study.summary.extra["adaptation"]["classes"]["only_in_target"] == ["new"]


def test_a_model_whose_features_are_not_finite_is_left_out_and_named(
    source: Source, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transferkit.training.on_features import OnFeatures

    features = OnFeatures.features

    def broken(self: OnFeatures, *rest: Any) -> Any:
        found = features(self, *rest)
        return found if self.maps == () or found is None else np.full_like(found, np.nan)

    monkeypatch.setattr(OnFeatures, "features", broken)
    study = tk.compare([source], _unlabelled(), METHODS, cache=cache, seeds=1)
    assert any("subspace_alignment < memory:old cannot be judged" in note for note in study.summary.notes)
    assert study.best is not None


def _numbers(n: int, seed: int, scale: float = 1.0, shift: float = 0.0) -> tuple[list[dict[str, float]], list[float]]:
    """A number that is a sum of two others, which another domain reads on another scale."""
    values = np.random.default_rng(seed).normal(size=(n, 3))
    read = values * np.array([scale, 1.0, 1.0]) + np.array([shift, 0.0, 0.0])
    return [{"a": float(a), "b": float(b), "c": float(c)} for a, b, c in read], (
        values[:, 0] * 2 + values[:, 1]
    ).tolist()


def _of_numbers(shift: float, scale: float = 1.0) -> Target:
    from transferkit.core.beside import with_few_labels
    from transferkit.core.format import Reading
    from transferkit.core.recognise import recognise_in_memory

    kind, examples = recognise_in_memory(_numbers(120, 1, scale, shift)[0], None)
    return with_few_labels(
        "new numbers", Reading(kind, examples.take([]), examples), tk.Source("memory:sums").data(), ""
    )


@pytest.mark.parametrize(("shift", "scale", "best"), [(5.0, 3.0, "linear_transport"), (0.0, 1.0, "source_probe")])
def test_numbers_are_chosen_among_without_labels_and_in_doubt_the_baseline_is_kept(
    shift: float, scale: float, best: str, cache: FeatureCache, tmp_path: Path
) -> None:
    source = source_of(*_numbers(160, 0), name="sums")
    study = tk.compare(
        [source], _of_numbers(shift, scale), ["linear_transport"], cache=cache, seeds=1, out=tmp_path / "run"
    )
    about = study.summary.extra["adaptation"]
    assert study.summary.verdict == "undecided"
    assert study.summary.best == about["chosen_without_labels"] == f"{best} < memory:sums"
    assert about["terms"] == ["joint_agreement"]
    assert "cannot be verified without labels" in study.summary.sentence
    assert "RMSE" in study.summary.sentence
    assert len(about["to_label"]) == 30
    assert set(about["candidates"][0]["scores"]) == {"joint_agreement", "source_r2", "importance_weighted_r2"}
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Joint agreement" in report
    assert "by which the two differ" in report
    new, truth = _numbers(200, 2, scale, shift)
    error = np.sqrt(np.mean((np.array(study.best.predict(new).labels) - np.array(truth)) ** 2))
    assert error < 1.0


def test_numbers_whose_labels_are_evidence_are_proven_and_the_choice_is_told_beside(cache: FeatureCache) -> None:
    source = source_of(*_numbers(160, 0), name="sums proven")
    rows, truth = _numbers(120, 1, 3.0, 5.0)
    target = Target.of(rows, truth, name="sealed numbers")
    study = tk.compare([source], target, ["recolouring"], target_labels="evidence", cache=cache, seeds=1)
    assert study.summary.verdict == "helps", study.summary.sentence
    assert study.summary.extra["adaptation"]["chosen_without_labels"] == "recolouring < memory:sums proven"
    assert study.summary.extra["adaptation"]["oracle"]["regret"] == 0


def test_numbers_that_are_not_finite_leave_an_arm_out_and_name_it(
    cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transferkit.core.task import Predictions
    from transferkit.training.on_features import OnFeatures

    judge = OnFeatures.judge

    def broken(self: OnFeatures, *rest: Any) -> Predictions:
        found = judge(self, *rest)
        adapted = any(one.kind == "affine" for one in self.maps)
        return Predictions(tuple(float("nan") for _ in found.labels)) if adapted else found

    monkeypatch.setattr(OnFeatures, "judge", broken)
    source = source_of(*_numbers(160, 0), name="sums")
    study = tk.compare([source], _of_numbers(5.0), ["tca"], cache=cache, seeds=1)
    assert any("tca < memory:sums cannot be judged" in note for note in study.summary.notes)
    assert "Interrupted" not in study.summary.sentence
    assert study.summary.best == "source_probe < memory:sums"


def test_a_source_of_two_items_to_learn_from_is_too_small_for_a_distance_and_no_error(cache: FeatureCache) -> None:
    source = source_of(*_numbers(3, 0), name="sums")
    assert len(source.data().train) == 2
    target = _of_numbers(5.0)
    study = tk.compare([source], target, ["linear_transport"], cache=cache, seeds=1)
    assert study.summary.extra["adaptation"]["distance"] is None
    assert tk.plan([source], target, cache=cache).distance is None
    with pytest.raises(WrongUse, match="2 labelled items tell too little of their domain"):
        tk.rank([source], target, cache=cache)


def test_where_the_domains_do_not_differ_the_study_says_that_there_is_nothing_to_adapt(cache: FeatureCache) -> None:
    source = source_of(*_numbers(160, 0), name="sums")
    alike, apart = (tk.compare([source], _of_numbers(shift), ["tca"], cache=cache, seeds=1) for shift in (0.0, 5.0))
    assert any(note.startswith("tca < memory:sums: the domains do not differ") for note in alike.summary.notes)
    assert "nothing to adapt" in " ".join(str(alike).split())
    assert "nothing to adapt" not in " ".join(str(apart).split())


def test_arms_that_fail_for_one_reason_tell_it_once() -> None:
    from transferkit.planner.adaptation import _by_reason

    lines = ["tca < old failed: it is constant", "jda < old failed: it is constant", "gfk < old did not end"]
    assert _by_reason(lines) == ["tca < old, jda < old failed: it is constant", "gfk < old did not end"]
