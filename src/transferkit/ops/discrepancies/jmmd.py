"""JMMD: the joint maximum mean discrepancy of two samples' states in several layers at once.

Long, Zhu, Wang & Jordan 2017, arXiv:1605.06636, equations 9-10: the squared MMD under the product of one kernel a layer, so it
sees how the states of a layer go with those of another (features with the classes predicted from them), which a sum of one MMD
a layer does not. Their linear-time form pairs neighbours in a circle; `linear` here is that of `mmd.py`, over disjoint pairs.
Differs from the released code, which gives the last layer a width of its own: name it (`bandwidths=(None, (0.92,))` is theirs).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from transferkit.ops.discrepancies.mmd import (
    Estimator,
    KernelName,
    Weights,
    checked_estimator,
    kernel_discrepancy,
    kernel_named,
)
from transferkit.ops.discrepancies.two_samples import two_samples


def jmmd(
    x: Sequence[Tensor],
    y: Sequence[Tensor],
    *,
    kernel: KernelName = "gaussian",
    bandwidths: Sequence[Sequence[float] | None] | None = None,
    estimator: Estimator = "unbiased",
    weights: Weights = (None, None),
) -> Tensor:
    """Joint squared MMD of states x ((n, d_l) a layer) and y ((m, d_l) a layer), a scalar with its exact gradient to all.

    kernel: `gaussian` or `laplacian`, in every layer. bandwidths: those of each layer, None where the mean rule is to choose.
    estimator, weights and errors: as `mmd` has them; of a single layer it is `mmd`.

    >>> import torch
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> round(float(jmmd([x, -x], [x, -x], estimator="biased")), 6), float(jmmd([x, x], [x, -x], estimator="biased")) > 0.1
    (0.0, True)
    """
    if not x or len(x) != len(y):
        raise ValueError(f"x has {len(x)} layers and y {len(y)}; expected the same, at least 1")
    each = [None] * len(x) if bandwidths is None else list(bandwidths)
    if len(each) != len(x):
        raise ValueError(
            f"bandwidths are given for {len(each)} layers of {len(x)}; None for a layer lets the rule choose"
        )
    checked_estimator(estimator, weights)
    for of_x, of_y in zip(x, y, strict=True):
        two_samples(of_x, of_y)
        if len(of_x) != len(x[0]) or len(of_y) != len(y[0]):
            raise ValueError("the layers of a sample hold different numbers of items")
    kernels = [kernel_named(kernel, *states) for states in zip(x, y, each, strict=True)]
    return kernel_discrepancy(list(zip(x, y, strict=True)), kernels, estimator, weights)
