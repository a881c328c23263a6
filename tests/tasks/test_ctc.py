"""CTC against the sum over all paths, and against torch's own mean."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional

from transferkit.core.architecture import Architecture
from transferkit.sources import architectures
from transferkit.tasks import ctc


def collapsed(path):
    """The text of a path, by the definition: repeats are one, then blanks vanish."""
    return [number for number, _ in itertools.groupby(path) if number]


def test_loss_is_the_sum_over_all_paths_that_spell_the_text() -> None:
    scores = torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(0))
    chances = scores[0].softmax(1)
    for target in ([1], [1, 2], [2, 2], [], [1, 2, 1]):
        total = sum(
            torch.stack([chances[t, s] for t, s in enumerate(path)]).prod()
            for path in itertools.product(range(3), repeat=4)
            if collapsed(path) == target
        )
        found = ctc.loss(scores, torch.tensor([4]), [torch.tensor(target, dtype=torch.int64)])
        assert found.item() == pytest.approx(-float(total.log()) / max(1, len(target)), abs=1e-5)


def test_mean_loss_is_torchs_own_mean() -> None:
    draw = torch.Generator().manual_seed(1)
    scores, lengths = torch.randn(3, 9, 5, generator=draw), torch.tensor([9, 5, 7])
    targets = [torch.tensor(target) for target in ([1, 2, 3], [4, 4], [2])]
    expected = functional.ctc_loss(
        scores.log_softmax(2).transpose(0, 1), torch.cat(targets), lengths, torch.tensor([3, 2, 1]), zero_infinity=True
    )
    assert ctc.loss(scores, lengths, targets).mean().item() == pytest.approx(expected.item(), abs=1e-6)


def test_frames_beyond_an_items_length_change_nothing() -> None:
    scores = torch.randn(1, 6, 3, generator=torch.Generator().manual_seed(0))
    longer = torch.cat([scores, torch.full((1, 5, 3), 50.0)], dim=1)
    targets, lengths = [torch.tensor([1, 2])], torch.tensor([6])
    assert torch.equal(ctc.loss(scores, lengths, targets), ctc.loss(longer, lengths, targets))
    assert ctc.best_path(scores, lengths) == ctc.best_path(longer, lengths)


def test_best_path_is_collapsed_by_the_definition() -> None:
    path = [0, 1, 1, 0, 1, 2, 2, 0, 0, 3]
    scores = functional.one_hot(torch.tensor([path]), 4).float()
    assert ctc.best_path(scores, torch.tensor([10])) == [collapsed(path)] == [[1, 1, 2, 3]]
    assert ctc.best_path(scores, torch.tensor([3])) == [[1]]


def test_frames_needed_is_the_least_number_that_has_a_finite_loss() -> None:
    for target in ([1, 1, 2], [1, 2, 3], [2, 2, 2], [1], []):
        needed = ctc.frames_needed(torch.tensor(target, dtype=torch.int64))
        for frames in range(1, 7):
            loss = functional.ctc_loss(
                torch.zeros(frames, 1, 4).log_softmax(2),
                torch.tensor([target], dtype=torch.int64),
                torch.tensor([frames]),
                torch.tensor([len(target)]),
                reduction="none",
            )
            assert bool(loss.isfinite()) == (frames >= needed)


def test_a_text_that_cannot_be_aligned_costs_nothing_and_moves_nothing() -> None:
    scores = torch.zeros(2, 3, 3, requires_grad=True)
    losses = ctc.loss(scores, torch.tensor([3, 3]), [torch.tensor([1, 1, 1]), torch.tensor([1])])
    assert losses[0] == 0
    losses.sum().backward()
    assert scores.grad is not None
    assert scores.grad[0].abs().sum() == 0 < scores.grad[1].abs().sum()


def test_numbers_and_texts_are_each_others_inverse() -> None:
    rows = ctc.encoded(["abba", ""], "abc")
    assert [row.tolist() for row in rows] == [[1, 2, 2, 1], []]
    assert ctc.spelled([row.tolist() for row in rows], "abc") == ["abba", ""]


def test_a_head_takes_over_what_the_source_knows_of_the_same_characters() -> None:
    symbols = ("", "<unk>", "A", " ", "b")
    network = architectures.build(Architecture.of("speech_ctc", {"hidden": 4, "symbols": symbols}), seed=3)
    own = network.head
    assert isinstance(own, nn.Linear)
    head, fresh = ctc.head(network, " abz", seed=5), ctc.head(network, " abz", seed=5)
    for row, taken in enumerate((0, 3, 2, 4)):
        assert torch.equal(head.weight[row], own.weight[taken])
        assert head.bias[row] == own.bias[taken]
    assert torch.equal(head.weight[4], fresh.weight[4])
    assert not any(torch.equal(head.weight[4], row) for row in own.weight)
    network.head = None
    plain = ctc.head(network, " abz", seed=5)
    assert torch.equal(plain.weight[4], head.weight[4])
    assert not torch.equal(plain.weight[0], head.weight[0])
