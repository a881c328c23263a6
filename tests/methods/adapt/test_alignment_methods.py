"""Methods that align features in closed form, from raw items to predictions: rows of tables in two domains."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.method import Method
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.ops.alignment.contract import Sides
from transferkit.sources.memory import source_of

METHODS = (
    "recolouring",
    "linear_transport",
    "subspace_alignment",
    "gfk",
    "tca",
    "tjm",
    "sstca",
    "jda",
    "optimal_transport",
    "optimal_transport:plan=classes",
)


def rows(table: np.ndarray) -> list[dict[str, float]]:
    return [{f"x{j}": float(value) for j, value in enumerate(row)} for row in table]


def two_classes(n: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Classes 3 apart in three of five features."""
    draw = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    return draw.normal(size=(n, 5)) + 3 * classes[:, None] * [1, 1, 1, 0, 0], [("no", "yes")[c] for c in classes]


def shifted(table: np.ndarray) -> np.ndarray:
    """One of the three features that tell the classes apart reads otherwise."""
    return table + np.array([6, 0, 0, 0, 0])


SOURCE_ITEMS, SOURCE_LABELS = two_classes(120, seed=0)
TARGET_ITEMS, TARGET_LABELS = two_classes(80, seed=1)
TEST_ITEMS, TEST_LABELS = two_classes(100, seed=2)


@pytest.fixture(name="source")
def _source() -> Source:
    return source_of(rows(SOURCE_ITEMS), SOURCE_LABELS, name="unshifted rows", modality="tabular")


def target(items: np.ndarray, known: int = 0) -> Target:
    """Every label open, then all but `known` of them hidden."""
    whole = Target.of(
        rows(items),
        TARGET_LABELS,
        test=(rows(shifted(TEST_ITEMS)), TEST_LABELS),
        name="shifted rows",
        modality="tabular",
    ).whole()
    return whole if known else whole.hidden()


def accuracy(predictor: Predictor, items: np.ndarray, labels: list[str]) -> float:
    return float(np.mean([a == b for a, b in zip(predictor.predict(rows(items)).labels, labels, strict=True)]))


@pytest.mark.parametrize("spelling", METHODS)
def test_a_shift_that_the_baseline_fails_at_is_undone(spelling: str, source: Source) -> None:
    method: Method = read_method(spelling)
    baseline = read_method(method.baseline).fit((source,), target(shifted(TARGET_ITEMS)), Run())
    adapted = method.fit((source,), target(shifted(TARGET_ITEMS)), Run())
    assert accuracy(baseline, shifted(TEST_ITEMS), TEST_LABELS) < 0.7
    assert accuracy(adapted, shifted(TEST_ITEMS), TEST_LABELS) > 0.9


@pytest.mark.parametrize("spelling", METHODS)
def test_target_labels_are_learned_from_too(spelling: str, source: Source) -> None:
    told = read_method(spelling).fit((source,), target(shifted(TARGET_ITEMS), known=80), Run())
    assert accuracy(told, shifted(TEST_ITEMS), TEST_LABELS) > 0.9


@pytest.mark.parametrize("spelling", METHODS)
def test_domains_that_do_not_differ_are_said_not_to(spelling: str, source: Source) -> None:
    same = read_method(spelling).fit((source,), target(TARGET_ITEMS), Run())
    assert any("nothing to adapt" in note for note in same.record.notes)
    assert accuracy(same, TEST_ITEMS, TEST_LABELS) > 0.9
    other = read_method(spelling).fit((source,), target(shifted(TARGET_ITEMS)), Run())
    assert not other.record.notes


@pytest.mark.parametrize("spelling", METHODS)
def test_constant_features_are_left_alone_and_said_to_be_so(spelling: str, source: Source) -> None:
    with_constant = np.hstack([TARGET_ITEMS[:, :4], np.ones((80, 1))])
    read_method(spelling).fit((source,), target(with_constant), Run())
    sides = Sides(SOURCE_ITEMS, np.ones((30, 5)), np.arange(120) % 2, np.full(30, -1))
    aligned, notes = read_method(spelling).aligned(sides)
    assert notes == ("no feature varies among the target items; nothing was aligned",)
    assert aligned.source is SOURCE_ITEMS


