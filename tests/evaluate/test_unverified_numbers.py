"""What is said of numbers without labels."""

import numpy as np
import pytest

from transferkit.evaluate.unverified_numbers import unverified_numbers

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("name", ["rmse", "mae"])
def test_no_truth_whatever_gives_a_larger_gain(name: str) -> None:
    chosen, baseline = DRAW.normal(size=40), DRAW.normal(size=40) * 2 + 1
    most = unverified_numbers(chosen, baseline, name).most
    gains = []
    for truth in [*DRAW.normal(size=(200, 40)) * 5, chosen, baseline, chosen + 100 * (chosen - baseline)]:
        if name == "mae":
            gains.append(np.abs(baseline - truth).mean() - np.abs(chosen - truth).mean())
        else:
            gains.append(np.sqrt(np.mean((baseline - truth) ** 2)) - np.sqrt(np.mean((chosen - truth) ** 2)))
    assert max(map(abs, gains)) <= most + 1e-9
    assert max(gains) == pytest.approx(most)  # where the chosen one is right throughout


def test_every_item_is_named_as_often_over_many_seeds() -> None:
    chosen, baseline = DRAW.normal(size=20), np.zeros(20)
    counts = np.zeros(20)
    for seed in range(2000):
        counts[list(unverified_numbers(chosen, baseline, n_labels=6, seed=seed).items)] += 1
    np.testing.assert_allclose(counts / 2000, 0.3, atol=0.05)


def test_few_items_are_all_named_and_no_difference_is_said() -> None:
    found = unverified_numbers(np.ones(7), np.ones(7))
    assert found.items == tuple(range(7))
    assert found.sentence("Transfer by jdot").startswith("Transfer by jdot makes no difference on these 7")
