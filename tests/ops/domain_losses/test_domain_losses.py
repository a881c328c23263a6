"""Each loss beside the sum that its paper writes, a released implementation's numbers, and the gradient of differences."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from transferkit.ops.domain_losses.class_confusion import class_confusion
from transferkit.ops.domain_losses.classifier_discrepancy import classifier_discrepancy
from transferkit.ops.domain_losses.domain_confusion import domain_confusion
from transferkit.ops.domain_losses.gradient_reversal import reversed_gradient
from transferkit.ops.domain_losses.information import information_loss, mean_entropy, pseudo_labels, weighed_centres
from transferkit.ops.domain_losses.margin_disparity import margin_disparity
from transferkit.ops.domain_losses.moment_distance import moment_distance
from transferkit.ops.domain_losses.multilinear_map import entropy_weights, multilinear_map, outer_product
from transferkit.ops.domain_losses.open_border import open_border


def grid(rows: int, columns: int, shift: float = 0.0) -> Tensor:
    """Values anyone can make again: sin(1 + shift), sin(2 + shift), ..., twice as large."""
    return (2 * torch.sin(torch.arange(1.0, rows * columns + 1, dtype=torch.float64) + shift)).reshape(rows, columns)


def probabilities(logits: Tensor) -> list[list[float]]:
    rows = [[math.exp(v) for v in row] for row in logits.tolist()]
    return [[v / sum(row) for v in row] for row in rows]


def test_values_are_those_of_the_released_tllib() -> None:
    """Computed by TLlib 0.4 (github.com/thuml/Transfer-Learning-Library, c4aa59e) on the same grids, in double precision."""
    their_entropy = 1e-5  # they add as much inside the logarithm of an entropy
    assert float(class_confusion(grid(6, 4), 2.5)) == pytest.approx(0.6894095935800444, abs=their_entropy)
    disparity = margin_disparity(grid(5, 3), grid(5, 3, 0.5), grid(5, 3, 1.0), grid(5, 3, 1.5), gamma=4.0)
    assert float(disparity) == pytest.approx(-4.3878043427899724, abs=1e-12)
    assert float(classifier_discrepancy(grid(4, 3), grid(4, 3, 2.0))) == pytest.approx(0.246080954042562, abs=1e-12)
    confusion = domain_confusion(grid(3, 2).sum(1), grid(3, 2, 1.0).sum(1))
    assert float(confusion) == pytest.approx(1.243832472549292, abs=1e-12)
    assert float(open_border(grid(5, 4), 3)) == pytest.approx(1.288286875399098, abs=5e-5)  # theirs adds 1e-6 inside
    given = grid(4, 3).softmax(1), grid(4, 3, 2.0).softmax(1)
    weights = entropy_weights(torch.cat(given))
    judged = [
        outer_product(features, of) for features, of in zip((grid(4, 2, 1.0), grid(4, 2, 3.0)), given, strict=True)
    ]
    conditional = domain_confusion(*(values.sum(1) for values in judged), weights[:4], weights[4:])
    assert float(conditional) == pytest.approx(1.0269656083808147, abs=their_entropy)


def test_reversal_is_the_identity_with_a_negative_gradient() -> None:
    values = grid(3, 2).requires_grad_()
    (reversed_gradient(values, 0.3) * grid(3, 2, 1.0)).sum().backward()
    assert torch.equal(reversed_gradient(values), values)
    torch.testing.assert_close(values.grad, -0.3 * grid(3, 2, 1.0))


def test_class_confusion_is_the_papers_sum() -> None:
    logits, n_classes = grid(6, 4), 4
    table = probabilities(logits / 2.5)
    raw = [1 + math.exp(sum(p * math.log(p) for p in row)) for row in table]
    weights = [len(raw) * w / sum(raw) for w in raw]
    confusion = [
        [sum(w * row[j] * row[k] for w, row in zip(weights, table, strict=True)) for k in range(n_classes)]
        for j in range(n_classes)
    ]
    off = sum(confusion[j][k] / sum(confusion[j]) for j, k in itertools.permutations(range(n_classes), 2))
    assert float(class_confusion(logits)) == pytest.approx(off / n_classes, rel=1e-12)


def test_class_confusion_is_no_nan_where_a_class_is_never_predicted() -> None:
    logits = torch.zeros(4, 3)
    logits[:, 0] = 1e4
    logits.requires_grad_()
    loss = class_confusion(logits)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_margin_disparity_is_the_papers_sum() -> None:
    source, second_s, target, second_t = (grid(5, 3, shift) for shift in (0.0, 0.5, 1.0, 1.5))
    on_source, on_target = probabilities(second_s), probabilities(second_t)
    chosen_s, chosen_t = source.argmax(1).tolist(), target.argmax(1).tolist()
    agreeing = sum(math.log(row[c]) for row, c in zip(on_source, chosen_s, strict=True)) / 5
    contradicting = sum(math.log(1 - row[c] + 1e-6) for row, c in zip(on_target, chosen_t, strict=True)) / 5
    found = float(margin_disparity(source, second_s, target, second_t, gamma=4.0))
    assert found == pytest.approx(contradicting + 4 * agreeing, rel=1e-12)


def test_a_source_item_of_weight_two_counts_as_two_in_the_margin_disparity() -> None:
    source, second_s, target, second_t = (grid(4, 3, shift) for shift in (0.0, 0.5, 1.0, 1.5))
    twice = torch.tensor([0, 0, 1, 2, 3])
    weights = torch.tensor([2.0, 1.0, 1.0, 1.0]) * 4 / 5
    weighted = margin_disparity(source, second_s, target, second_t, source_weights=weights)
    repeated = margin_disparity(source[twice], second_s[twice], target, second_t)
    assert float(weighted) == pytest.approx(float(repeated), rel=1e-6)


def test_the_first_classifier_gets_no_gradient_from_the_margin_disparity() -> None:
    first = grid(4, 3).requires_grad_()
    second = grid(4, 3, 1.0).requires_grad_()
    margin_disparity(first, second, first, second).backward()
    assert first.grad is None
    assert second.grad.abs().sum() > 0


def test_classifier_discrepancy_is_the_mean_absolute_difference() -> None:
    first, second = probabilities(grid(4, 3)), probabilities(grid(4, 3, 2.0))
    cells = [abs(a - b) for x, y in zip(first, second, strict=True) for a, b in zip(x, y, strict=True)]
    found = classifier_discrepancy(grid(4, 3), grid(4, 3, 2.0))
    assert float(found) == pytest.approx(sum(cells) / len(cells), rel=1e-12)


def test_domain_confusion_is_the_mean_of_both_domains_cross_entropies() -> None:
    source, target = grid(3, 1)[:, 0], grid(5, 1, 1.0)[:, 0]
    of_source = sum(-math.log(1 / (1 + math.exp(-v))) for v in source.tolist()) / 3
    of_target = sum(-math.log(1 - 1 / (1 + math.exp(-v))) for v in target.tolist()) / 5
    assert float(domain_confusion(source, target)) == pytest.approx((of_source + of_target) / 2, rel=1e-12)
    ones = torch.ones(3, dtype=torch.float64), torch.ones(5, dtype=torch.float64)
    assert float(domain_confusion(source, target, *ones)) == pytest.approx((of_source + of_target) / 2, rel=1e-12)


def test_information_loss_is_minus_the_mutual_information() -> None:
    table = probabilities(grid(6, 3))
    each = sum(-p * math.log(p) for row in table for p in row) / 6
    shares = [sum(column) / 6 for column in zip(*table, strict=True)]
    together = sum(-p * math.log(p) for p in shares)
    assert float(mean_entropy(grid(6, 3))) == pytest.approx(each, rel=1e-12)
    assert float(information_loss(grid(6, 3))) == pytest.approx(each - together, rel=1e-12)


def test_weighed_centres_lean_towards_the_items_of_their_class() -> None:
    features = torch.tensor([[2.0, 0.0], [0.0, 5.0]])
    centres = weighed_centres(features, torch.tensor([[0.8, 0.2], [0.4, 0.6]]))
    torch.testing.assert_close(centres, torch.nn.functional.normalize(torch.tensor([[0.8, 0.4], [0.2, 0.6]]), dim=1))


def test_moment_distance_is_the_papers_sum() -> None:
    sources, target = [grid(4, 3), grid(5, 3, 1.0), grid(6, 3, 2.0)], grid(4, 3, 3.0)

    def moment(sample: Tensor, order: int) -> list[float]:
        return [sum(v**order for v in column) / len(column) for column in zip(*sample.tolist(), strict=True)]

    expected = 0.0
    for order in (1, 2):
        found = [moment(sample, order) for sample in sources]
        to_target = [math.dist(one, moment(target, order)) for one in found]
        pairs = [math.dist(a, b) for a, b in itertools.combinations(found, 2)]
        expected += sum(to_target) / 3 + sum(pairs) / 3
    assert float(moment_distance(sources, target)) == pytest.approx(expected, rel=1e-12)


def test_moment_distance_of_equal_samples_has_gradient_zero() -> None:
    sample = grid(4, 3).requires_grad_()
    moment_distance([sample], grid(4, 3)).backward()
    assert torch.equal(sample.grad, torch.zeros_like(sample))


def test_the_random_map_keeps_inner_products_in_expectation() -> None:
    features, given = grid(2, 6), grid(2, 3).softmax(dim=1)
    exact = outer_product(features, given)
    found = []
    for seed in range(300):
        width, joint = multilinear_map(6, 3, torch.Generator().manual_seed(seed), most=16)
        mapped = joint(features, given)
        assert mapped.shape == (2, width) == (2, 16)
        found.append(float(mapped[0] @ mapped[1]))
    expected = float(exact[0] @ exact[1])
    spread = torch.tensor(found).std() / math.sqrt(len(found))
    assert abs(sum(found) / len(found) - expected) < 4 * float(spread)


def test_a_small_product_is_taken_as_it_is() -> None:
    width, joint = multilinear_map(6, 3, torch.Generator())
    assert width == 18
    features, given = grid(2, 6), grid(2, 3).softmax(dim=1)
    by_hand = [[f * g for g in gs for f in fs] for fs, gs in zip(features.tolist(), given.tolist(), strict=True)]
    torch.testing.assert_close(joint(features, given), torch.tensor(by_hand, dtype=torch.float64))


def test_entropy_weights_have_mean_1_and_no_gradient() -> None:
    given = grid(5, 3).softmax(dim=1).requires_grad_()
    weights = entropy_weights(given)
    assert float(weights.mean()) == pytest.approx(1.0)
    assert not weights.requires_grad


@pytest.mark.parametrize(
    "loss",
    [
        class_confusion,
        information_loss,
        mean_entropy,
        lambda x: classifier_discrepancy(x, grid(4, 3, 9.0)),
        lambda x: -margin_disparity(grid(4, 3, 5.0), x, grid(4, 3, 6.0), 2 * x),
        lambda x: domain_confusion(x[:, 0], x[:, 1]),
        lambda x: open_border(x, 1, 0.3),
        lambda x: moment_distance([x, 2 * x], grid(4, 3, 7.0)),
    ],
)
def test_gradients_are_those_of_finite_differences(loss: object) -> None:
    assert torch.autograd.gradcheck(
        _without_constant_weights(loss), (grid(4, 3).requires_grad_(),), eps=1e-6, atol=1e-6
    )


def _without_constant_weights(loss: object) -> object:
    """Class confusion holds its weights constant, so its finite differences are taken with those of the first point."""
    if loss is not class_confusion:
        return loss
    fixed = entropy_weights((grid(4, 3) / 2.5).softmax(dim=1))

    def same(logits: Tensor) -> Tensor:
        given = (logits / 2.5).softmax(dim=1)
        rows = (given * fixed[:, None]).T @ given
        rows = rows / rows.sum(dim=1, keepdim=True)
        return (rows.sum() - rows.diagonal().sum()) / 3

    point = grid(4, 3).requires_grad_()
    ours, theirs = (torch.autograd.grad(function(point), point)[0] for function in (class_confusion, same))
    torch.testing.assert_close(ours, theirs)
    return same


def test_a_class_that_no_item_has_is_no_pseudo_label() -> None:
    """The last item is far from the only centre there is; the empty classes have none that it could be nearer to."""
    features = torch.tensor([*[[1.0, 0.0]] * 5, [-1.0, 0.0]])
    assert pseudo_labels(features, torch.tensor([[0.4, 0.3, 0.3]]).repeat(6, 1)).tolist() == [0] * 6
