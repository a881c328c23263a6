"""JMMD, against sums over pairs and, of one layer, MMD."""

import itertools
import math

import pytest
import torch

from transferkit.ops.discrepancies import kernel_sums
from transferkit.ops.discrepancies.jmmd import jmmd
from transferkit.ops.discrepancies.mmd import mmd


def layers(n, seed):
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(n, d, generator=draw, dtype=torch.float64) for d in (3, 2)]


def product(a, b, widths):
    return math.prod(
        sum(math.exp(-(math.dist(p.tolist(), q.tolist()) ** 2) / (2 * s**2)) for s in of_layer)
        for p, q, of_layer in zip(a, b, widths, strict=True)
    )


@pytest.mark.parametrize("tile", [1024, 3])
def test_it_is_the_sum_over_pairs_of_the_product_of_kernels(tile, monkeypatch):
    monkeypatch.setattr(kernel_sums, "TILE", tile)
    x, y, widths = layers(4, 0), layers(5, 1), ((1.0, 2.0), (0.9,))
    items = [list(zip(*one, strict=True)) for one in (x, y)]

    def mean(a, b, same):
        pairs = [(p, q) for (i, p), (j, q) in itertools.product(enumerate(a), enumerate(b)) if not (same and i == j)]
        return sum(product(p, q, widths) for p, q in pairs) / len(pairs)

    expected = mean(items[0], items[0], True) + mean(items[1], items[1], True) - 2 * mean(*items, False)
    assert float(jmmd(x, y, bandwidths=widths)) == pytest.approx(expected, rel=1e-10)


def test_tiles_change_no_gradient(monkeypatch):
    found = []
    for tile in (1024, 3):
        monkeypatch.setattr(kernel_sums, "TILE", tile)
        states = [state.requires_grad_() for state in (*layers(7, 0), *layers(8, 1))]
        jmmd(states[:2], states[2:], bandwidths=(None, (0.92,))).backward()
        found.append([state.grad for state in states])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("estimator", ["biased", "unbiased", "linear"])
def test_of_one_layer_it_is_mmd(estimator):
    x, y = layers(6, 0)[0], layers(6, 1)[0]
    assert float(jmmd([x], [y], estimator=estimator)) == pytest.approx(float(mmd(x, y, estimator=estimator)), rel=1e-12)


def test_it_sees_what_each_layer_alone_does_not():
    x = torch.randn(200, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    together, apart = jmmd([x, x], [x, x]), jmmd([x, x], [x, -x])
    assert float(mmd(x, -x)) < 0.05
    assert float(apart) > 10 * abs(float(together))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (([], []), "x has 0 layers and y 0"),
        ((layers(4, 0), layers(4, 1)[:1]), "x has 2 layers and y 1"),
        (([layers(4, 0)[0], layers(5, 0)[1]], layers(4, 1)), "different numbers of items"),
    ],
)
def test_layers_that_do_not_fit_give_one_line(arguments, line):
    with pytest.raises(ValueError, match=line):
        jmmd(*arguments)
    with pytest.raises(ValueError, match="bandwidths are given for 1 layers of 2"):
        jmmd(layers(4, 0), layers(4, 1), bandwidths=((1.0,),))
    with pytest.raises(ValueError, match="cannot be used"):
        jmmd(layers(4, 0), layers(4, 1), bandwidths=(None, (0,)))
