"""Class-conditional MMD: the squared MMD of each class of one sample with the same class of the other, averaged.

    LMMD = mean over shared classes c of | sum_i p_ic phi(x_i) - sum_j q_jc phi(y_j) |^2,    p_ic = P_ic / sum_i P_ic

P_ic is the probability of class c for item i of x: labels where they are known, what a model predicts where they are not. Zhu
et al. 2020 (DSAN), doi:10.1109/TNNLS.2020.2988928, equations 4-6. As in their released code a class counts where it is the
most probable one of at least one item of x and one of y, and labels have no gradient: they say what is compared, and are not
moved to make it alike.

One pass over the pairs whatever the number of classes: `kernel_sums.py` with C = mean over c of S_c S_c^T, S_c = (p_c, -q_c).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from transferkit.ops.discrepancies.kernel_sums import kernel_sum
from transferkit.ops.discrepancies.mmd import KernelName, kernel_named
from transferkit.ops.discrepancies.two_samples import finite_result, two_samples, working_dtype


def class_conditional_mmd(
    x: Tensor,
    y: Tensor,
    x_labels: Tensor,
    y_labels: Tensor,
    *,
    kernel: KernelName = "gaussian",
    bandwidths: Sequence[float] | None = None,
) -> Tensor:
    """LMMD of x (n, d) and y (m, d), a scalar, never negative, with its exact gradient to x and y.

    x_labels, y_labels: classes (n,) int, or probabilities (n, C). kernel, bandwidths: `gaussian` or `laplacian`, as in `mmd`.
    0, without a pull, where the samples share no class, as a small batch may; whether whole domains share one is for the
    caller to know. Raises ValueError for labels that do not fit, and for samples as `mmd` refuses them.

    >>> x, classes = torch.tensor([[0.0], [0.1], [5.0], [5.1]]), torch.tensor([0, 0, 1, 1])
    >>> float(class_conditional_mmd(x, x, classes, classes)), float(class_conditional_mmd(x, x, classes, 1 - classes)) > 1
    (0.0, True)
    """
    two_samples(x, y)
    chosen = kernel_named(kernel, x, y, bandwidths)
    x_shares, y_shares = _probabilities(x_labels, x, "x"), _probabilities(y_labels, y, "y")
    n_classes = max(x_shares.shape[1], y_shares.shape[1])
    if {x_labels.ndim, y_labels.ndim} != {1} and not all(
        labels.ndim == 1 or labels.shape[1] == n_classes for labels in (x_labels, y_labels)
    ):
        raise ValueError(f"labels speak of {x_shares.shape[1]} classes for x and {y_shares.shape[1]} for y")
    signed = []
    foremost = [torch.bincount(shares.argmax(dim=1), minlength=n_classes) for shares in (x_shares, y_shares)]
    shared = ((foremost[0] > 0) & (foremost[1] > 0)).nonzero()[:, 0]
    for sign, shares in ((1, x_shares), (-1, y_shares)):
        if shares.shape[1] < n_classes:
            shares = torch.nn.functional.pad(shares, (0, n_classes - shares.shape[1]))
        shares = shares[:, shared]
        signed.append(sign * shares / shares.sum(dim=0))
    both = torch.cat(signed)  # (n + m, shared classes)
    return finite_result(kernel_sum([(x, y)], [chosen], both, both / max(1, len(shared))), x, y).to(x.dtype)


def _probabilities(labels: Tensor, sample: Tensor, name: str) -> Tensor:
    """(n, C) in working precision, without a gradient."""
    labels = labels.detach().to(sample.device)
    if len(labels) != len(sample) or labels.ndim not in (1, 2):
        raise ValueError(f"{name}_labels are {tuple(labels.shape)} for {len(sample)} items; expected (n,) or (n, C)")
    if labels.ndim == 1:
        if labels.is_floating_point() or bool((labels < 0).any()):
            raise ValueError(f"{name}_labels must be whole numbers from 0, or probabilities (n, C)")
        labels = one_hot(labels.long())
    labels = labels.to(working_dtype(sample))
    if not bool(((labels >= 0) & (labels <= 1 + 1e-3)).all()):
        raise ValueError(f"{name}_labels must be probabilities, from 0 to 1")
    return labels
