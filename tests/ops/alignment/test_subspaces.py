"""Subspace alignment and the geodesic flow kernel against SKADA 0.6.0 and ADAPT 0.4.5, an integral, and closed forms."""

import numpy as np
import pytest
from scipy.integrate import quad_vec
from scipy.linalg import null_space, subspace_angles

from transferkit.ops.alignment.geodesic_flow import geodesic_flow, geodesic_flow_root
from transferkit.ops.alignment.subspace_alignment import subspace_alignment
from transferkit.ops.alignment.subspaces import principal_bases, principal_basis

T = np.arange(48.0)
SOURCE = np.stack([np.sin(1.3 * T), np.cos(0.7 * T) + 0.5 * np.sin(1.3 * T), np.sin(2.1 * T + 1)], 1)
TARGET = np.stack([2 * np.cos(0.9 * T) + 1, np.sin(1.7 * T) - 2 * np.cos(0.9 * T), 0.5 * np.sin(0.4 * T) - 1], 1)


def test_aligned_subspaces_are_those_of_skada_and_adapt() -> None:
    source = [[0.1765674, 0.7217641], [0.3003692, 1.507598]]  # both give these figures
    target = [[-2.8582809, 0.1716666], [-1.0469467, 0.7609389]]
    ours = subspace_alignment(SOURCE, TARGET, n_components=2)
    signs = np.sign(ours.target[0] * target[0])  # of a principal axis: anybody's choice
    np.testing.assert_allclose(ours.target[:2] * signs, target, atol=1e-6)
    np.testing.assert_allclose(ours.source[:2] * signs, source, atol=1e-6)


def bases(d: int, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    first, second = (np.linalg.qr(draw.normal(size=(d, k)))[0] for _ in range(2))
    return first, second


def integral(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Gong et al. 2012, equations 3-5, with a basis of all that is orthogonal to the source's."""
    beside = null_space(source.T)
    left, cosines, right = np.linalg.svd(source.T @ target)
    sines_left = -(beside.T @ target) @ right.T
    angles = np.arccos(np.clip(cosines, -1, 1))
    towards = beside @ (sines_left / np.sin(angles))

    def flow(t: float) -> np.ndarray:
        here = source @ left * np.cos(t * angles) - towards * np.sin(t * angles)
        return here @ here.T

    return quad_vec(flow, 0, 1)[0]


@pytest.mark.parametrize(("d", "k"), [(6, 1), (6, 3), (9, 2)])
def test_geodesic_flow_kernel_is_the_integral_over_subspaces(d: int, k: int) -> None:
    source, target = bases(d, k, seed=d + k)
    root = geodesic_flow_root(source, target)
    np.testing.assert_allclose(root @ root.T, integral(source, target), atol=1e-9)


def test_geodesic_from_a_subspace_to_itself_is_its_projection() -> None:
    source, _ = bases(7, 3, seed=0)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    root = geodesic_flow_root(source, source @ turn)
    np.testing.assert_allclose(root @ root.T, source @ source.T, atol=1e-12)


def test_geodesic_flow_kernel_is_symmetric_in_the_domains_and_in_bases() -> None:
    source, target = bases(8, 3, seed=2)
    one, other = geodesic_flow_root(source, target), geodesic_flow_root(target, source[:, ::-1])
    np.testing.assert_allclose(one @ one.T, other @ other.T, atol=1e-10)


def test_small_angles_are_not_lost() -> None:
    source = np.eye(4)[:, :1]
    for angle in (1e-3, 1e-6, 1e-9):
        target = np.cos(angle) * np.eye(4)[:, :1] + np.sin(angle) * np.eye(4)[:, 1:2]
        root = geodesic_flow_root(source, target)
        assert (root @ root.T)[0, 1] == pytest.approx(angle / 2, rel=1e-5)


def test_subspaces_that_overlap_by_their_size_alone_are_allowed() -> None:
    source, target = bases(5, 4, seed=3)
    assert subspace_angles(source, target).min() < 1e-8
    values = np.linalg.eigvalsh((root := geodesic_flow_root(source, target)) @ root.T)
    assert values.min() > -1e-12
    assert values.max() == pytest.approx(1)
    assert geodesic_flow(SOURCE, TARGET, n_components=3).source.shape == (48, 6)


def test_domains_with_the_same_axes_agree_on_all_dimensions_and_crossed_ones_on_few() -> None:
    draw = np.random.default_rng(0)
    spread = np.array([8, 4, 2, 1, 0.5])
    alike = principal_bases(draw.normal(size=(300, 5)) * spread, draw.normal(size=(300, 5)) * spread)
    assert [basis.shape for _, basis in alike] == [(5, 5), (5, 5)]
    crossed = draw.normal(size=(300, 5)) * [0.01, 0.01, 0.02, 4, 8]
    (_, of_source), _ = principal_bases(draw.normal(size=(300, 5)) * [8, 4, 0.02, 0.01, 0.01], crossed)
    assert of_source.shape[1] <= 2


@pytest.mark.parametrize("shape", [(6, 20), (40, 5)])
def test_principal_axes_are_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    from sklearn.decomposition import PCA

    items = np.random.default_rng(0).normal(size=shape) * np.arange(1, shape[1] + 1)
    mean, basis = principal_basis(items)
    k = min(shape[0] - 1, shape[1])
    assert basis.shape == (shape[1], k)
    theirs = PCA(k, svd_solver="full").fit(items)
    np.testing.assert_allclose(mean, theirs.mean_)
    np.testing.assert_allclose(np.abs(theirs.components_ @ basis), np.eye(k), atol=1e-7)
    np.testing.assert_allclose(principal_basis(items, 3)[1], basis[:, :3], atol=1e-7)
