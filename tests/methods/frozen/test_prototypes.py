import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.neighbors import NearestCentroid

from transferkit.core.errors import WrongUse
from transferkit.methods.frozen.prototypes import SHARPNESS, Prototypes, prototype_head


def problem(n: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = np.r_[[0, 1, 2], draw.integers(0, 3, n - 3)]
    return draw.normal(size=(n, 6)) + 1.2 * np.eye(3, 6)[labels] + 4, labels


def test_euclidean_prototypes_choose_as_scikit_learns_nearest_centroid() -> None:
    features, labels = problem()
    others, _ = problem(200, seed=1)
    closed = prototype_head(features, labels, 3, "euclidean")
    expected = NearestCentroid().fit(features, labels).predict(others)
    np.testing.assert_array_equal((others @ closed.weight.T + closed.bias).argmax(1), expected)


def test_cosine_prototypes_choose_the_mean_at_the_smallest_angle() -> None:
    features, labels = problem()
    others, _ = problem(200, seed=1)
    closed = prototype_head(features, labels, 3, "cosine")
    means = np.stack([features[labels == c].mean(0) for c in range(3)])
    centre = means.mean(0)
    cosines = [
        [np.dot(x - centre, m - centre) / np.linalg.norm(x - centre) / np.linalg.norm(m - centre) for m in means]
        for x in others
    ]
    np.testing.assert_array_equal((others @ closed.weight.T + closed.bias).argmax(1), np.argmax(cosines, axis=1))


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_the_sharpness_is_the_likeliest_with_each_item_left_out_of_its_mean(distance: str) -> None:
    """The oracle: class means taken anew for every item that is left out; the centre stays."""
    features, labels = problem(25)
    found = prototype_head(features, labels, 3, distance).settings["sharpness"]
    means = np.stack([features[labels == c].mean(0) for c in range(3)])
    centre = means.mean(0)

    def outputs(x: np.ndarray, towards: np.ndarray) -> np.ndarray:
        if distance == "cosine":
            return (x - centre) @ (towards / np.linalg.norm(towards, axis=1, keepdims=True)).T
        return -np.square(x - centre - towards).sum(1) / 2 + np.square(x - centre).sum() / 2

    left_out = []
    for i, label in enumerate(labels):
        kept = means.copy()
        kept[label] = features[(labels == label) & (np.arange(len(labels)) != i)].mean(0)
        left_out.append(outputs(features[i], kept - centre))
    unit = 1 / np.std([outputs(x, means - centre) for x in features])
    likelihood = [log_softmax(s * unit * np.array(left_out), axis=1)[range(25), labels].mean() for s in SHARPNESS]
    assert found == pytest.approx(unit * SHARPNESS[int(np.argmax(likelihood))])


def test_one_label_a_class_is_enough_and_a_class_without_any_is_never_chosen() -> None:
    features, labels = problem()
    closed = prototype_head(features[:2], labels[:2], 3)
    chosen = (features @ closed.weight.T + closed.bias).argmax(1)
    assert set(chosen) == {0, 1}
    assert np.isfinite(closed.bias).all()


def test_an_items_weight_counts_as_so_many_items() -> None:
    features, labels = problem()
    twice = prototype_head(np.r_[features, features[:5]], np.r_[labels, labels[:5]], 3, "euclidean")
    weighted = prototype_head(features, labels, 3, "euclidean", weights=np.r_[np.full(5, 2.0), np.ones(35)])
    for one, other in ((twice.weight, weighted.weight), (twice.bias, weighted.bias)):
        np.testing.assert_allclose(
            one / twice.settings["sharpness"], other / weighted.settings["sharpness"], rtol=1e-9, atol=1e-9
        )


def test_means_that_are_shrunk_away_are_refused() -> None:
    with pytest.raises(WrongUse, match=r"shrink=1.0 must be at least 0 and below 1"):
        Prototypes(shrink=1.0)
