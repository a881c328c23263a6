import torch
from torch import nn

from transferkit.training.average import Average


def test_the_average_is_the_recursion_written_out() -> None:
    layer = nn.Linear(2, 1, bias=False)
    values = [torch.full((1, 2), float(v)) for v in (0, 3, -1, 5, 2)]
    with torch.no_grad():
        layer.weight.copy_(values[0])
        average = Average([layer], 0.9)
        expected = values[0].clone()
        for t, value in enumerate(values[1:], start=1):
            layer.weight.copy_(value)
            average.update()
            decay = min(0.9, (1 + t) / (10 + t))
            expected = decay * expected + (1 - decay) * value
    with average.in_place():
        torch.testing.assert_close(layer.weight.detach(), expected)
    torch.testing.assert_close(layer.weight.detach(), values[-1])
    average.put()
    torch.testing.assert_close(layer.weight.detach(), expected)


def test_counters_and_shared_weights_are_kept_whole() -> None:
    norm, layer = nn.BatchNorm1d(2), nn.Linear(2, 2)
    shared = nn.Sequential(layer, norm)
    average = Average([shared, layer], 0.5)
    norm(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
    average.update()
    before = layer.weight.detach().clone()
    with average.in_place():
        assert int(norm.num_batches_tracked) == 1
    torch.testing.assert_close(layer.weight.detach(), before)
