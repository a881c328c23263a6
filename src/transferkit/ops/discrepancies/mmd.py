"""MMD: the squared maximum mean discrepancy, how far the means of two samples lie apart in the space of a kernel.

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)

Gretton, Borgwardt, Rasch, Schölkopf & Smola 2012, JMLR 13, "A kernel two-sample test": `biased` is their equation 5, never
negative; `unbiased` equation 3, each item left out of its own mean, which may fall below 0 where the samples agree; `linear`
equation 8 (Lemma 14), over disjoint pairs, O(n d). A loss for adaptation since DAN (Long et al. 2015, arXiv:1502.02791), whose
family of Gaussians is the default here. Members of a family are summed, not averaged, as there.

How it is computed, in which memory: `kernel_sums.py`. Differs from what others release: no array of (n + m)^2 d differences;
items may have weights; the bandwidths have no gradient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from transferkit.ops.discrepancies.bandwidths import checked_bandwidths, mean_bandwidths
from transferkit.ops.discrepancies.kernel_sums import kernel_sum
from transferkit.ops.discrepancies.kernels import Gaussian, Kernel, Laplacian, of_squares
from transferkit.ops.discrepancies.two_samples import finite_result, shares, two_samples, working_dtype

Estimator = Literal["unbiased", "biased", "linear"]
KernelName = Literal["gaussian", "laplacian", "linear"]
Weights = tuple[Tensor | None, Tensor | None]


def mmd(
    x: Tensor,
    y: Tensor,
    *,
    kernel: KernelName = "gaussian",
    bandwidths: Sequence[float] | None = None,
    estimator: Estimator = "unbiased",
    weights: Weights = (None, None),
) -> Tensor:
    """Squared MMD of x (n, d) and y (m, d), a scalar with its exact gradient to both; 0 where the two are alike.

    kernel: `gaussian` exp(-d^2 / (2 s^2)), `laplacian` exp(-d / s), `linear` x.y, which sees means only and has no bandwidth.
    bandwidths: the s, in the features' unit; None takes the mean rule of `bandwidths.py`.
    weights: (n,) of x and (m,) of y; None counts all items alike. The estimator `linear` has none.
    Raises ValueError for samples of different width, of fewer than 2 items or with values that are not finite.

    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> float(mmd(x, x, estimator="biased")), float(mmd(x, x + 2, estimator="biased")) > 0.5
    (0.0, True)
    """
    two_samples(x, y)
    checked_estimator(estimator, weights)
    if kernel == "linear":
        if bandwidths is not None:
            raise ValueError("the linear kernel has no bandwidth; leave bandwidths out, or take another kernel")
        of_means = _of_disjoint_means(x, y) if estimator == "linear" else _of_means(x, y, estimator, weights)
        return finite_result(of_means, x, y)
    chosen = kernel_named(kernel, x, y, bandwidths)
    return kernel_discrepancy([(x, y)], [chosen], estimator, weights)


def checked_estimator(name: Estimator, weights: Weights) -> Estimator:
    """The estimator, where there is one of that name that can use the weights."""
    if name not in get_args(Estimator):
        raise ValueError(f"unknown estimator {name!r}; known: {', '.join(sorted(get_args(Estimator)))}")
    if name == "linear" and any(given is not None for given in weights):
        raise ValueError("the linear estimator takes no weights; use unbiased or biased")
    return name


def kernel_named(name: str, x: Tensor, y: Tensor, bandwidths: Sequence[float] | None) -> Kernel:
    """The kernel of that name, as wide as was said or as the samples suggest."""
    kinds: dict[str, type[Gaussian] | type[Laplacian]] = {"gaussian": Gaussian, "laplacian": Laplacian}
    if name not in kinds:
        raise ValueError(f"unknown kernel {name!r}; known: {', '.join(sorted(kinds))}, and for mmd linear")
    return kinds[name](mean_bandwidths(x, y) if bandwidths is None else checked_bandwidths(bandwidths))


def kernel_discrepancy(
    layers: Sequence[tuple[Tensor, Tensor]], kernels: Sequence[Kernel], estimator: Estimator, weights: Weights
) -> Tensor:
    """The squared MMD under the product of the kernels, one a layer; layers: (x (n, d_l), y (m, d_l)) each."""
    x, y = layers[0]
    if estimator == "linear":
        return finite_result(_of_disjoint_pairs(layers, kernels), x, y)
    n, m = len(x), len(y)
    # whose each item is, and how much it counts
    sides = torch.zeros((n + m, 2), dtype=working_dtype(x), device=x.device)
    sides[:n, 0], sides[n:, 1] = shares(weights[0], x), shares(weights[1], y)
    alike = 0.0
    if estimator == "biased":
        signs = ((1.0, -1.0), (-1.0, 1.0))
    else:
        overlaps = [_overlap(side, given) for side, given in zip((sides[:n, 0], sides[n:, 1]), weights, strict=True)]
        signs = ((1 / (1 - overlaps[0]), -1.0), (-1.0, 1 / (1 - overlaps[1])))
        alike = sum(overlap / (1 - overlap) for overlap in overlaps) * math.prod(one.at_zero for one in kernels)
    counted = sides[:, :1] * sides.new_tensor(signs[0]) + sides[:, 1:] * sides.new_tensor(signs[1])  # (n + m, 2)
    total = kernel_sum(layers, kernels, sides, counted) - alike
    return finite_result(total.clamp(min=0) if estimator == "biased" else total, x, y).to(x.dtype)


def _overlap(share: Tensor, given: Tensor | None) -> float:
    """The weight of a sample's pairs of one item with itself."""
    overlap = 1 / len(share) if given is None else float(share.dot(share))
    if not overlap < 1 - 1e-6:
        raise ValueError("all weight of a sample lies on one item; the unbiased estimator needs 2 that count")
    return overlap


