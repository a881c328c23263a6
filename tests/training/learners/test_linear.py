"""The linear head as a learner."""

import numpy as np
import pytest

from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress
from transferkit.training.learners.linear import fit_linear

DRAW = np.random.default_rng(0)
ROWS = DRAW.normal(size=(60, 3))
WEIGHTS = DRAW.uniform(0.5, 1.5, size=60) * (np.arange(60) % 5 > 0)


@pytest.mark.parametrize("solver", ["logistic", "ridge"])
@pytest.mark.parametrize("unit", [1e-4, 1e4])
def test_the_unit_of_weights_does_not_matter(solver: str, unit: float) -> None:
    labels = np.where(ROWS[:, 0] + DRAW.normal(size=60) > 0, "a", "b").tolist()
    plain, scaled = (
        fit_linear(Classify(("a", "b")), ROWS, labels, weights, solver).outputs(ROWS)
        for weights in (WEIGHTS, unit * WEIGHTS)
    )
    np.testing.assert_allclose(scaled, plain, atol=1e-4)


def test_items_of_weight_nothing_are_left_out() -> None:
    counted = WEIGHTS > 0
    whole = fit_linear(Regress(), ROWS, ROWS[:, 0].tolist(), WEIGHTS)
    part = fit_linear(Regress(), ROWS[counted], ROWS[counted, 0].tolist(), WEIGHTS[counted])
    np.testing.assert_array_equal(whole.outputs(ROWS), part.outputs(ROWS))