@pytest.mark.parametrize(
    "spelling", ["recolouring", "linear_transport", "tca", "tjm", "subspace_alignment", "gfk", "optimal_transport"]
)
def test_numbers_are_predicted_across_domains_where_no_class_is_needed(spelling: str) -> None:
    worth = SOURCE_ITEMS[:, :3].sum(1)
    source = source_of(rows(SOURCE_ITEMS), worth.tolist(), name="worth", modality="tabular")
    open_target = Target.of(
        rows(shifted(TARGET_ITEMS)), TARGET_ITEMS[:, :3].sum(1).tolist(), modality="tabular"
    ).whole()
    method = read_method(spelling)
    assert method.suits(open_target.task)
    wanted = TEST_ITEMS[:, :3].sum(1)
    errors = [
        np.sqrt(np.mean((np.array(fitted.predict(rows(shifted(TEST_ITEMS))).labels) - wanted) ** 2))
        for fitted in (
            one.fit((source,), open_target.hidden(), Run()) for one in (method, read_method(method.baseline))
        )
    ]
    assert errors[0] < 0.6 * errors[1]


def test_methods_of_classes_refuse_numbers_in_one_line() -> None:
    source = source_of(rows(SOURCE_ITEMS), SOURCE_ITEMS[:, 0].tolist(), name="numbers", modality="tabular")
    goal = Target.of(rows(TARGET_ITEMS), TARGET_ITEMS[:, 0].tolist(), modality="tabular").whole().hidden()
    for spelling in ("jda", "sstca", "optimal_transport:plan=classes", "optimal_transport:plan=groups"):
        assert not read_method(spelling).suits(goal.task)
        with pytest.raises(WrongUse, match="class by class, and this task has no classes"):
            read_method(spelling).fit((source,), goal, Run())


def test_without_pot_optimal_transport_says_how_to_get_it(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(Failed, match=r'pip install "transferkit\[ot\]"'):
        read_method("optimal_transport").fit((source,), target(shifted(TARGET_ITEMS)), Run())


@pytest.mark.parametrize(
    ("spelling", "wrong"),
    [
        ("jda:balance=1.5", "from 0 to 1"),
        ("sstca:label_share=-0.1", "from 0 to 1"),
        ("linear_transport:ridge=-1", "at least 0"),
        ("tca:n_components=0", "above 0"),
        ("tjm:sparsity=2", "from 0 to 1"),
        ("optimal_transport:plan=cheap", "not one of sinkhorn"),
    ],
)
def test_settings_that_cannot_be_are_one_line(spelling: str, wrong: str) -> None:
    with pytest.raises(WrongUse, match=wrong):
        read_method(spelling)


@pytest.mark.parametrize("spelling", ["recolouring", "jda"])
def test_labels_that_choose_between_fits_are_not_learned_from(spelling: str, source: Source) -> None:
    told = Target.of(rows(shifted(TARGET_ITEMS)), TARGET_LABELS, name="labels to choose by", modality="tabular")
    turned = tuple("no" if label == "yes" else "yes" for label in told.validation.labels or ())
    odd = replace(told, validation=replace(told.validation, labels=turned))
    items = rows(shifted(TEST_ITEMS))
    scores = [read_method(spelling).fit((source,), one, Run()).predict(items).scores for one in (told, odd)]
    assert scores[0] is not None
    np.testing.assert_array_equal(scores[0], scores[1])


def test_a_constant_that_no_float_holds_exactly_is_a_constant() -> None:
    """The variance of a number that was scaled is not quite 0 for rounding."""
    still = np.full((30, 5), 0.1) / 3 - 0.7
    aligned, notes = read_method("tca").aligned(Sides(SOURCE_ITEMS, still))
    assert notes == ("no feature varies among the target items; nothing was aligned",)
    assert aligned.target is still
