"""Methods that learn from labels of both domains."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transferkit.artifact import saved
from transferkit.core.errors import WrongUse
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.methods.baseline.source_probe import SourceProbe
from transferkit.methods.instance.adaptive_svm import AdaptiveSVM
from transferkit.methods.instance.balanced_weighting import BalancedWeighting
from transferkit.methods.instance.boosted_continued import BoostedContinued
from transferkit.methods.instance.mix import Mix
from transferkit.methods.instance.ser import SER
from transferkit.methods.instance.source_prediction import SourcePrediction
from transferkit.methods.instance.source_prior import SourcePrior
from transferkit.methods.instance.strut import STRUT
from transferkit.methods.instance.tradaboost import TrAdaBoost
from transferkit.methods.instance.tradaboost_r2 import TrAdaBoostR2
from transferkit.ops.source_prior import logistic_towards
from transferkit.sources.memory import source_of
from transferkit.training.domain_features import features_for
from transferkit.training.learners.linear import fit_linear
from transferkit.training.transfer_boosting import boosted_beside, fading_source, tradaboost

CLASSES: tuple[Method, ...] = (
    AdaptiveSVM(),
    BalancedWeighting(),
    BoostedContinued(stages=20),
    Mix(trees=10),
    SER(trees=10),
    SourcePrediction(),
    SourcePrior(),
    STRUT(trees=10),
    TrAdaBoost(),
)
NUMBERS: tuple[Method, ...] = (
    BalancedWeighting(),
    BoostedContinued(stages=20),
    SourcePrediction(),
    SourcePrediction(learner="linear"),
    SourcePrior(),
    TrAdaBoostR2(stages=4, rounds=3),
)


def _rows(values: np.ndarray) -> list[dict[str, Any]]:
    return [{f"x{i}": float(v) for i, v in enumerate(row)} for row in values]


def _classes(values: np.ndarray, edge: float) -> list[str]:
    return ["high" if v > edge else "low" for v in values[:, 0]]


@pytest.fixture(name="source", scope="module")
def _source() -> Source:
    x = np.random.default_rng(0).normal(size=(200, 3))
    return source_of(_rows(x), _classes(x, 1.0), name="another edge")


@pytest.fixture(name="target", scope="module")
def _target() -> Target:
    """Inputs are the source's, but what is high begins lower."""
    x = np.random.default_rng(1).normal(size=(60, 3))
    return Target.of(_rows(x), _classes(x, -0.3), name="this edge")


@pytest.fixture(name="number_source", scope="module")
def _number_source() -> Source:
    x = np.random.default_rng(0).normal(size=(200, 3))
    return source_of(_rows(x), (3 * x[:, 0]).tolist(), name="a slope", task="regress")


@pytest.fixture(name="number_target", scope="module")
def _number_target() -> Target:
    x = np.random.default_rng(1).normal(size=(60, 3))
    return Target.of(_rows(x), (2 * x[:, 0] + 4).tolist(), name="another slope", task="regress")


LATER = np.random.default_rng(2).normal(size=(300, 3))


@pytest.mark.parametrize("method", CLASSES, ids=str)
def test_target_labels_move_what_the_source_says(method: Method, source: Source, target: Target) -> None:
    def accuracy(fitted: Any) -> float:
        labels = fitted.predict(_rows(LATER)).labels
        return float(np.mean([one == other for one, other in zip(labels, _classes(LATER, -0.3), strict=True)]))

    fold = target.fold(0)
    assert accuracy(method.fit((source,), fold, Run())) > accuracy(SourceProbe().fit((source,), fold, Run())) + 0.05


@pytest.mark.parametrize("method", NUMBERS, ids=str)
def test_numbers_follow_the_target_and_are_kept(
    method: Method, number_source: Source, number_target: Target, tmp_path: Path
) -> None:
    def error(labels: Any) -> float:
        return float(np.abs(np.asarray(labels) - 2 * LATER[:, 0] - 4).mean())

    fold = number_target.fold(0)
    fitted = method.fit((number_source,), fold, Run())
    saved.save(fitted, tmp_path / "model")
    found = saved.load(tmp_path / "model").predict(_rows(LATER)).labels
    assert found == fitted.predict(_rows(LATER)).labels
    assert found == method.fit((number_source,), fold, Run()).predict(_rows(LATER)).labels
    source_alone = SourceProbe(solver="ridge").fit((number_source,), fold, Run()).predict(_rows(LATER)).labels
    assert error(found) < 0.6 * error(source_alone)


