"""Methods that weigh the source's items, and the learners they may fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transferkit.artifact import saved
from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.methods.baseline.source_probe import SourceProbe
from transferkit.methods.instance.classifier_weights import ClassifierWeights
from transferkit.methods.instance.kliep import KLIEP
from transferkit.methods.instance.kmm import KMM
from transferkit.methods.instance.nearest_neighbour_weights import NearestNeighbourWeights
from transferkit.methods.instance.rulsif import RuLSIF
from transferkit.ops.density_ratio.kmm import kmm
from transferkit.sources.memory import source_of
from transferkit.tasks.classify import Classify
from transferkit.training.domain_features import features_for
from transferkit.training.learners.estimator import fit_estimator
from transferkit.training.learners.linear import fit_linear
from transferkit.training.on_features import OnFeatures
from transferkit.training.spelled_estimators import spelled_estimator
from transferkit.training.weighing_method import WeighingMethod, notes_on

ALL = (KMM(), KLIEP(), RuLSIF(), ClassifierWeights(), NearestNeighbourWeights())


def rows_of(values: np.ndarray) -> list[dict[str, Any]]:
    return [{f"x{i}": float(v) for i, v in enumerate(row)} for row in values]


def covariate_shift(n_source: int = 300, n_target: int = 200) -> tuple[Source, Target, list[str], list[dict[str, Any]]]:
    """Inputs shift, labels keep their meaning, and a line cannot say it all: the best one differs between the domains."""
    draw = np.random.default_rng(0)
    theirs, own = draw.normal(size=(n_source, 1)), draw.normal(1.5, 0.5, size=(n_target, 1))

    def named(x: np.ndarray) -> list[str]:
        return ["in" if -0.7 < v < 1.5 else "out" for v in x[:, 0]]

    source = source_of(rows_of(theirs), named(theirs), name=f"wide {n_source}")
    target = Target.of(rows_of(own), named(own), name="narrow").hidden()
    later = draw.normal(1.5, 0.5, size=(300, 1))
    return source, target, named(later), rows_of(later)


def _accuracy(method: Any, source: Source, target: Target, items: Any, labels: list[str]) -> float:
    found = method.fit((source,), target, Run()).predict(items).labels
    return float(np.mean([one == other for one, other in zip(found, labels, strict=True)]))


@pytest.mark.parametrize("method", [*ALL[:4], NearestNeighbourWeights(smoothing=0.0)], ids=str)
def test_weighing_beats_the_source_probe_under_covariate_shift(method: WeighingMethod) -> None:
    source, target, labels, items = covariate_shift()
    assert (
        _accuracy(method, source, target, items, labels)
        > _accuracy(SourceProbe(), source, target, items, labels) + 0.05
    )


def test_it_is_the_weighted_fit_that_one_makes_by_hand() -> None:
    source, target, _, items = covariate_shift()
    features = features_for(KMM(), (source,), target, Run())
    weights = kmm(features.source, features.target)
    learner = fit_linear(features.domains.task, features.source, features.source_labels, weights / weights.mean())
    by_hand = OnFeatures.of(features, (), learner).predict(items).scores
    found = KMM().fit((source,), target, Run()).predict(items).scores
    assert by_hand is not None
    assert found is not None
    np.testing.assert_allclose(found, by_hand, atol=1e-9)


def test_target_labels_are_used_where_there_are_some() -> None:
    source, hidden, labels, items = covariate_shift()
    open_target = Target.of(
        items[:80], ["out" if label == "in" else "in" for label in labels[:80]], name="turned round"
    )
    turned = KMM().fit((source,), open_target, Run()).predict(items[100:]).labels
    kept = KMM().fit((source,), hidden, Run()).predict(items[100:]).labels
    assert turned != kept


LEARNERS = (
    "random_forest/n_estimators=5",
    "svc/C=2",
    "boosting/min_samples_leaf=3",
    "sklearn.svm.NuSVC/nu=0.2",
    "ridge",
    "naive_bayes",
)


@pytest.mark.parametrize("learner", LEARNERS)
def test_any_estimator_learns_and_is_kept(learner: str, tmp_path: Path) -> None:
    source, target, labels, items = covariate_shift(120, 60)
    method = read_method(f"classifier_weights:learner={learner}")
    assert read_method(str(method)) == method
    fitted = method.fit((source,), target, Run(seed=2))
    saved.save(fitted, tmp_path / "model")
    kept = saved.load(tmp_path / "model").predict(items)
    np.testing.assert_array_equal(kept.scores, fitted.predict(items).scores)
    assert np.mean([one == other for one, other in zip(kept.labels, labels, strict=True)]) > 0.6
    assert fitted.record.trainable_parameters > 0


def test_numbers_are_predicted_too(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    theirs, own = draw.normal(size=(300, 1)), draw.normal(2.0, 0.4, size=(120, 1))
    source = source_of(rows_of(theirs), (theirs[:, 0] ** 2).tolist(), name="parabola", task="regress")
    target = Target.of(rows_of(own), (own[:, 0] ** 2).tolist(), name="its right arm", task="regress").hidden()
    truth = own[:, 0] ** 2

    def error(method: Any) -> float:
        fitted = method.fit((source,), target, Run())
        saved.save(fitted, tmp_path / str(method).replace("/", " "))
        return float(np.abs(np.array(fitted.predict(rows_of(own)).labels) - truth).mean())

    assert error(KMM()) < 0.7 * error(SourceProbe(solver="ridge"))
    assert error(KMM(learner="decision_tree/max_depth=4")) < error(SourceProbe(solver="ridge"))


def test_equal_domains_are_called_so() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(80, 2))
    labels = ["a" if v > 0 else "b" for v in x[:, 0]]
    more = draw.normal(size=(80, 2))
    target = Target.of(rows_of(more), labels, name="more of the same").hidden()
    record = KMM().fit((source_of(rows_of(x), labels, name="the same"),), target, Run()).record
    assert any("nothing to adapt" in note for note in record.notes)


def test_domains_that_hardly_meet_are_called_so() -> None:
    draw = np.random.default_rng(0)
    x, far = draw.normal(size=(80, 2)), draw.normal(6.0, 1.0, size=(60, 2))
    labels = ["a" if v > 0 else "b" for v in x[:, 1]]
    target = Target.of(rows_of(far), ["a", "b"] * 30, name="far off").hidden()
    record = KMM().fit((source_of(rows_of(x), labels, name="near"),), target, Run()).record
    assert any("few items look like the target" in note for note in record.notes)


@pytest.mark.parametrize("method", ALL, ids=str)
def test_constant_features_end_in_a_guess_and_not_in_an_error(method: WeighingMethod) -> None:
    rows = rows_of(np.ones((20, 2)))
    for i, row in enumerate(rows):
        row["x1"] = float(i < 10)  # identical items are one item
        row["x0"] = 1.0 + 1e-12 * i
    source = source_of(rows, ["a", "b"] * 10, name=f"flat {method}")
    target = Target.of(rows_of(np.ones((16, 2)) * np.arange(16)[:, None]), ["a", "b"] * 8, name="not flat").hidden()
    assert len(method.fit((source,), target, Run()).predict(rows)) == 20


def test_learners_that_cannot_be_are_refused_in_one_line() -> None:
    source, target, _, _ = covariate_shift(60, 40)
    with pytest.raises(WrongUse, match="unknown learner 'random_forrest'; did you mean 'random_forest'"):
        read_method("kmm:learner=random_forrest")
    with pytest.raises(WrongUse, match="write depth=VALUE"):
        read_method("kmm:learner=random_forest/depth")
    with pytest.raises(WrongUse, match="unexpected keyword argument 'depth'"):
        KMM(learner="random_forest/depth=3").fit((source,), target, Run())
    with pytest.raises(WrongUse, match="takes no item weights"):
        KMM(learner="sklearn.neighbors.KNeighborsClassifier").fit((source,), target, Run())
    with pytest.raises(WrongUse, match="only scikit-learn's own"):
        KMM(learner="os.path.join").fit((source,), target, Run())
    with pytest.raises(WrongUse, match="not in scikit-learn"):
        KMM(learner="sklearn.svm.Nothing").fit((source,), target, Run())
    with pytest.raises(WrongUse, match="is no classifier"):
        KMM(learner="sklearn.svm.SVR").fit((source,), target, Run())
    with pytest.raises(WrongUse, match="below 1"):
        RuLSIF(relative=1.0)
    with pytest.raises(WrongUse, match="must be 0 to 1"):
        ClassifierWeights(flattened=2.0)


def test_a_target_out_of_every_items_reach_is_called_so() -> None:
    draw = np.random.default_rng(0)
    labels = ["a", "b"] * 40
    target = Target.of(rows_of(300 + draw.normal(size=(16, 2))), ["a", "b"] * 8, name="out of reach").hidden()
    source = source_of(rows_of(draw.normal(size=(80, 2))), labels, name="here")
    assert "all count alike" in notes_on(draw.normal(size=(80, 2)), 300 + draw.normal(size=(16, 2)), np.ones(80))[0]
    with pytest.raises(WrongUse, match=r"all source items that look like the target are of the one class '[ab]'"):
        NearestNeighbourWeights(smoothing=0.0).fit((source,), target, Run())


def test_items_of_no_weight_are_left_out_by_the_linear_learner() -> None:
    draw = np.random.default_rng(0)
    rows, task = draw.normal(size=(30, 2)), Classify(("a", "b", "c"))
    labels = ["abc"[i % 3] for i in range(30)]
    weights = np.array([0.0 if label == "c" else 2.0 for label in labels])
    counts = np.flatnonzero(weights)
    found = fit_linear(task, rows, labels, weights)
    alone = fit_linear(task, rows[counts], [labels[i] for i in counts])
    np.testing.assert_allclose(found.outputs(rows), alone.outputs(rows), atol=1e-6)
    assert set(found.predict(rows).labels) == {"a", "b"}


def test_what_an_estimator_says_of_an_item_does_not_hang_on_the_others() -> None:
    draw = np.random.default_rng(0)
    rows, task = draw.normal(size=(40, 2)), Classify(("a", "b", "c"))
    labels = ["ab"[i % 2] for i in range(40)]
    learner = fit_estimator(task, spelled_estimator("svc", classes=True, seed=0), rows, labels)
    together, alone = learner.predict(rows).scores, learner.predict(rows[:1]).scores
    assert together is not None
    assert alone is not None
    np.testing.assert_array_equal(together[:1], alone)
