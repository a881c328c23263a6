"""Jackknife: a metric that is no mean of items, given as one value an item whose mean is the metric all the same.

Tukey 1958; Efron & Stein 1981. With theta the metric on all n items and theta_(i) the metric without item i,

    value_i = theta + (n - 1) (mean_j theta_(j) - theta_(i))

These differ from Tukey's n theta - (n - 1) theta_(i) by one constant, the jackknife's bias estimate, so that their
spread is the jackknife's and their mean is exactly the metric that other libraries print. Every metric here computes
its n values theta_(i) in closed form, in O(n log n) at most.
"""

from __future__ import annotations

import numpy as np


def pseudo_values(value: float, without: np.ndarray) -> np.ndarray:
    """(n,) values of mean `value`, from the metric without each item (n,).

    >>> pseudo_values(2.0, np.array([2.5, 2.0, 1.5]))  # of the mean of 1, 2, 3: the items themselves
    array([1., 2., 3.])
    """
    n = len(without)
    if n == 1:
        return np.array([value])
    spread: np.ndarray = (n - 1) * (without.mean() - without)
    return value + spread
