"""Regress: recognised by its labels, standardised inside, judged in the labels' own unit."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.core.task import Predictions
from transferkit.methods.baseline.majority import Majority
from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress

LABELS = (3.5, 1.0, 2.25, 8.0, 5.5, 4.0, 7.25, 6.0)


def examples(labels: tuple[object, ...]) -> Examples:
    return Examples(items=labels, ids=tuple(map(str, range(len(labels)))), labels=labels)


def pictures(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 8, 8), dtype=np.uint8)


def test_fractions_are_quantities_and_words_are_not() -> None:
    assert Regress.recognise(examples(LABELS)) == Regress()
    assert Regress.recognise(examples(("cat", "dog"))) is None
    assert Classify.recognise(examples(LABELS)) is None


def test_a_single_value_is_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match=r"one value 2\.5"):
        Regress.recognise(examples((2.5, 2.5)))


def test_numbers_that_name_classes_stay_classes_and_many_different_ones_do_not() -> None:
    stars = Target.of(pictures(60), [1.0, 2.0, 3.0] * 20)
    assert stars.task == Classify(("1", "2", "3"))
    counts = Target.of(pictures(60), list(range(100, 160)))
    assert isinstance(counts.task, Regress)
    assert all(isinstance(label, float) for label in counts.train.labels or ())
    assert any("--task classify" in line for line in counts.warnings)


def test_few_numbers_with_fractions_that_recur_are_quantities_and_a_line_says_how_they_become_classes() -> None:
    said = "2 different numbers as labels were read as quantities; for classes say --task classify"
    halves = Target.of(pictures(60), [0.5, 1.5] * 30)
    assert isinstance(halves.task, Regress)
    assert said in halves.warnings
    named = Target.of(pictures(60), [0.5, 1.5] * 30, task="classify")
    assert named.task == Classify(("0.5", "1.5"))
    for spread in (
        Target.of(pictures(60), [0.5, 1.5] * 30, task="regress"),
        Target.of(pictures(60), [i / 7 for i in range(60)]),
        Target.of(pictures(40), [0.5 + i for i in range(10)] * 4),
        named,
    ):
        assert not any("--task classify" in line for line in spread.warnings)


def test_the_named_task_decides_what_numbers_are() -> None:
    assert isinstance(Target.of(pictures(60), [1, 2, 3] * 20, task="regress").task, Regress)
    assert isinstance(Target.of(pictures(63), [*range(21), *range(21), *range(21)], task="classify").task, Classify)
    with pytest.raises(WrongUse, match="regress"):
        Target.of(pictures(4), ["cat", "dog"] * 2, task="regress")


def test_sealed_labels_teach_neither_mean_nor_deviation() -> None:
    target = Target.of(pictures(40), [float(i) + 0.5 for i in range(40)], test=(pictures(60)[40:], [1e6 + 0.5] * 20))
    assert isinstance(target.task, Regress)
    assert target.task.mean == pytest.approx(20.0)


def test_strata_are_equally_full_bins() -> None:
    labels = np.random.default_rng(0).normal(size=400)
    strata = Regress().strata(labels.tolist())
    assert np.bincount(strata).tolist() == [40] * 10
    assert (np.diff(strata[np.argsort(labels)]) >= 0).all()
    assert len(set(Regress().strata([1.0] * 50).tolist())) == 1


def test_outputs_come_back_in_the_unit_of_the_labels() -> None:
    task = Regress().seen(LABELS)
    encoded = task.encode(LABELS)
    assert float(encoded.mean()) == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(task.decode(encoded[:, None]).labels, LABELS, rtol=1e-6)


def test_loss_is_the_weighted_squared_error() -> None:
    outputs, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 1.0])
    assert float(Regress().loss(outputs, targets)) == pytest.approx((1 + 4) / 2)
    assert float(Regress().loss(outputs, targets, torch.tensor([2.0, 0.5]))) == pytest.approx((2 + 2) / 2)


def test_the_closed_form_is_ridge_with_the_least_leave_one_out_error() -> None:
    draw = np.random.default_rng(0)
    features = draw.normal(size=(25, 4))
    labels = (features @ [1.0, -2.0, 0.0, 0.5] + draw.normal(size=25)).tolist()
    task = Regress().seen(labels)
    head = task.closed_form_head(features, labels)
    standardised = (np.array(labels) - task.mean) / task.deviation
    theirs = Ridge(alpha=head.settings["penalty"]).fit(features, standardised)
    np.testing.assert_allclose(head.weight[0], theirs.coef_, rtol=1e-6)
    np.testing.assert_allclose(head.bias[0], theirs.intercept_, rtol=1e-6, atol=1e-9)

    def left_out(penalty: float) -> float:
        guess = cross_val_predict(Ridge(alpha=penalty), features, standardised, cv=LeaveOneOut())
        return float(np.mean((guess - standardised) ** 2))

    assert head.settings["leave_one_out"] == pytest.approx(left_out(head.settings["penalty"]))
    assert left_out(head.settings["penalty"]) <= min(map(left_out, (1e-3, 1.0, 100.0))) + 1e-9
    with pytest.raises(WrongUse, match="solver=ridge"):
        task.closed_form_head(features, labels, solver="logistic")


def test_the_blind_guess_is_the_mean_or_under_mae_the_median() -> None:
    target = Target.of(pictures(60), [float(i) ** 2 + 0.5 for i in range(60)])
    learned = np.asarray(target.train.labels)
    for metric, expected in (("rmse", learned.mean()), ("mae", np.median(learned))):
        blind = Majority().fit((), target.judged_by(metric), Run())
        assert blind.predict(["anything"] * 3).labels == pytest.approx((expected,) * 3)


def test_a_metric_of_classes_is_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match="accuracy judges classes"):
        Regress().with_metric("accuracy")
    assert Regress().with_metric("mae").metric.value(Predictions((1.0,)), [3.0]) == 2.0
