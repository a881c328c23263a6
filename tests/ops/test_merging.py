import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from transferkit.ops.merging import averaged, elected, moved, summed, task_vector


def of(*values: float) -> dict[str, torch.Tensor]:
    return {"w": torch.tensor(values, dtype=torch.float64), "steps": torch.tensor(3)}


def test_adding_the_whole_vector_of_one_network_gives_that_network() -> None:
    start, tuned = of(1, 2, 3), of(0, 5, 3)
    torch.testing.assert_close(moved(start, task_vector(start, tuned), 1.0)["w"], tuned["w"])
    torch.testing.assert_close(moved(start, task_vector(start, tuned), 0.0)["w"], start["w"])


def test_the_sum_at_one_over_n_is_the_average() -> None:
    start, tuned = of(1, 2, 3), [of(0, 5, 3), of(4, 4, 4)]
    half = moved(start, summed([task_vector(start, one) for one in tuned]), 0.5)
    torch.testing.assert_close(half["w"], averaged(tuned)["w"])
    assert int(half["steps"]) == 3


def test_ties_by_hand() -> None:
    """Two thirds stay; the first coordinate agrees, the second is won by the larger sum, the third by the only one left."""
    vectors = [{"w": torch.tensor([2.0, -4.0, 0.5])}, {"w": torch.tensor([4.0, 3.0, -1.0])}]
    merged = elected(vectors, density=2 / 3)["w"]
    # trimmed: [2, -4, 0] and [4, 3, 0]; signs of the sums: +, -, 0
    torch.testing.assert_close(merged, torch.tensor([3.0, -4.0, 0.0]))


@given(st.integers(1, 4), st.integers(2, 12), st.floats(0.1, 1.0), st.integers(0, 1000))
def test_ties_agrees_with_loops_over_coordinates(n_models: int, n_weights: int, density: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n_models, n_weights))
    merged = elected([{"a": torch.tensor(v[:1]), "b": torch.tensor(v[1:])} for v in values], density)
    kept = max(1, round(density * n_weights))
    trimmed = [np.where(np.abs(v) >= np.sort(np.abs(v))[-kept], v, 0) for v in values]
    expected = []
    for column in zip(*trimmed, strict=True):
        sign = np.sign(sum(column))
        same = [value for value in column if value != 0 and np.sign(value) == sign]
        expected.append(sum(same) / len(same) if same else 0.0)
    np.testing.assert_allclose(torch.cat([merged["a"], merged["b"]]), expected, atol=1e-12)


def test_one_network_at_full_density_is_itself() -> None:
    vector = {"w": torch.tensor([1.0, -2.0, 0.0])}
    torch.testing.assert_close(elected([vector], 1.0)["w"], vector["w"])