def _of_disjoint_pairs(layers: Sequence[tuple[Tensor, Tensor]], kernels: Sequence[Kernel]) -> Tensor:
    """Gretton et al. 2012, equation 8: the mean over pairs of items 2i, 2i + 1, of as many items as both samples have.

    An odd last item has no partner. The items should come in random order.
    """
    n_pairs = min(len(layers[0][0]), len(layers[0][1])) // 2
    terms = torch.ones((4, n_pairs), dtype=working_dtype(layers[0][0]), device=layers[0][0].device)
    for (x, y), kernel in zip(layers, kernels, strict=True):
        a, b = x[: 2 * n_pairs : 2], x[1 : 2 * n_pairs : 2]
        c, d = y[: 2 * n_pairs : 2], y[1 : 2 * n_pairs : 2]
        squares = torch.stack([a - b, c - d, a - d, b - c]).to(terms.dtype).square().sum(dim=2)  # (4, pairs)
        terms = terms * of_squares(kernel, squares)
    return (terms[0] + terms[1] - terms[2] - terms[3]).mean().to(layers[0][0].dtype)


def _of_means(x: Tensor, y: Tensor, estimator: Estimator, weights: Weights) -> Tensor:
    """The squared MMD under the kernel x.y: the squared distance of the means, less what each item adds to its own mean.

    sum_(i != j) p_i p_j x_i.x_j / (1 - |p|^2) = |mean|^2 - sum_i p_i^2 (x_i - mean).(x_i + mean) / (1 - |p|^2)
    """
    means, own = [], []
    for sample, given in ((x, weights[0]), (y, weights[1])):
        share = shares(given, sample)
        means.append((share[:, None] * sample).sum(dim=0))
        if estimator == "unbiased":
            excess = ((sample - means[-1]) * (sample + means[-1])).sum(dim=1)
            own.append((share.square() * excess).sum() / (1 - _overlap(share, given)))
    squared = (means[0] - means[1]).square().sum()
    return (squared - sum(own)).to(x.dtype)


def _of_disjoint_means(x: Tensor, y: Tensor) -> Tensor:
    """The linear estimator under the kernel x.y: the mean of (x_2i - y_2i).(x_2i+1 - y_2i+1)."""
    n_pairs = min(len(x), len(y)) // 2
    apart = x[: 2 * n_pairs] - y[: 2 * n_pairs]
    return (apart[::2] * apart[1::2]).sum(dim=1).mean()
