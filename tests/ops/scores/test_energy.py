"""Oracle: torch's logsumexp, as in the released code."""

import numpy as np
import pytest
import torch

from transferkit.ops.scores.energy import energy

VALUES = np.random.default_rng(0).normal(size=(20, 7)) * 30


def test_score_is_torchs():
    assert energy(VALUES) == pytest.approx(float(torch.logsumexp(torch.from_numpy(VALUES), dim=1).mean()))


def test_order_of_the_features_does_not_matter_and_a_shift_is_the_shift():
    assert energy(VALUES[:, ::-1]) == pytest.approx(energy(VALUES))
    assert energy(VALUES + 5) == pytest.approx(energy(VALUES) + 5)


def test_the_unit_of_the_features_does_matter():
    assert energy(VALUES * 10) > 2 * energy(VALUES)


def test_large_values_do_not_overflow():
    assert np.isfinite(energy(VALUES * 1e6))
