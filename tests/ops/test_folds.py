import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from transferkit.ops.folds import ALWAYS_LEARNED, folds


def counts(fold: np.ndarray, strata: np.ndarray, n_folds: int) -> np.ndarray:
    """(strata, folds) items."""
    return np.stack([np.bincount(fold[strata == s], minlength=n_folds) for s in np.unique(strata)])


@pytest.mark.parametrize("seed", range(4))
def test_without_groups_the_class_counts_are_those_of_scikit_learn(seed: int) -> None:
    """As even as can be: sorted counts of each class agree with StratifiedKFold's."""
    strata = np.repeat([0, 1, 2], [17, 11, 6])
    ours = counts(folds(strata, 5, seed), strata, 5)
    theirs = np.zeros_like(ours)
    splitter = StratifiedKFold(5, shuffle=True, random_state=seed)
    for number, (_, held) in enumerate(splitter.split(strata, strata)):
        theirs[:, number] = np.bincount(strata[held], minlength=3)
    assert np.array_equal(np.sort(ours), np.sort(theirs))
    assert np.ptp(ours.sum(axis=0)) <= 2


def test_groups_stay_together() -> None:
    groups = np.arange(60) // 4
    fold = folds(np.arange(60) // 20, 3, seed=1, groups=groups)
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    assert np.ptp(np.bincount(fold)) <= 4


def test_the_last_group_of_a_stratum_is_never_held_out() -> None:
    strata, groups = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 2, 3, 3, 4])
    assert (folds(strata, 2, seed=0, groups=groups)[3:] == ALWAYS_LEARNED).all()
    assert (folds(strata, 2, seed=0, groups=groups, keep_last=False) >= 0).all()


def test_no_fold_is_empty_while_there_are_groups_enough() -> None:
    for seed in range(20):
        assert set(folds(np.array([0, 0, 1, 1, 2, 2]), 5, seed).tolist()) == set(range(5))


def test_same_seed_same_folds_another_seed_others() -> None:
    strata = np.arange(30) % 3
    assert np.array_equal(folds(strata, 5, 7), folds(strata, 5, 7))
    assert not np.array_equal(folds(strata, 5, 7), folds(strata, 5, 8))


def test_no_items_no_folds_and_one_fold_is_refused() -> None:
    assert folds(np.zeros(0, dtype=int), 3, 0).shape == (0,)
    with pytest.raises(ValueError, match="at least 2"):
        folds(np.array([0, 1]), 1, 0)
