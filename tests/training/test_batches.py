import torch

from transferkit.training.batches import WINDOW, batches


def test_without_lengths_the_order_is_cut_as_it_is() -> None:
    order = torch.tensor([4, 2, 0, 1, 3])
    assert [b.tolist() for b in batches(order, 2)] == [[4, 2], [0, 1, 3]]
    assert [b.tolist() for b in batches(order, 8)] == [[4, 2, 0, 1, 3]]


def test_like_length_goes_together_and_nothing_is_lost_or_seen_twice() -> None:
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(200, generator=generator)
    lengths = torch.randint(1, 100, (200,), generator=generator).tolist()
    found = batches(order, 8, lengths, generator)
    assert sorted(torch.cat(found).tolist()) == list(range(200))

    def padding(several: list[torch.Tensor]) -> int:
        return sum(len(b) * max(lengths[i] for i in b) - sum(lengths[i] for i in b) for b in several)

    assert padding(found) < 0.5 * padding(batches(order, 8))


def test_only_neighbours_in_the_order_change_places() -> None:
    n, size = 160, 5
    found = batches(torch.arange(n), size, list(range(n))[::-1], torch.Generator().manual_seed(0))
    windows = [{int(i) // (WINDOW * size) for i in batch} for batch in found]
    assert all(len(one) == 1 for one in windows)
    assert [min(one) for one in windows] != sorted(min(one) for one in windows)


def test_there_are_as_many_batches_either_way_and_one_item_is_never_alone() -> None:
    for n in range(1, 40):
        alike = batches(torch.arange(n), 4, [i % 7 for i in range(n)], torch.Generator().manual_seed(0))
        assert len(alike) == len(batches(torch.arange(n), 4))
        assert n == 1 or min(map(len, alike)) > 1


def test_the_same_generator_gives_the_same_batches() -> None:
    several = [batches(torch.arange(50), 4, list(range(50)), torch.Generator().manual_seed(1)) for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(*several, strict=True))
