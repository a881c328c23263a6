"""Transport plans against assignment, a plain Sinkhorn iteration and POT's own estimators."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from transferkit.ops.alignment.transport import transport, transport_plan
from transferkit.ops.feature_maps import build

ot = pytest.importorskip("ot", reason="optimal transport needs the extra [ot]")

DRAW = np.random.default_rng(0)
CLASSES = np.arange(24) % 2
SOURCE = DRAW.normal(size=(24, 2)) + 4 * CLASSES[:, None]
TARGET = DRAW.normal(size=(18, 2)) + 4 * (np.arange(18) % 2)[:, None] + [3, -1]


def test_an_exact_plan_between_equally_many_items_is_an_assignment() -> None:
    target = TARGET[DRAW.permutation(18)]
    _, matched = linear_sum_assignment(cdist(SOURCE[:18], target, "sqeuclidean"))
    np.testing.assert_allclose(transport(SOURCE[:18], target, plan="exact").source, target[matched])


def test_a_smoothed_plan_is_sinkhorns() -> None:
    costs = cdist(SOURCE, TARGET, "sqeuclidean")
    costs /= np.median(costs)
    kernel, v = np.exp(-costs / 0.1), np.ones(18)
    for _ in range(5000):
        u = (1 / 24) / (kernel @ v)
        v = (1 / 18) / (kernel.T @ u)
    plan = u[:, None] * kernel * v
    np.testing.assert_allclose(transport_plan(costs, None), plan, atol=1e-6)
    np.testing.assert_allclose(transport(SOURCE, TARGET).source, 24 * plan @ TARGET, atol=1e-4)


@pytest.mark.filterwarnings("ignore:Sinkhorn did not converge")
@pytest.mark.parametrize(
    ("plan", "estimator"), [("classes", "SinkhornLpl1Transport"), ("groups", "SinkhornL1l2Transport")]
)
def test_plans_that_look_at_classes_are_those_of_pots_estimators(plan, estimator: str) -> None:
    theirs = getattr(ot.da, estimator)(reg_e=0.2, reg_cl=0.3, norm="median", max_iter=10)
    theirs.fit(Xs=SOURCE, ys=CLASSES, Xt=TARGET)
    ours = transport(SOURCE, TARGET, CLASSES, np.full(18, -1), plan=plan, entropy=0.2, class_strength=0.3)
    np.testing.assert_allclose(ours.source, theirs.transform(SOURCE), atol=1e-3)


def test_class_regularisation_brings_less_mass_of_two_classes_to_one_item() -> None:
    costs = cdist(SOURCE, TARGET, "sqeuclidean")
    costs /= np.median(costs)

    def mixed(plan: np.ndarray) -> float:
        shares = np.stack([plan[c == CLASSES].sum(0) for c in (0, 1)])
        return float(shares.min(0).sum())

    plain = mixed(transport_plan(costs, CLASSES, entropy=0.3))
    assert mixed(transport_plan(costs, CLASSES, plan="classes", entropy=0.3, class_strength=3.0)) < plain
    assert mixed(transport_plan(costs, CLASSES, plan="groups", entropy=0.3, class_strength=3.0)) < plain


def test_known_classes_of_the_target_forbid_transport_between_classes() -> None:
    swapped = SOURCE[:, ::-1] + 4 - 8 * CLASSES[:, None]  # each class lies where the other one was
    carried = transport(SOURCE, swapped, CLASSES, CLASSES, plan="exact").source
    nearest = cdist(carried, swapped).argmin(1)
    np.testing.assert_array_equal(CLASSES[nearest], CLASSES)


def test_new_items_go_as_their_nearest_item_and_the_map_can_be_written_down() -> None:
    aligned = transport(SOURCE, TARGET)
    (displacement,) = aligned.source_maps
    near = SOURCE[4] + 1e-3
    np.testing.assert_allclose(displacement(near[None])[0], aligned.source[4] + 1e-3)
    again = build(displacement.kind, displacement.settings(), displacement.arrays())
    np.testing.assert_array_equal(again(SOURCE), displacement(SOURCE))


def test_of_many_items_some_are_transported_and_the_others_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transferkit.ops.alignment.transport.MOST_ITEMS", 10)
    aligned = transport(SOURCE, TARGET)
    assert aligned.source.shape == SOURCE.shape
    assert np.abs(aligned.source.mean(0) - TARGET.mean(0)).max() < np.abs(SOURCE.mean(0) - TARGET.mean(0)).max()


def test_a_plan_of_classes_without_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="use sinkhorn"):
        transport(SOURCE, TARGET, plan="classes")


@pytest.mark.parametrize("plan", ["exact", "sinkhorn", "classes", "groups"])
def test_a_class_that_the_other_domain_lacks_goes_somewhere_too(plan) -> None:
    theirs = np.where(np.arange(18) % 2 == 0, 0, 7)
    ours = np.where(CLASSES == 0, 0, 5)
    aligned = transport(SOURCE, TARGET, ours, theirs, plan=plan)
    assert np.isfinite(aligned.source).all()
    zeros = aligned.source[ours == 0]
    assert cdist(zeros, TARGET[theirs == 0]).min(1).max() < 6


def test_a_plan_of_classes_is_the_smoothed_plan_at_its_own_slope_with_even_margins() -> None:
    draw = np.random.default_rng(3)
    classes = np.arange(160) % 2
    source, target = draw.normal(size=(160, 2)) + 2 * classes[:, None], draw.normal(size=(80, 2)) + 2
    costs = cdist(source, target, "sqeuclidean")
    costs /= np.median(costs)
    plan = transport_plan(costs, classes, plan="classes")
    mass = np.stack([plan[classes == c].sum(0) for c in (0, 1)])
    again = transport_plan(costs + 0.1 * (mass[classes] + 1e-3) ** -0.5 / 2, None)
    assert np.abs(plan - again).sum() < 1e-3
    assert np.abs(plan.sum(0) - 1 / 80).sum() < 1e-3
    assert np.abs(plan.sum(1) - 1 / 160).sum() < 1e-3


@pytest.mark.parametrize("plan", ["sinkhorn", "classes"])
def test_an_item_very_far_from_all_others_goes_somewhere_without_a_warning(plan) -> None:
    source = SOURCE.copy()
    source[0] *= 1000
    aligned = transport(source, TARGET, CLASSES, np.full(18, -1), plan=plan)
    assert np.isfinite(aligned.source).all()
    assert (aligned.source.max(0) <= TARGET.max(0) + 1e-9).all()
