"""What every method promises, run on everybody's: the built-in ones and whatever is plugged in."""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.artifact import saved
from transferkit.core import registry
from transferkit.core.errors import BudgetSpent, WrongUse
from transferkit.core.examples import Examples, Sealed
from transferkit.core.method import Method
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target

METHODS = dict(sorted(registry.find("methods").items()))
MODELS = (Source("zoo:digits-cnn"), Source("zoo:letters-cnn"))


@pytest.fixture(params=METHODS, name="method")
def _method(request: pytest.FixtureRequest) -> Method:
    """Each method from its defaults, trained briefly where it has epochs to set."""
    cls = METHODS[request.param]
    short = {"epochs": 2} if "epochs" in {f.name for f in dataclasses.fields(cls)} else {}
    return cls(**short)


@pytest.fixture(name="sources")
def _sources(method: Method, other_domains: tuple[Source, ...], tiny_target: Target) -> tuple[Source, ...]:
    """As few sources as the method takes."""
    if not method.suits(tiny_target.task):
        pytest.skip(f"{method.name} is not for task {tiny_target.task.name}; its own tests fit it to one that suits")
    return (*MODELS[: method.needs.models[0]], *other_domains[: method.needs.data[0]])


@dataclasses.dataclass(frozen=True)
class Fit:
    """A fit with seed 3 on the first fold, and what it left of the world around it."""

    predictor: Predictor
    generator_kept: bool
    changed: tuple[str, ...]
    """Weights of the sources that are not what they were."""
    openings: tuple[str, ...]
    """Of the sealed test."""


_fits: dict[Method, Fit] = {}


@pytest.fixture(name="fit")
def _fit(method: Method, sources: tuple[Source, ...], tiny_target: Target) -> Fit:
    """Made once a method: most of what every method promises can be seen on one fit."""
    if method not in _fits:
        before = [_weights(source) for source in sources]
        guarded = dataclasses.replace(tiny_target.fold(0), test=_Untouchable(Examples((), ())))
        torch.manual_seed(11)
        state = torch.get_rng_state()
        predictor = method.fit(sources, guarded, Run(seed=3))
        kept = torch.equal(state, torch.get_rng_state())
        changed = [
            name
            for source, weights in zip(sources, before, strict=True)
            for name, weight in _weights(source).items()
            if name not in weights or not torch.equal(weight, weights[name])
        ]
        _fits[method] = Fit(predictor, kept, tuple(changed), tuple(guarded.test.openings))
    return _fits[method]


def test_builds_from_its_defaults_and_is_a_value(method: Method) -> None:
    cls = type(method)
    assert cls() == cls()
    assert hash(cls()) == hash(cls())
    assert registry.get("methods", method.name) is cls


def test_settings_survive_spelling(method: Method) -> None:
    assert read_method(str(method)) == method
    assert read_method(type(method)().name) == type(method)()


def test_every_tuned_setting_exists_and_begins_with_its_default(method: Method) -> None:
    for name, values in method.tunes.items():
        assert getattr(type(method)(), name) == values[0]
        for value in values:
            assert read_method(str(dataclasses.replace(method, **{name: value}))).settings()[name] == value


def test_settings_that_cannot_be_are_refused_in_one_line(method: Method) -> None:
    for name in method.positive:
        with pytest.raises(WrongUse, match=f"{name}=.*above 0"):
            dataclasses.replace(method, **{name: -1})
    for name in method.not_negative:
        with pytest.raises(WrongUse, match=f"{name}=.*at least 0"):
            dataclasses.replace(method, **{name: -1.0})
        assert getattr(dataclasses.replace(method, **{name: 0.0}), name) == 0
    if "augmentation" in method.settings():
        with pytest.raises(WrongUse, match="photos"):
            dataclasses.replace(method, augmentation="photo")
    if "learning_rate" in method.settings():
        odd = dataclasses.replace(method, learning_rate=1 / 3000)
        assert read_method(str(odd)) == odd


def test_an_unknown_setting_names_the_known_ones(method: Method) -> None:
    with pytest.raises(WrongUse, match="Known:"):
        read_method(f"{method.name}:no_such_setting=1")


def test_its_documentation_says_what_it_gives_and_when_to_use_it(method: Method) -> None:
    first, _, rest = (type(method).__doc__ or "").partition("\n")
    assert first.strip().endswith(".") or len(first) > 30
    assert len(rest.strip()) > 30
    assert ">>>" in rest, "give an example; the doctests run it"


