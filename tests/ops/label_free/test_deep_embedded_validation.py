import numpy as np
import pytest

from transferkit.ops.label_free.deep_embedded_validation import controlled_risk, deep_embedded_validation
from transferkit.ops.label_free.judged import Judged


def test_risk_is_that_of_the_released_code(wine):
    """thuml/Deep-Embedded-Validation at abf9c96c, get_dev_risk, run on these numbers."""
    weights = np.exp(wine.source_features[:, 5])
    wrong = (wine.source_probabilities[:, :3].argmax(axis=1) != wine.source_labels).astype(float)
    assert controlled_risk(weights, wrong) == pytest.approx(0.5498358254294107, rel=1e-12)


def test_the_control_variate_lessens_the_spread_of_the_estimate():
    generator, plain, controlled = np.random.default_rng(0), [], []
    for _ in range(200):
        x = generator.normal(size=300)
        weights, wrong = np.exp(x - 0.5), (x > 0.3).astype(float)  # the target is N(1, 1)
        plain.append((weights * wrong).mean())
        controlled.append(controlled_risk(weights, wrong))
    truth = 0.7580363477769  # P(N(1, 1) > 0.3)
    assert np.mean(controlled) == pytest.approx(truth, abs=0.02)
    assert np.std(controlled) < 0.6 * np.std(plain)


def test_a_covariate_shift_is_seen_through():
    generator = np.random.default_rng(1)
    source, target = generator.normal(size=(3000, 2)), generator.normal(size=(3000, 2)) + np.array([1.0, 0.0])
    truly_first = [generator.random(3000) < np.where(side[:, 0] > 0.5, 0.6, 0.95) for side in (source, target)]
    sure = np.tile([0.9, 0.1], (3000, 1))  # right nearly always on the left, seldom on the right
    judged = Judged(
        target_probabilities=sure, target_features=target,
        source_probabilities=sure, source_features=source, source_labels=1 - truly_first[0].astype(int),
    )  # fmt: skip
    assert deep_embedded_validation(judged) == pytest.approx(truly_first[1].mean(), abs=0.03)
    assert abs(truly_first[0].mean() - truly_first[1].mean()) > 0.1
