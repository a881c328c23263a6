"""MMD: against sums over pairs in plain Python, a closed form for Gaussians, and the formulas that others release."""

import itertools
import math

import pytest
import torch

from transferkit.ops.discrepancies import kernel_sums
from transferkit.ops.discrepancies.mmd import mmd

KERNELS = {
    "gaussian": lambda a, b, s: math.exp(-(math.dist(a, b) ** 2) / (2 * s**2)),
    "laplacian": lambda a, b, s: math.exp(-math.dist(a, b) / s),
    "linear": lambda a, b, s: sum(p * q for p, q in zip(a, b, strict=True)),
}


def samples(n=5, m=7, d=3, seed=0, dtype=torch.float64):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=draw, dtype=dtype), torch.randn(m, d, generator=draw, dtype=dtype) * 1.3 + 0.4


def by_pairs(x, y, kernel, widths, estimator, p, q):
    """The definition, pair by pair."""

    def mean(a, b, weights_a, weights_b, same):
        total = weight = 0.0
        for (i, one), (j, other) in itertools.product(enumerate(a), enumerate(b)):
            if not (same and estimator == "unbiased" and i == j):
                pair = weights_a[i] * weights_b[j]
                weight += pair
                total += pair * sum(KERNELS[kernel](one, other, s) for s in widths)
        return total / weight

    x, y = x.tolist(), y.tolist()
    return mean(x, x, p, p, True) + mean(y, y, q, q, True) - 2 * mean(x, y, p, q, False)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("estimator", ["biased", "unbiased"])
@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("tile", [1024, 3])
def test_it_is_the_sum_over_pairs(kernel, estimator, weighed, tile, monkeypatch):
    monkeypatch.setattr(kernel_sums, "TILE", tile)
    x, y = samples()
    p = torch.arange(1.0, 6.0) if weighed else torch.ones(5)
    q = torch.tensor([0.0, 1, 1, 5, 2, 2, 1]) if weighed else torch.ones(7)
    widths = None if kernel == "linear" else (0.7, 1.0, 2.0, 8.0)
    found = mmd(
        x, y, kernel=kernel, bandwidths=widths, estimator=estimator, weights=(p, q) if weighed else (None, None)
    )
    expected = by_pairs(x, y, kernel, widths or (1,), estimator, p.tolist(), q.tolist())
    assert float(found) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_linear_estimator_is_the_mean_over_disjoint_pairs(kernel):
    x, y = samples(n=7, m=6)
    expected = 0.0
    for i in (0, 2, 4):
        a, b, c, d = x[i].tolist(), x[i + 1].tolist(), y[i].tolist(), y[i + 1].tolist()
        k = KERNELS[kernel]
        expected += (k(a, b, 0.8) + k(c, d, 0.8) - k(a, d, 0.8) - k(b, c, 0.8)) / 3
    widths = None if kernel == "linear" else (0.8,)
    assert float(mmd(x, y, kernel=kernel, bandwidths=widths, estimator="linear")) == pytest.approx(expected, rel=1e-10)


def test_samples_of_two_gaussians_give_the_closed_form():
    """E exp(-d^2 / 2 s^2) for d ~ N(a, 2) is s / sqrt(s^2 + 2) exp(-a^2 / (2 (s^2 + 2)))."""
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(4000, 1, generator=draw), torch.randn(4000, 1, generator=draw) + 1
    s = 0.8
    expected = 2 * s / math.sqrt(s**2 + 2) * (1 - math.exp(-1 / (2 * (s**2 + 2))))
    for estimator in ("biased", "unbiased"):
        assert float(mmd(x, y, bandwidths=(s,), estimator=estimator)) == pytest.approx(expected, abs=0.02)


def arrays_of_differences(both):
    """(N, N) squared distances, as DeepDA and TLlib make them."""
    return (both[None] - both[:, None]).square().sum(2)


def test_the_default_is_the_family_of_deepda():
    x, y = samples(20, 20, 30, dtype=torch.float32)
    squares = arrays_of_differences(torch.cat([x, y]).double())
    scale = squares.sum() / (40 * 39)
    kernel = sum(torch.exp(-squares / (scale * 2.0**k)) for k in range(-2, 3))
    expected = kernel[:20, :20].mean() + kernel[20:, 20:].mean() - 2 * kernel[:20, 20:].mean()
    assert float(mmd(x, y, estimator="biased")) == pytest.approx(float(expected), abs=1e-6)