def test_same_seed_gives_same_predictions(
    method: Method, sources: tuple[Source, ...], fit: Fit, tiny_target: Target
) -> None:
    items = tiny_target.train.items
    first = fit.predictor.predict(items)
    second = method.fit(sources, tiny_target.fold(0), Run(seed=3)).predict(items)
    assert first.labels == second.labels
    np.testing.assert_array_equal(first.scores, second.scores)


def test_the_global_generators_are_left_as_they_were(fit: Fit) -> None:
    assert fit.generator_kept


def test_gives_one_probability_distribution_an_item(fit: Fit, tiny_target: Target) -> None:
    predictions = fit.predictor.predict(tiny_target.train.items)
    assert len(predictions) == len(tiny_target.train)
    assert predictions.scores is not None
    classes = fit.predictor.task.describe()["classes"]
    assert predictions.scores.shape == (len(predictions), len(classes))
    np.testing.assert_allclose(predictions.scores.sum(axis=1), 1, atol=1e-6)
    assert set(predictions.labels) <= set(classes)
    assert {"disc", "lying", "upright"} <= set(classes)


def test_predictions_do_not_depend_on_the_batch(fit: Fit, tiny_target: Target) -> None:
    together = fit.predictor.predict(tiny_target.train.items)
    alone = fit.predictor.predict(tiny_target.train.items[5:6])
    np.testing.assert_allclose(alone.scores[0], together.scores[5], atol=1e-5)


def test_judges_examples_as_it_predicts_their_items(fit: Fit, tiny_target: Target) -> None:
    judged = fit.predictor.judge(tiny_target.train, Run())
    predicted = fit.predictor.predict(tiny_target.train.items)
    np.testing.assert_allclose(judged.scores, predicted.scores, atol=1e-5)


def test_the_source_is_unchanged(fit: Fit) -> None:
    assert not fit.changed


def test_a_missing_source_gives_an_error_that_names_the_fix(method: Method, tiny_target: Target) -> None:
    least, most = method.needs.models
    if least + method.needs.data[0] > 0:
        with pytest.raises(WrongUse, match="--from"):
            method.fit((), tiny_target.fold(0), Run())
    else:
        with pytest.raises(WrongUse, match="leave some out"):
            method.fit((*MODELS, Source("zoo:objects-cnn"))[: most + 1], tiny_target.fold(0), Run())


def test_survives_saving(fit: Fit, tiny_target: Target, tmp_path: Path) -> None:
    saved.save(fit.predictor, tmp_path / "model")
    kept = saved.load(tmp_path / "model")
    assert type(kept) is type(fit.predictor)
    assert kept.task == fit.predictor.task
    before, after = (p.predict(tiny_target.train.items) for p in (fit.predictor, kept))
    assert before.labels == after.labels
    np.testing.assert_array_equal(before.scores, after.scores)


def test_never_opens_the_sealed_test(fit: Fit) -> None:
    assert not fit.openings


def test_fits_without_validation_items(method: Method, sources: tuple[Source, ...], tiny_target: Target) -> None:
    whole = tiny_target.whole()
    assert len(whole.validation) == 0
    record = method.fit(sources, whole, Run()).record
    assert isinstance(method.refit(record), type(method))


def test_says_what_it_trained(fit: Fit) -> None:
    record = fit.predictor.record
    assert isinstance(record, FitRecord)
    assert 0 < record.trainable_parameters <= record.total_parameters


def test_keeps_its_deadline(
    method: Method, sources: tuple[Source, ...], tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock that moves a second whenever it is read, a fit that may take 5 reads ends soon after them."""
    if "epochs" in {f.name for f in dataclasses.fields(method)}:
        method = dataclasses.replace(method, epochs=500)
    clock = _Clock()
    monkeypatch.setattr("transferkit.core.run.time", clock)
    try:
        record = method.fit(sources, tiny_target.fold(0), Run(deadline=40.0)).record
    except BudgetSpent:
        record = None
    assert clock.reads <= 45
    if record is not None and record.curve.training_loss:
        assert len(record.curve.training_loss) < 500
        assert any("deadline" in note for note in record.notes)


def _weights(source: Source) -> dict[str, torch.Tensor]:
    """Of a data set, the items themselves."""
    if source.lends_data:
        return {str(i): _pixels(item) for i, item in enumerate(source.data().whole().train.items)}
    return source.network().state_dict()


def _pixels(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(picture))


class _Untouchable(Sealed[Examples]):
    def open(self, purpose: str) -> Examples:
        raise AssertionError(f"the sealed test was opened for {purpose}")


class _Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.reads = 0
        self._seconds: Iterator[int] = iter(range(10**9))
        self.perf_counter = time.perf_counter

    def monotonic(self) -> float:
        self.reads += 1
        return float(next(self._seconds))
