import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.contrastive_tuning import ContrastiveTuning, of_pairs
from transferkit.methods.finetune.full import Full
from transferkit.training.body import Body
from transferkit.training.frozen import frozen_states


@given(st.integers(0, 10**6), st.integers(2, 9), st.booleans())
def test_it_is_the_formula_pair_by_pair(seed: int, n: int, weighted: bool) -> None:
    """The oracle: two sums over pairs, one at a time."""
    draw = np.random.default_rng(seed)
    features, labels = draw.normal(size=(n, 3)), draw.integers(0, 3, n)
    weights = draw.uniform(0.1, 2, n) if weighted else np.ones(n)
    sums: dict[bool, list[float]] = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for i in range(n):
        for j in range(i + 1, n):
            a, b = features[i], features[j]
            cosine = float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))
            same = bool(labels[i] == labels[j])
            sums[same][0] += weights[i] * weights[j] * ((1.0 if same else 0.0) - cosine) ** 2
            sums[same][1] += weights[i] * weights[j]
    expected = sum(total / weight for total, weight in sums.values() if weight) / 2
    given_weights = torch.from_numpy(weights) if weighted else None
    found = of_pairs(torch.from_numpy(features), torch.from_numpy(labels), given_weights)
    assert float(found) == pytest.approx(expected, abs=1e-12)


def test_it_is_the_loss_that_sentence_encoders_are_trained_by_where_both_kinds_of_pairs_are_as_many() -> None:
    """Torch's own cosines of two columns of items, and its mean squared error: what SetFit computes for a batch of pairs."""
    features = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 0, 0, 1])  # three pairs of one class, three of two
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    first, second = features[[i for i, _ in pairs]], features[[j for _, j in pairs]]
    wanted = torch.tensor([float(labels[i] == labels[j]) for i, j in pairs])
    expected = torch.nn.functional.mse_loss(torch.cosine_similarity(first, second), wanted)
    torch.testing.assert_close(of_pairs(features, labels), expected)


def test_lengths_do_not_matter_and_a_batch_of_one_item_costs_nothing() -> None:
    features = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 0, 2, 1])
    stretched = features * torch.tensor([[0.1], [3.0], [20.0], [1.0], [7.0]])
    torch.testing.assert_close(of_pairs(features, labels), of_pairs(stretched, labels))
    alone = features[:1].clone().requires_grad_(True)
    loss = of_pairs(alone, labels[:1])
    loss.backward()
    assert float(loss.detach()) == 0
    assert not alone.grad.any()


def test_features_that_are_all_zero_point_nowhere_and_are_not_moved() -> None:
    features = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    labels = torch.tensor([0, 0, 1])
    loss = of_pairs(features, labels)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(
        0.5
    )  # the one pair of a class has the cosine 0, those of two classes too
    assert features.grad is not None
    assert not features.grad[0].any()
    assert features.grad.abs().max() < 10


def test_the_scale_of_the_weights_does_not_matter() -> None:
    features = torch.randn(6, 3, generator=torch.Generator().manual_seed(2))
    labels, weights = torch.tensor([0, 1, 0, 1, 2, 2]), torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0, 1.0])
    torch.testing.assert_close(of_pairs(features, labels, 1e-7 * weights), of_pairs(features, labels, weights))


def test_it_draws_classes_together_more_than_plain_fine_tuning_and_without_strength_is_that(
    tiny_target: Target,
) -> None:
    source, fold = Source("zoo:digits-cnn"), tiny_target.fold(0)
    common = {"epochs": 4, "augmentation": "none"}
    plain = Full(**common).fit((source,), fold, Run())
    still = ContrastiveTuning(strength=0.0, **common).fit((source,), fold, Run())
    drawn = ContrastiveTuning(**common).fit((source,), fold, Run())
    items = list(fold.validation.items)
    np.testing.assert_array_equal(still.predict(items).scores, plain.predict(items).scores)

    labels = torch.from_numpy(fold.task.strata(fold.train.labels))

    def apart(predictor: object) -> float:
        return float(of_pairs(torch.from_numpy(predictor.features(fold.train, Run())), labels))

    untouched = torch.from_numpy(frozen_states(Body.pretrained(source, fold), fold.train, Run()))
    assert apart(drawn) < 0.8 * apart(plain) < float(of_pairs(untouched, labels))


def test_numbers_have_no_classes_to_draw_together(tiny_target: Target) -> None:
    items = list(tiny_target.train.items)
    heights = Target.of(items, [i / 7 for i in range(len(items))], name="heights", task="regress")
    with pytest.raises(WrongUse, match="needs one class an item"):
        ContrastiveTuning().fit((Source("zoo:digits-cnn"),), heights.whole(), Run())