@pytest.mark.parametrize("method", [*CLASSES, TrAdaBoostR2()], ids=str)
def test_without_target_labels_one_line_says_what_to_do(
    method: Method, source: Source, target: Target, number_source: Source, number_target: Target
) -> None:
    theirs, own = (number_source, number_target) if method.name == "tradaboost_r2" else (source, target)
    with pytest.raises(WrongUse, match=r"learns from labels of the target too, and .* has none; label some"):
        method.fit((theirs,), own.hidden(), Run())


@pytest.mark.parametrize("method", CLASSES, ids=str)
def test_a_handful_of_labels_and_a_class_of_one_domain_only_are_no_error(method: Method, source: Source) -> None:
    x = np.random.default_rng(3).normal(size=(8, 3))
    labels = ["low", "high", "low", "high", "middling", "low", "high", "middling"]
    target = Target.of(_rows(x), labels, test=(_rows(x + 1), labels), name="eight")
    fitted = method.fit((source,), target.fold(0), Run())
    predictions = fitted.predict(_rows(LATER[:20]))
    assert predictions.scores is not None
    assert predictions.scores.shape == (20, 3)
    np.testing.assert_allclose(predictions.scores.sum(1), 1, atol=1e-6)


@pytest.mark.parametrize("method", [SourcePrior(), AdaptiveSVM(), BoostedContinued(stages=20)], ids=str)
def test_labels_that_say_nothing_leave_the_source_as_it_is(method: Method, source: Source) -> None:
    x = np.random.default_rng(3).normal(size=(80, 3))
    target = Target.of(_rows(x), _classes(x, 1.0), test=(_rows(x + 9), _classes(x, 1.0)), name="the same edge")
    record = method.fit((source,), target.whole(), Run()).record
    gained = {"source_prior": "strength", "adaptive_svm": "strength", "boosted_continued": "further"}[method.name]
    value = record.settings[gained]
    assert value == "infinite" or float(value) < 20 or method.name == "source_prior"


def test_a_source_prior_of_given_strength_is_what_the_equation_says(source: Source, target: Target) -> None:
    fold = target.fold(0)
    features = features_for(SourcePrior(), (source,), fold, Run())
    head = fit_linear(features.domains.task, features.source, features.source_labels).head
    prior = np.concatenate([head.weight, head.bias[:, None]], axis=1)
    wide = np.concatenate([features.target[: len(fold.train)], np.ones((len(fold.train), 1))], axis=1)
    wanted = logistic_towards(wide, features.domains.task.strata(fold.train.labels or ()), prior, 5.0)
    learner = SourcePrior(strength=5.0).fit((source,), fold, Run()).learner  # type: ignore[attr-defined]
    np.testing.assert_allclose(learner.head.weight, wanted[:, :-1], atol=1e-6)
    np.testing.assert_allclose(learner.head.bias, wanted[:, -1], atol=1e-6)


def test_tradaboost_is_the_papers_algorithm_step_by_step() -> None:
    """Two classes, errors between 0 and 1/2 in every round: written down again as the paper has it."""
    draw = np.random.default_rng(0)
    answers = [draw.integers(0, 2, 30) for _ in range(40)]
    targets = draw.integers(0, 2, 30)
    answers = [np.where(draw.random(30) < 0.75, targets, answer) for answer in answers]
    n, rounds = 20, 6
    w, beta = np.ones(30), 1 / (1 + np.sqrt(2 * np.log(n) / rounds))
    expected_say, calls = [], iter(answers)
    for t in range(rounds):
        wrong = (answers[t] != targets).astype(float)
        error = (w[n:] * wrong[n:]).sum() / w[n:].sum()
        assert 0.001 < error < 0.5
        beta_t = error / (1 - error)
        w = np.concatenate([w[:n] * beta ** wrong[:n], w[n:] * beta_t ** -wrong[n:]])
        expected_say.append(np.log(1 / beta_t))
    seen = []

    def fit(weights: np.ndarray) -> tuple[int, np.ndarray]:
        seen.append(weights.copy())
        return len(seen), next(calls)

    found = tradaboost(fit, targets, n, np.ones(30), rounds=rounds, correct_drift=False)
    assert found.members == (4, 5, 6)
    np.testing.assert_allclose(found.say, expected_say[3:])
    np.testing.assert_allclose(found.weights / found.weights.sum(), w / w.sum())


