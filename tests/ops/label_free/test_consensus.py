import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from transferkit.ops.label_free.consensus import consensus


def tables(seed=0, m=4, n=12, n_classes=3):
    return list(softmax(2 * np.random.default_rng(seed).normal(size=(m, n, n_classes)), axis=2))


def test_value_is_the_chance_that_labels_drawn_from_a_model_and_from_another_group_agree():
    several, names = tables(), ["a", "b", "a", "c"]
    for i, found in enumerate(consensus(several, names)):
        votes = []
        for name in sorted(set(names) - {names[i]}):
            members = [several[j] for j in range(4) if names[j] == name]
            votes.append(np.mean([(several[i] * other).sum() / 12 for other in members]))
        assert found == pytest.approx(np.mean(votes))


def test_among_sure_models_it_is_the_agreement_in_classes_with_the_others():
    classes = np.random.default_rng(1).integers(0, 4, size=(5, 30))
    direct = [np.mean([(classes[j] == classes[i]).mean() for j in range(5) if j != i]) for i in range(5)]
    np.testing.assert_allclose(consensus(list(np.eye(4)[classes])), direct)


def test_a_single_group_has_nobody_to_disagree_with():
    assert consensus(tables(), ["a"] * 4).tolist() == [1.0] * 4


@given(seed=st.integers(0, 1000), m=st.integers(1, 6), n=st.integers(1, 20), n_classes=st.integers(2, 6))
@settings(max_examples=30, deadline=None)
def test_values_lie_between_0_and_1_and_order_does_not_matter(seed, m, n, n_classes):
    several = tables(seed, m, n, n_classes)
    found = consensus(several)
    assert (found >= 0).all()
    assert (found <= 1 + 1e-12).all()
    np.testing.assert_allclose(consensus(several[::-1])[::-1], found, atol=1e-12)
    np.testing.assert_allclose(consensus([table[:, ::-1] for table in several]), found, atol=1e-12)


def test_models_judged_on_other_items_are_refused():
    with pytest.raises(ValueError, match="same items"):
        consensus([np.eye(3), np.eye(2)])
