"""Maps between clouds that do not pair up: against POT, by closed forms, and what they recover."""

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group

from transferkit.ops.mappings.adversarial import adversarial
from transferkit.ops.mappings.gaussian import gaussian_transport, principal_axes_map
from transferkit.ops.mappings.refine import csls, mutual_neighbours, refined
from transferkit.ops.mappings.space_map import linear
from transferkit.ops.mappings.transport_plan import transport_plan
from transferkit.ops.mappings.wasserstein_procrustes import wasserstein_procrustes


def clouds(n=300, d=4, k=4, noise=0.0, seed=0):
    """Two samples of one lopsided cloud, one of them turned, and the truth of the second."""
    draw = np.random.default_rng(seed)
    lengths = np.linspace(3, 1, d)
    x, other = (draw.gamma(1.0, size=(n, d)) * lengths for _ in range(2))
    turn = ortho_group.rvs(max(d, k), random_state=seed)[:d, :k]
    return x, 2 * other @ turn + 7 + noise * draw.normal(size=(n, k)), 2 * x @ turn + 7


def missed(f, x, truth):
    return np.square(f(x) - truth).sum() / np.square(truth - truth.mean(0)).sum()


def test_the_gaussian_transport_is_pots():
    ot = pytest.importorskip("ot", reason="POT, the extra [ot], is what this is compared with")
    draw = np.random.default_rng(0)
    x, y = (
        draw.normal(size=(60, 3)) @ draw.normal(size=(3, 3)),
        draw.normal(size=(80, 3)) @ draw.normal(size=(3, 3)) + 4,
    )
    matrix, offset = ot.gaussian.empirical_bures_wasserstein_mapping(x, y, reg=1e-12)
    found = gaussian_transport(x, y)
    np.testing.assert_allclose(found.matrix, matrix, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.offset, offset.ravel(), rtol=1e-5, atol=1e-6)


def test_the_gaussian_transport_gives_the_other_mean_and_covariance():
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(60, 3)), draw.normal(size=(80, 3)) @ draw.normal(size=(3, 3)) + 4
    mapped = gaussian_transport(x, y)(x)
    np.testing.assert_allclose(mapped.mean(0), y.mean(0), atol=1e-9)
    np.testing.assert_allclose(np.cov(mapped.T, bias=True), np.cov(y.T, bias=True), atol=1e-8)
    with pytest.raises(ValueError, match="principal_axes_map"):
        gaussian_transport(x, y[:, :2])


@pytest.mark.parametrize(("d", "k"), [(4, 4), (3, 5), (5, 3)])
def test_principal_axes_are_laid_on_each_other_with_their_variance(d, k):
    x, y, _ = clouds(d=d, k=k)
    mapped = principal_axes_map(x, y)(x)
    lengths = [np.sort(np.linalg.eigvalsh(np.cov(part.T, bias=True)))[::-1][: min(d, k)] for part in (mapped, y)]
    np.testing.assert_allclose(lengths[0], lengths[1], rtol=1e-8)


def test_labels_tell_which_way_round_an_axis_lies():
    draw = np.random.default_rng(2)
    x = draw.normal(size=(300, 2)) * [3, 1]  # no skewness to tell by
    names = np.where(x[:, 0] > 0, "right", "left")
    y = -(draw.normal(size=(300, 2)) * [3, 1])
    y_names = [("right" if -row[0] > 0 else "left") if i < 10 else None for i, row in enumerate(y)]
    f = principal_axes_map(x, y, names.tolist(), y_names)
    assert np.corrcoef(f(x)[:, 0], -x[:, 0])[0, 1] > 0.9


def test_the_plan_is_pots():
    ot = pytest.importorskip("ot", reason="POT, the extra [ot], is what this is compared with")
    costs = np.random.default_rng(3).uniform(size=(9, 14))
    expected = ot.sinkhorn(np.full(9, 1 / 9), np.full(14, 1 / 14), costs, 0.05, stopThr=1e-12, numItermax=20000)
    np.testing.assert_allclose(transport_plan(costs, 0.05, 20000), expected, atol=1e-7)