def test_without_a_mistake_the_corrected_source_keeps_its_share() -> None:
    """On the source no one errs, on the target a few do: as published the source's share then falls all the same."""
    targets = np.repeat([0, 1], 15)
    answers = targets.copy()
    answers[29] = 0
    shares = {}
    for corrected in (True, False):
        found = tradaboost(lambda weights: (0, answers), targets, 20, np.ones(30), rounds=2, correct_drift=corrected)
        shares[corrected] = found.weights[:20].sum() / found.weights.sum()
    assert shares[False] < shares[True]
    one_round = tradaboost(lambda weights: (0, answers), targets, 20, np.ones(30), rounds=1, correct_drift=True)
    assert one_round.weights[:20].sum() / one_round.weights.sum() == pytest.approx(20 / 30)


def test_a_round_no_better_than_chance_has_no_say() -> None:
    targets = np.repeat([0, 1, 0, 1], 5)
    calls = iter([targets, 1 - targets, targets, 1 - targets])
    found = tradaboost(lambda weights: (0, next(calls)), targets, 10, np.ones(20), rounds=4, correct_drift=True)
    assert len(found.members) == 1
    worst = tradaboost(lambda weights: (0, 1 - targets), targets, 10, np.ones(20), rounds=4, correct_drift=True)
    assert worst.say.tolist() == [1.0]
    assert worst.weights[10:].sum() > worst.weights[:10].sum()


def test_the_source_fades_by_the_papers_schedule() -> None:
    draw = np.random.default_rng(0)
    targets = draw.normal(size=40)
    answers = targets + draw.normal(size=40)
    found = fading_source(lambda weights: (0, answers), targets, 30, np.ones(40), stages=5)
    shares = [1 - weights.sum() for weights in found]
    np.testing.assert_allclose(shares, 0.25 + np.arange(5) / 4 * 0.75, atol=1e-5)
    errors = np.abs(answers - targets)[:30]
    order = np.argsort(errors)
    for weights in found[1:4]:
        assert (np.diff(weights[order]) <= 1e-12).all()  # the larger the error, the smaller what is left


def test_boosting_beside_the_source_is_adaboost_r2_step_by_step() -> None:
    draw = np.random.default_rng(0)
    targets = draw.normal(size=12)
    answers = [targets + draw.normal(size=12) * 0.3 for _ in range(3)]
    held, own = np.full(8, 0.05), np.full(4, 0.15)
    w, say = np.concatenate([held, own]), []
    for answer in answers:
        e = np.abs(answer - targets)
        e /= e.max()
        error = (w * e).sum()
        beta = error / (1 - error)
        say.append(np.log(1 / beta))
        moved = w[8:] * beta ** (1 - e[8:])
        w = np.concatenate([held, moved / moved.sum() * 0.6])
    calls = iter(answers)
    found = boosted_beside(lambda weights: (0, next(calls)), targets, held, own, rounds=3)
    np.testing.assert_allclose(found.say, say)
    np.testing.assert_allclose(found.weights, w)


def test_a_share_near_one_learns_from_the_target_alone(source: Source, target: Target) -> None:
    fold = target.fold(0)
    features = features_for(SourcePrior(), (source,), fold, Run())
    method = BalancedWeighting(share=1 - 1e-9, learner="logistic")
    learner = method.fit((source,), fold, Run()).learner  # type: ignore[attr-defined]
    from sklearn.linear_model import LogisticRegression

    rows = features.target[: len(fold.train)]
    scale = (len(features.source) + len(rows)) / len(rows)  # all the weight is on these
    alone = LogisticRegression(C=scale, tol=1e-8, max_iter=2000).fit(rows, fold.train.labels)
    ours = learner.predict(LATER).scores
    np.testing.assert_allclose(ours, alone.predict_proba(LATER), atol=1e-3)


def test_tasks_that_do_not_suit_are_refused_in_one_line(
    source: Source, target: Target, number_source: Source, number_target: Target
) -> None:
    with pytest.raises(WrongUse, match="not for task regress; use tradaboost_r2 for numbers"):
        TrAdaBoost().fit((number_source,), number_target.fold(0), Run())
    with pytest.raises(WrongUse, match="not for task classify; use tradaboost for classes"):
        TrAdaBoostR2().fit((source,), target.fold(0), Run())
    with pytest.raises(WrongUse, match="not for task regress"):
        SER().fit((number_source,), number_target.fold(0), Run())
    with pytest.raises(WrongUse, match="above 0 and below 1"):
        read_method("balanced_weighting:share=1.0")
    with pytest.raises(WrongUse, match="at least 2"):
        read_method("tradaboost_r2:stages=1")
    with pytest.raises(WrongUse, match="at least 0"):
        read_method("boosted_continued:further=-1")
