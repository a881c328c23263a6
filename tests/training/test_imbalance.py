import dataclasses

import numpy as np
import pytest
import torch

from transferkit.core.examples import Examples
from transferkit.tasks.classify import Classify
from transferkit.training.imbalance import Order, item_weights

TASK = Classify(("a", "b"))
SKEWED = Examples([None] * 20, tuple(map(str, range(20))), ("a",) * 18 + ("b",) * 2)


def test_weights_make_classes_count_alike_and_keep_the_owners() -> None:
    weights = item_weights(TASK, SKEWED, balance=True)
    assert weights is not None
    assert weights[:18].sum() == pytest.approx(float(weights[18:].sum()), rel=1e-6)
    assert float(weights.mean()) == pytest.approx(1)
    owned = dataclasses.replace(SKEWED, weights=np.array([2.0] + [1.0] * 19))
    assert item_weights(TASK, owned, balance=True)[0] == pytest.approx(2 * float(item_weights(TASK, owned, True)[1]))
    assert item_weights(TASK, SKEWED, balance=False) is None


def test_balanced_sampling_draws_every_class_alike() -> None:
    order = Order(TASK, SKEWED, evenly=True, generator=torch.Generator().manual_seed(0))
    drawn = torch.cat([order.draw() for _ in range(300)])
    share = float((drawn >= 18).float().mean())
    assert abs(share - 0.5) < 0.03
    once = Order(TASK, SKEWED, evenly=False, generator=torch.Generator().manual_seed(0)).draw()
    assert sorted(once.tolist()) == list(range(20))


def test_adjusted_logits_of_a_head_that_knows_nothing_learn_the_ratio_of_chances_alone() -> None:
    """With constant features the adjusted loss is least at equal logits: the prior is taken by the adjustment."""
    prior = TASK.prior_logits(SKEWED.labels)
    torch.testing.assert_close(prior.exp(), torch.tensor([0.9, 0.1]))
    targets = TASK.encode(SKEWED.labels)
    logits = torch.zeros(2, requires_grad=True)
    TASK.loss((logits + prior).expand(20, 2), targets).backward()
    torch.testing.assert_close(logits.grad, torch.zeros(2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("weighted", [False, True])
def test_smoothing_is_torchs_own(weighted: bool) -> None:
    outputs = torch.randn(20, 2, generator=torch.Generator().manual_seed(1))
    targets = TASK.encode(SKEWED.labels)
    weights = item_weights(TASK, SKEWED, balance=True) if weighted else None
    ours = 0.9 * TASK.loss(outputs, targets, weights) + 0.1 * TASK.even_loss(outputs, weights)
    each = torch.nn.functional.cross_entropy(outputs, targets, label_smoothing=0.1, reduction="none")
    torch.testing.assert_close(ours, each.mean() if weights is None else (each * weights).mean())
