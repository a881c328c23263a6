import itertools

import numpy as np
import pytest
import torch
from torch import nn

from transferkit.core.errors import WrongUse
from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress
from transferkit.training.thresholds import lay_in, read, spelled, tuned_offsets

TASK = Classify(("often", "rare"), "macro_f1")


def skewed(n: int = 200) -> tuple[torch.Tensor, list[str]]:
    """Logits that lean to the frequent class by 1.5."""
    draw = np.random.default_rng(0)
    rare = draw.random(n) < 0.15
    evidence = draw.normal(0, 1, n) + 1.5 * rare
    outputs = torch.tensor(np.stack([np.full(n, 1.5), evidence], axis=1), dtype=torch.float32)
    return outputs, ["rare" if r else "often" for r in rare]


def test_no_single_threshold_does_better() -> None:
    outputs, labels = skewed()
    offsets = tuned_offsets(TASK, outputs, labels)
    assert offsets is not None
    found = TASK.metric.value(TASK.decode(outputs + torch.from_numpy(offsets)), labels)
    assert found > TASK.metric.value(TASK.decode(outputs), labels)
    grid = np.linspace(-4, 4, 41)
    best = max(
        TASK.metric.value(TASK.decode(outputs + torch.tensor(pair, dtype=torch.float32)), labels)
        for pair in itertools.product(grid, grid)
    )
    assert found == pytest.approx(best)


def test_what_is_right_already_stays_as_it_is() -> None:
    labels = ["often"] * 40 + ["rare"] * 40
    outputs = torch.nn.functional.one_hot(TASK.encode(labels)).float() * 6
    assert tuned_offsets(TASK, outputs, labels).tolist() == [0, 0]


def test_too_few_items_tell_nothing() -> None:
    outputs, labels = skewed()
    assert tuned_offsets(TASK, outputs[:20], labels[:20]) is None


def test_offsets_go_into_the_bias_and_survive_spelling() -> None:
    head = nn.Linear(3, 2)
    before = head.bias.detach().clone()
    lay_in(head, (0.5, -1.25))
    torch.testing.assert_close(head.bias.detach(), before + torch.tensor([0.5, -1.25]))
    assert read(spelled((0.5, -1.25))) == (0.5, -1.25)
    assert read("") == ()
    with pytest.raises(WrongUse, match="no numbers"):
        read("a/b")
    with pytest.raises(WrongUse, match="do not fit"):
        lay_in(head, (1.0, 2.0, 3.0))


def test_a_task_without_classes_is_refused() -> None:
    with pytest.raises(WrongUse, match="regress has no classes"):
        tuned_offsets(Regress(), torch.zeros(60, 1), [0.0] * 60)
