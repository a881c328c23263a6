import torch
from torch import nn

from transferkit.training.contrast import Momentum, Queue


def test_the_queue_keeps_the_last_keys_of_each_class() -> None:
    queue = Queue(2)
    assert queue.all() is None
    for value, label in ((1.0, 0), (2.0, 1), (3.0, 0), (4.0, 0)):
        queue.add(torch.tensor([[value]]), torch.tensor([label]))
    keys, classes = queue.all()
    assert sorted(zip(classes.tolist(), keys[:, 0].tolist(), strict=True)) == [(0, 3.0), (0, 4.0), (1, 2.0)]


def test_the_copy_follows_at_its_own_pace() -> None:
    module = nn.BatchNorm1d(1)
    behind = Momentum((module,), 0.9)
    with torch.no_grad():
        module.weight.fill_(2.0)
        module.running_mean.fill_(1.0)
        module.num_batches_tracked.fill_(5)
    behind.follow()
    (copy,) = behind.copies
    torch.testing.assert_close(copy.weight.detach(), torch.tensor([1.1]))
    torch.testing.assert_close(copy.running_mean, torch.tensor([0.1]))
    assert int(copy.num_batches_tracked) == 5
    assert not copy.weight.requires_grad