def test_tllib_s_formula_is_the_unbiased_one_plus_a_constant():
    x, y = samples(20, 20, 30)
    squares = arrays_of_differences(torch.cat([x, y]))
    widths = [math.sqrt(2.0**k * float(squares.mean())) for k in range(-3, 2)]
    kernel = sum(torch.exp(-squares / (2 * s**2)) for s in widths)
    signs = torch.full((40, 40), -1 / 400, dtype=torch.float64)
    signs[:20, :20] = signs[20:, 20:] = 1 / 380
    expected = (kernel * signs.fill_diagonal_(0)).sum() + 2 / 19
    # they leave the pairs of an item with itself out of both means, and add what a kernel of 5 members would not need
    assert float(mmd(x, y, bandwidths=widths)) + 2 / 19 == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("estimator", ["biased", "unbiased"])
def test_tiles_change_neither_value_nor_gradient(estimator, monkeypatch):
    found = []
    for tile in (1024, 4):
        monkeypatch.setattr(kernel_sums, "TILE", tile)
        x, y = (sample.requires_grad_() for sample in samples(9, 11))
        value = mmd(x, y, estimator=estimator)
        (3 * value).backward()
        found.append((value.detach(), x.grad, y.grad))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_only_the_sample_that_wants_a_gradient_gets_one():
    x, y = samples()
    mmd(x, y.requires_grad_()).backward()
    assert x.grad is None
    assert y.grad is not None
    assert not mmd(*samples()).requires_grad


def test_float32_is_exact_far_from_the_origin():
    x, y = samples(30, 30, 8)
    far = mmd(x.float() + 1000, y.float() + 1000)
    assert float(far) == pytest.approx(float(mmd(x, y)), abs=2e-4)  # float32 holds 1000 + x to 6e-5


@pytest.mark.parametrize("seed", range(4))
def test_half_precision_rounds_only_the_result(seed):
    x, y = samples(16, 16, 64, seed, dtype=torch.bfloat16)
    value = mmd(x, y.requires_grad_())
    assert value.dtype == torch.bfloat16
    assert float(value.detach()) == pytest.approx(float(mmd(x.double(), y.detach().double())), rel=2**-8)
    value.backward()
    assert y.grad.dtype == torch.bfloat16


def test_items_far_apart_do_not_blur_the_gradient():
    """Where next to nothing pulls, what rounding leaves of an item's pull on itself would be all there is."""
    x, y = samples(9, 5, 33)
    expected, found = y.clone().requires_grad_(), y.float().requires_grad_()
    mmd(x, expected, bandwidths=(1.0,)).backward()
    mmd(x.float(), found, bandwidths=(1.0,)).backward()
    torch.testing.assert_close(
        found.grad.double(), expected.grad, rtol=1e-3, atol=1e-5 * float(expected.grad.abs().max())
    )


def test_memory_beyond_samples_and_gradients_does_not_grow_with_the_items(monkeypatch):
    monkeypatch.setattr(kernel_sums, "TILE", 256)

    def beyond(n):
        x, y = (sample.requires_grad_() for sample in samples(n, n, 8, dtype=torch.float32))
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            mmd(x, y).backward()
        events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
        now = top = 0
        for event in sorted(events, key=lambda e: e.start_ns()):
            now += event.nbytes()
            top = max(top, now)
        return top - 2 * n * 8 * 4  # the gradients

    small, large = beyond(256), beyond(768)
    assert large - small < 8 * 2 * (768 - 256) * 4  # a few numbers an item; one array of all pairs would be 9 MB


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"bandwidths": (0.0,)}, "bandwidth 0.0 cannot be used; expected a number above 0"),
        ({"bandwidths": (1.0, math.nan)}, "bandwidth nan cannot be used"),
        ({"bandwidths": (1e-200,)}, "bandwidth 1e-200 cannot be used"),
        ({"bandwidths": ()}, "no bandwidth is given"),
        ({"kernel": "cubic"}, "unknown kernel 'cubic'; known: gaussian, laplacian"),
        ({"kernel": "linear", "bandwidths": (1.0,)}, "the linear kernel has no bandwidth"),
        ({"estimator": "exact"}, "unknown estimator 'exact'; known: biased, linear, unbiased"),
        ({"weights": (torch.ones(4), None)}, "weights must be 5 numbers"),
        ({"weights": (torch.tensor([1.0, 1, 1, 1, -1]), None)}, "none negative"),
        ({"weights": (torch.tensor([1.0, 0, 0, 0, 0]), None)}, "all weight of a sample lies on one item"),
        ({"weights": (torch.ones(5), None), "estimator": "linear"}, "the linear estimator takes no weights"),
    ],
)
def test_settings_that_cannot_be_used_give_one_line(settings, line):
    with pytest.raises(ValueError, match=line):
        mmd(*samples(), **settings)


def test_values_that_overflow_give_one_line():
    x, y = samples(dtype=torch.float32)
    with pytest.raises(ValueError, match="too large"):
        mmd(x * 1e25, y)
