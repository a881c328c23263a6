"""Class-conditional MMD, against one MMD a class, and DSAN's weights for soft labels."""

import pytest
import torch

from transferkit.ops.discrepancies.class_conditional_mmd import class_conditional_mmd
from transferkit.ops.discrepancies.mmd import mmd


def samples(n=12, m=15):
    draw = torch.Generator().manual_seed(0)
    x, y = (torch.randn(k, 3, generator=draw, dtype=torch.float64) for k in (n, m))
    return x, y, torch.arange(n) % 3, torch.arange(m) % 3


def test_of_hard_labels_it_is_the_mean_of_one_mmd_a_class():
    x, y, of_x, of_y = samples()
    expected = [mmd(x[of_x == c], y[of_y == c], bandwidths=(1.0, 2.0), estimator="biased") for c in range(3)]
    found = class_conditional_mmd(x, y, of_x, of_y, bandwidths=(1.0, 2.0))
    assert float(found) == pytest.approx(float(sum(expected)) / 3, rel=1e-10)


def test_classes_of_one_sample_alone_do_not_count():
    x, y, of_x, of_y = samples()
    of_x, of_y = torch.where(of_x == 2, 4, of_x), torch.where(of_y == 2, 3, of_y)
    expected = [mmd(x[of_x == c], y[of_y == c], bandwidths=(1.0,), estimator="biased") for c in range(2)]
    found = class_conditional_mmd(x, y, of_x, of_y, bandwidths=(1.0,))
    assert float(found) == pytest.approx(float(sum(expected)) / 2, rel=1e-10)


def test_soft_labels_weigh_the_items_of_a_class():
    x, y, of_x, _ = samples()
    soft = torch.randn(15, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64).softmax(dim=1)
    found = class_conditional_mmd(x, y, of_x, soft, bandwidths=(1.0,))
    expected = [
        mmd(x, y, bandwidths=(1.0,), estimator="biased", weights=((of_x == c).double(), soft[:, c])) for c in range(3)
    ]
    assert set(soft.argmax(dim=1).tolist()) == {0, 1, 2}
    assert float(found) == pytest.approx(float(sum(expected)) / 3, rel=1e-10)


def test_a_class_that_is_no_item_s_most_probable_does_not_count():
    x, y, of_x, of_y = samples()
    soft = torch.nn.functional.one_hot(of_y % 2, 3).double() * 0.9 + 0.1 / 3
    found = class_conditional_mmd(x, y, of_x, soft, bandwidths=(1.0,))
    expected = [
        mmd(x, y, bandwidths=(1.0,), estimator="biased", weights=((of_x == c).double(), soft[:, c])) for c in range(2)
    ]
    assert float(found) == pytest.approx(float(sum(expected)) / 2, rel=1e-10)


def test_samples_without_a_class_in_common_give_0_and_do_not_pull():
    x, y, of_x, of_y = samples()
    value = class_conditional_mmd(x.requires_grad_(), y, of_x, of_y + 3)
    value.backward()
    assert float(value.detach()) == 0
    assert torch.equal(x.grad, torch.zeros_like(x))


@pytest.mark.parametrize(
    ("of_x", "of_y", "line"),
    [
        (torch.arange(11), torch.arange(15), r"x_labels are \(11,\) for 12 items"),
        (torch.zeros(12), torch.arange(15), "x_labels must be whole numbers from 0"),
        (torch.arange(12) - 1, torch.arange(15), "x_labels must be whole numbers from 0"),
        (torch.arange(12) % 3, torch.full((15, 3), 2.0), "y_labels must be probabilities"),
        (torch.full((12, 2), 0.5), torch.full((15, 3), 0.3), "2 classes for x and 3 for y"),
    ],
)
def test_labels_that_do_not_fit_give_one_line(of_x, of_y, line):
    x, y, _, _ = samples()
    with pytest.raises(ValueError, match=line):
        class_conditional_mmd(x, y, of_x, of_y)