def test_a_plan_with_hardly_any_smoothing_is_the_assignment():
    from scipy.optimize import linear_sum_assignment

    costs = np.random.default_rng(4).uniform(size=(8, 8))
    plan = transport_plan(costs, 1e-3)
    np.testing.assert_array_equal(plan.argmax(axis=1), linear_sum_assignment(costs)[1])
    with pytest.raises(ValueError, match="above 0"):
        transport_plan(costs, 0)


def test_neighbours_are_found_as_by_hand():
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=(15, 3)), draw.normal(size=(20, 3))
    scores = csls(a, b)
    centre = b.mean(0)

    def cosine(u, v):
        u, v = u - centre, v - centre
        return u @ v / np.linalg.norm(u) / np.linalg.norm(v)

    table = np.array([[cosine(u, v) for v in b] for u in a])
    for i, j in ((0, 0), (3, 17), (14, 4)):
        near = np.sort(table[i])[-10:].mean() + np.sort(table[:, j])[-10:].mean()
        assert scores[i, j] == pytest.approx(2 * table[i, j] - near)
    ours, theirs = mutual_neighbours(a, b)
    for i, j in zip(ours, theirs, strict=True):
        assert scores[i].argmax() == j
        assert scores[:, j].argmax() == i


def test_refining_a_roughly_right_map_makes_it_right():
    draw = np.random.default_rng(6)
    x = draw.normal(size=(200, 5))
    turn = ortho_group.rvs(5, random_state=1)
    rough = linear(turn + 0.35 * draw.normal(size=(5, 5)), np.zeros(5), np.zeros(5))
    found = refined(x, x @ turn, rough)
    assert missed(rough, x, x @ turn) > 0.3
    assert missed(found, x, x @ turn) < 1e-6


@pytest.mark.parametrize(("d", "k"), [(4, 4), (3, 5)])
@pytest.mark.parametrize("fit", [wasserstein_procrustes, adversarial])
def test_a_turned_cloud_is_turned_back(fit, d, k):
    x, y, truth = clouds(d=d, k=k)
    f = fit(x, y)
    assert missed(f, x, truth) < 0.06
    np.testing.assert_array_equal(f(x), fit(x, y)(x))


def test_a_few_labels_settle_what_the_shape_leaves_open():
    draw = np.random.default_rng(7)
    centres = 6 * np.array([[1.0, 0.0], [-0.5, 0.866], [-0.5, -0.866]])  # the same shape in six ways
    names = np.arange(150) % 3
    x, y = centres[names] + draw.normal(size=(150, 2)), centres[names] + draw.normal(size=(150, 2))
    turned = y @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    x_names = [str(name) for name in names]
    y_names = [str(name) if i < 6 else None for i, name in enumerate(names)]
    f = wasserstein_procrustes(x, turned, x_names, y_names)
    assert missed(f, centres, centres @ np.array([[0.0, 1.0], [-1.0, 0.0]])) < 0.05


def test_adversarial_training_leaves_the_global_generator_alone():
    x, y, _ = clouds(n=40)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    adversarial(x, y)
    assert torch.equal(state, torch.get_rng_state())


def test_training_that_runs_away_is_begun_again_and_then_given_up_with_the_reason(monkeypatch):
    x, y, _ = clouds(n=40)
    monkeypatch.setattr("transferkit.ops.mappings.adversarial.RATE", 1e9)
    with pytest.raises(ValueError, match="ran away at every rate from 1e"):
        adversarial(x, y)


@pytest.mark.parametrize("fit", [principal_axes_map, wasserstein_procrustes, adversarial])
def test_degenerate_clouds_map_to_something_finite_or_give_one_line(fit):
    x, y, _ = clouds(n=40)
    assert np.isfinite(fit(np.ones((10, 3)), y)(np.ones((2, 3)))).all()
    assert np.isfinite(fit(x, np.ones((10, 3)))(x)).all()
    assert np.isfinite(fit(x[:2], y[:3])(x)).all()
    with pytest.raises(ValueError, match="at least 2 rows"):
        fit(x[:1], y)
    with pytest.raises(ValueError, match="not finite"):
        fit(np.full((3, 2), np.nan), y)
