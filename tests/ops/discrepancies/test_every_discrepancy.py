"""What holds for every discrepancy: order, origin and names of the samples do not matter, and bad samples give one line."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from transferkit.ops.discrepancies.class_conditional_mmd import class_conditional_mmd
from transferkit.ops.discrepancies.cmd import cmd
from transferkit.ops.discrepancies.coral import coral
from transferkit.ops.discrepancies.energy import energy
from transferkit.ops.discrepancies.h_divergence import h_divergence
from transferkit.ops.discrepancies.jmmd import jmmd
from transferkit.ops.discrepancies.log_coral import log_coral
from transferkit.ops.discrepancies.mmd import mmd
from transferkit.ops.discrepancies.proxy_a_distance import proxy_a_distance
from transferkit.ops.discrepancies.sinkhorn import sinkhorn
from transferkit.ops.discrepancies.sliced_wasserstein import sliced_wasserstein


def by_sign(sample):
    return (sample[:, 0] - sample[:, 0].median() > 0).long()


NEVER_NEGATIVE = {
    "mmd": lambda x, y: mmd(x, y, estimator="biased"),
    "laplacian mmd": lambda x, y: mmd(x, y, kernel="laplacian", estimator="biased"),
    "linear mmd": lambda x, y: mmd(x, y, kernel="linear", estimator="biased"),
    "jmmd": lambda x, y: jmmd([x, x[:, :1]], [y, y[:, :1]], estimator="biased"),
    "class_conditional_mmd": lambda x, y: class_conditional_mmd(x, y, by_sign(x), by_sign(y)),
    "coral": coral,
    "log_coral": log_coral,
    "energy": energy,
    "cmd": lambda x, y: cmd(x, y, span=20),
    "sliced_wasserstein": sliced_wasserstein,
    "sinkhorn": sinkhorn,
}
UNBIASED = {"unbiased mmd": mmd, "unbiased energy": lambda x, y: energy(x, y, estimator="unbiased")}
NUMBERS = {"proxy_a_distance": proxy_a_distance, "h_divergence": h_divergence}
TENSORS = NEVER_NEGATIVE | UNBIASED
EVERY = TENSORS | NUMBERS


def samples(seed=0, n=7, m=9, d=3):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=draw, dtype=torch.float64)
    return x, 1.5 * torch.randn(m, d, generator=draw, dtype=torch.float64) + 0.5


@pytest.mark.parametrize("name", NEVER_NEGATIVE | NUMBERS)
@given(seed=st.integers(0, 1000), n=st.integers(3, 9), d=st.integers(1, 12), scale=st.floats(1e-3, 1e3))
@settings(max_examples=12, deadline=None)
def test_it_is_never_negative_and_0_for_samples_that_are_alike(name, seed, n, d, scale):
    x, y = samples(seed, n, 8, d)
    unit = max(1.0, scale**4)  # the highest unit among them, for rounding is in it
    off = unit * (1e-5 if name == "sinkhorn" else 1e-9)  # a plan is found to a tolerance
    assert float(EVERY[name](scale * x, scale * y)) >= -off
    assert float(EVERY[name](scale * x, scale * x.clone())) == pytest.approx(0, abs=off)


@pytest.mark.parametrize("name", TENSORS | {"h_divergence": h_divergence})
@given(seed=st.integers(0, 1000), d=st.integers(1, 12))
@settings(max_examples=8, deadline=None)
def test_order_of_the_items_and_of_the_samples_does_not_matter(name, seed, d):
    x, y = samples(seed, d=d)
    expected = pytest.approx(float(TENSORS.get(name, h_divergence)(x, y)), rel=1e-6, abs=1e-9)
    assert float(EVERY[name](y, x)) == expected
    assert (
        float(EVERY[name](x[torch.randperm(7, generator=torch.Generator().manual_seed(seed))], y.flip(0))) == expected
    )


@pytest.mark.parametrize("name", EVERY)
@given(seed=st.integers(0, 1000), by=st.floats(-100, 100))
@settings(max_examples=8, deadline=None)
def test_moving_both_samples_does_not_matter(name, seed, by):
    x, y = samples(seed)
    assert float(EVERY[name](x + by, y + by)) == pytest.approx(float(EVERY[name](x, y)), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", sorted(EVERY.keys() - {"linear mmd", "cmd", "coral", "log_coral"}))
def test_it_grows_with_the_shift(name):
    x, y = samples(n=40, m=40)
    distances = [float(EVERY[name](x, y + by)) for by in (0.0, 1.0, 3.0)]
    assert distances == sorted(distances)
    assert distances[2] > distances[0]


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("d", [3, 20])
def test_the_gradient_is_exact(name, d):
    x, y = (sample.requires_grad_() for sample in samples(n=5, m=6, d=d))
    function = TENSORS[name]
    if name not in ("linear mmd", "cmd", "coral", "log_coral", "sliced_wasserstein"):
        widths = "epsilon" if name == "sinkhorn" else "bandwidths"  # those the samples suggest have no gradient
        known = {"epsilon": 3.0 * d, "bandwidths": (1.0, 2.0, 1.7)}[widths]
        function = {
            "mmd": lambda x, y: mmd(x, y, bandwidths=known, estimator="biased"),
            "laplacian mmd": lambda x, y: mmd(x, y, kernel="laplacian", bandwidths=known, estimator="biased"),
            "jmmd": lambda x, y: jmmd([x, x[:, :1]], [y, y[:, :1]], bandwidths=(known, (0.9,))),
            "class_conditional_mmd": lambda x, y: class_conditional_mmd(x, y, by_sign(x), by_sign(y), bandwidths=known),
            "unbiased mmd": lambda x, y: mmd(x, y, bandwidths=known),
            "sinkhorn": lambda x, y: sinkhorn(x, y, epsilon=known, tolerance=1e-10),
        }.get(name, function)
    assert torch.autograd.gradcheck(function, (x, y))


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precision_gives_about_the_same_value_and_gradients_of_its_own_type(name, dtype):
    x, y = (10 + sample for sample in samples(n=12, m=12))
    x, y = x.to(dtype), y.to(dtype)
    low = [sample.clone().requires_grad_() for sample in (x, y)]
    with torch.autocast("cpu", dtype=torch.bfloat16):  # which must not reach the Gram products
        value = TENSORS[name](*low)
    value.backward()
    assert value.dtype == dtype
    assert low[0].grad.dtype == low[1].grad.dtype == dtype
    high = [sample.double().requires_grad_() for sample in (x, y)]
    exact = TENSORS[name](*high)
    exact.backward()
    near = {"rel": 2e-3, "abs": 1e-5} if dtype == torch.float32 else {"rel": 2e-2, "abs": 1e-2}
    assert float(value.detach()) == pytest.approx(float(exact.detach()), **near)
    if dtype == torch.float32:
        assert torch.allclose(low[0].grad.double(), high[0].grad, rtol=5e-3, atol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_samples_that_do_not_fit_give_one_line(name):
    x, y = samples()
    for bad, line in (
        ((x, y[:, :2]), r"x is \(7, 3\) and y \(9, 2\)"),
        ((x[:1], y), "x holds 1 items and y 9; at least"),
        ((x, y.float()), "expected one floating type"),
        ((x.long(), y.long()), "expected one floating type"),
        ((x, y.index_fill(0, torch.tensor([4]), math.nan)), r"y holds a value that is not finite \(row 4\)"),
        ((x.index_fill(0, torch.tensor([2]), math.inf), y), r"x holds a value that is not finite \(row 2\)"),
    ):
        with pytest.raises(ValueError, match=line) as raised:
            EVERY[name](*bad)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", TENSORS)
def test_samples_that_do_not_vary_give_a_number_and_a_gradient(name):
    x, y = (torch.zeros(n, 3, dtype=torch.float64).requires_grad_() for n in (4, 5))
    value = TENSORS[name](x, y)
    value.backward()
    assert float(value.detach()) == pytest.approx(0, abs=1e-12)
    assert torch.isfinite(x.grad).all()
