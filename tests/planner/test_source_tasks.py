"""A labelled data set as a source: a network is learned from it once, and serves as a model everywhere."""

import shutil
import time
from pathlib import Path

import pytest
import torch

import transferkit as tk
from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.predictor import FitRecord
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.methods.baseline.scratch import Scratch
from transferkit.planner import source_tasks
from transferkit.planner.source_tasks import folders, with_networks
from transferkit.planner.study import Study


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two epochs are enough to see what is learned where."""
    monkeypatch.setattr(source_tasks, "Scratch", lambda: Scratch(epochs=2))


def learned(folder: Path, target: Target, cache: FeatureCache, **more: object) -> Source:
    (source,) = with_networks([Source(str(folder))], target, Run(cache=cache, **more))
    return source


def test_data_becomes_a_model_of_the_same_name(bars_folder: Path, tiny_target: Target, cache: FeatureCache) -> None:
    source = learned(bars_folder, tiny_target, cache)
    assert source.name == str(bars_folder)
    assert source.holds == "model"
    card = source.card()
    assert card.classes == ("disc", "lying", "upright")
    assert 0 <= card.accuracy <= 1
    assert card.trained_on.startswith("27 items of")
    assert source.network().head.out_features == 3


def test_it_is_trained_once(
    bars_folder: Path, tiny_target: Target, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = learned(bars_folder, tiny_target, cache)
    monkeypatch.setattr(source_tasks, "fine_tune", _nothing)
    assert learned(bars_folder, tiny_target, cache, seed=4).options == first.options
    again = with_networks([Source(str(bars_folder))], tiny_target, Run(), folders([first]))
    assert again == (first,)


def test_it_is_the_same_network_wherever_it_is_trained(
    bars_folder: Path, tiny_target: Target, cache: FeatureCache, tmp_path: Path
) -> None:
    one, other = (learned(bars_folder, tiny_target, c) for c in (cache, FeatureCache(tmp_path)))
    assert one.options.learned != other.options.learned
    assert one.card().fingerprint == other.card().fingerprint
    for ours, theirs in zip(one.network().parameters(), other.network().parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_what_the_target_holds_is_left_out_even_where_it_is_sealed(
    bars_folder: Path, cache: FeatureCache, tmp_path: Path
) -> None:
    target = Target.read(bars_folder)
    sealed = set(target.test.ids)
    both = tmp_path / "both"
    shutil.copytree(bars_folder, both)
    for file in list(both.rglob("*.png")):
        file.with_suffix(".other.png").write_bytes(file.read_bytes() + b"other bytes")
    data = Source(str(both)).data()
    assert sealed & {*data.train.ids, *data.validation.ids}
    own = source_tasks._own_items(data, target)
    assert not target.contents() & {*own.train.ids, *own.validation.ids}
    assert len(own.train) + len(own.validation) == 36
    assert target.test.openings == []
    refused = learned(bars_folder, target, cache)
    assert refused.holds == "data"
    with pytest.raises(Failed, match="every labelled item is in the target too"):
        refused.card()


def test_what_cannot_be_learned_from_is_left_out_of_a_ranking_with_its_reason(
    tiny_target: Target, cache: FeatureCache, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.xyz").write_text("nothing")
    ranking = tk.rank([str(tmp_path / "notes"), "zoo:digits-cnn"], tiny_target, cache=cache)
    assert [row.name for row in ranking.rows] == ["zoo:digits-cnn", str(tmp_path / "notes")]
    assert "no data that can be read" in ranking.rows[1].note


def test_a_ranking_compares_data_with_models(bars_folder: Path, tiny_target: Target, cache: FeatureCache) -> None:
    ranking = tk.rank([str(bars_folder), "zoo:digits-cnn"], tiny_target, cache=cache)
    by_name = {row.name: row for row in ranking.rows}
    assert by_name[str(bars_folder)].predicted is not None
    assert by_name[str(bars_folder)].trained_on.startswith("27 items of")
    assert "leep" in by_name[str(bars_folder)].scores


def test_a_study_goes_on_with_the_network_it_began_with(
    bars_folder: Path, tiny_target: Target, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def study() -> Study:
        methods = ["linear_probe", "scratch:epochs=1,learning_rate=0.001"]
        settings = {"seeds": 2, "cache": cache, "label_curve": False, "out": tmp_path / "run"}
        return tk.compare([str(bars_folder)], tiny_target, methods, **settings)

    first = study()
    assert any(note.startswith("a network was first trained on 27 items of") for note in first.summary.notes)
    monkeypatch.setattr(source_tasks, "fine_tune", _nothing)
    monkeypatch.setattr("transferkit.planner.executor.here.fit_trial", _nothing)
    again = study()
    assert [arm.test for arm in again.summary.arms] == [arm.test for arm in first.summary.arms]
    assert {arm.name for arm in again.summary.arms} >= {f"linear_probe < {bars_folder}", "scratch"}


def test_it_takes_no_more_than_its_share_of_the_budget(
    bars_folder: Path, tiny_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    def looked_at(body, head, data, recipe, run):
        limits.append(run.seconds_left())
        raise BudgetSpent("no time")

    monkeypatch.setattr(source_tasks, "fine_tune", looked_at)
    other = tmp_path / "other"
    shutil.copytree(bars_folder, other)
    next(other.rglob("*.png")).unlink()
    run = Run(deadline=time.monotonic() + 80, cache=FeatureCache(tmp_path / "cache"))
    sources = with_networks([Source(str(bars_folder)), Source(str(other))], tiny_target, run)
    assert 5 < limits[0] <= 10  # a quarter of 80 s, for two
    assert 10 < limits[1] <= 20
    assert all("share of the budget" in source.options.refused for source in sources)


def test_a_network_that_was_cut_short_is_not_given_to_a_later_study(
    bars_folder: Path, tiny_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, real = FeatureCache(tmp_path), source_tasks.fine_tune

    def cut(*arguments):
        predictor = real(*arguments)
        predictor.record = FitRecord(cut_short=True, notes=("stopped at the deadline after 1 epoch",))
        return predictor

    monkeypatch.setattr(source_tasks, "fine_tune", cut)
    short = learned(bars_folder, tiny_target, cache)
    assert "stopped at the deadline" in short.card().trained_on
    monkeypatch.setattr(source_tasks, "fine_tune", real)
    assert learned(bars_folder, tiny_target, cache).options.learned != short.options.learned


def test_a_network_that_was_cut_short_serves_other_targets_with_no_more_time(
    bars_folder: Path, tiny_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, real, fits = FeatureCache(tmp_path), source_tasks.fine_tune, []

    def cut(*arguments):
        fits.append(arguments)
        predictor = real(*arguments)
        predictor.record = FitRecord(cut_short=True)
        return predictor

    monkeypatch.setattr(source_tasks, "fine_tune", cut)
    now = time.monotonic()
    first, again, longer = (
        learned(bars_folder, tiny_target, cache, deadline=now + seconds) for seconds in (400, 420, 800)
    )
    assert again.options.learned == first.options.learned
    assert len(fits) == 2
    assert longer.options.learned is not None


def _nothing(*arguments: object) -> None:
    raise AssertionError("this was to be found, not made again")
