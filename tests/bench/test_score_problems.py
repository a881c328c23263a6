"""Oracle of the oracle: the full normal density, and evidence that does not change when items are turned."""

import numpy as np
import pytest
from scipy import stats

from bench.score_problems import brute_force_evidence, network_like


def test_brute_force_evidence_is_nowhere_below_the_full_normal_density():
    problem = network_like(12, 20, 3, 4)
    features = problem.features.astype(np.float64)
    targets = np.eye(3)[problem.labels][:, :1]
    found = brute_force_evidence(features, targets)
    densities = [
        stats.multivariate_normal.logpdf(targets[:, 0], np.zeros(12), np.eye(12) / beta + features @ features.T / alpha)
        for alpha in np.exp(np.arange(-4.0, 10, 0.5))
        for beta in np.exp(np.arange(-2.0, 10, 0.5))
    ]
    assert max(densities) / 12 == pytest.approx(found, abs=0.02)
    assert max(densities) / 12 <= found


def test_problems_are_what_was_asked_for_and_the_same_every_time():
    problem, again = network_like(30, 8, 5, 7), network_like(30, 8, 5, 7)
    assert problem.features.shape == (30, 8)
    assert problem.features.dtype == np.float32
    assert problem.features.min() == 0
    np.testing.assert_array_equal(np.bincount(problem.labels), np.full(5, 6))
    np.testing.assert_allclose(problem.outputs.sum(axis=1), 1)
    np.testing.assert_array_equal(problem.features, again.features)


def test_a_problem_is_written_for_other_processes(tmp_path):
    problem = network_like(10, 4, 2, 3)
    paths = problem.written(tmp_path)
    assert np.load(paths["features"]).dtype == np.float64
    np.testing.assert_array_equal(np.load(paths["features"]), problem.features)
    np.testing.assert_array_equal(np.load(paths["labels"]), problem.labels)
