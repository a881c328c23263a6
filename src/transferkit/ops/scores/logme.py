"""LogME: the log evidence, per item, of a Bayesian linear model of the labels on the features.

You, Liu, Wang & Long 2021, arXiv:2102.11005. With weights ~ N(0, 1/alpha) and noise ~ N(0, 1/beta), labels y (n,) are

    y ~ N(0, I / beta + F F' / alpha)

and LogME is the largest log density over alpha and beta, divided by n; for classes the mean over one-against-all labels.
Differs from the paper: its evidence drops -(D - k) / 2 ln alpha where the features have rank k < D (fewer items than
features, for one), and its fixed point may stop early; the released code moreover adds 1e-5 to what it divides by. Here the
density is exact at any rank, the best beta is known in closed form, and one unknown is left, penalty = alpha / beta.

The features are factorised about their mean m, which other scores share; the mean comes back as one more direction, that
of equal labels. With s the squares along the axes, t = U'y for the axes' unit coordinates U, a = V'm for the axes V
themselves, e^2 what of |m|^2 is off the axes, and y0 = sum(y) / sqrt(n), (I + F F' / penalty) is an arrowhead along
(U, 1 / sqrt(n)), whose determinant and inverse are sums of terms none of which is negative:

    c     = 1 + n (e^2 / penalty + sum_k a_k^2 / (s_k + penalty))
    Q     = sum_k t_k^2 penalty / (s_k + penalty) + |y|^2 - |t|^2 - y0^2
            + (y0 - sqrt(n) sum_k sqrt(s_k) a_k t_k / (s_k + penalty))^2 / c
    beta  = n / Q
    log p = n/2 ln(beta / 2 pi) - beta Q / 2 - 1/2 (ln c + sum_k ln(1 + s_k / penalty))

The maximum is taken on a grid of ln penalty, which for all classes is two matrix products, and refined by parabolas. Labels
that features of rank below n reproduce exactly would have infinite evidence: there the noise is kept at `LEAST_NOISE` of
the labels' mean square.

Cost O(n d min(n, d)), and O(C min(n, d)) beside the axes. Unbounded: comparable between sources on the same labels only.
Blind to how a non-linear head, or fine-tuning, would do; without an intercept, as published. A class counts as much as any
other, however rare.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.inputs import checked_labels, principal_axes, sparse_one_hot
from transferkit.ops.scores.score import Score

LEAST_NOISE = 1e-6
STEP = 0.2
"""Of the grid of ln penalty."""
BEYOND = 20.0
"""How far the grid goes past the squares, in ln penalty: further out the evidence no longer changes."""


def logme(features: np.ndarray | PrincipalAxes, labels: np.ndarray) -> float:
    """LogME of features (n, d) for class numbers (n,), or for numbers (n,) or (n, k) in float; higher is better.

    >>> points = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> logme(points, np.array([0, 0, 1, 1])) > logme(points, np.array([0, 1, 0, 1]))
    True
    >>> logme(points, np.array([1.0, 1.1, 0.0, 0.1])) > logme(points, np.array([1.0, 0.0, 1.1, 0.1]))
    True
    """
    axes = principal_axes(features)
    if np.issubdtype(np.asarray(labels).dtype, np.floating):
        return logme_numbers(axes, labels)
    labels = checked_labels(labels, len(axes))
    targets = sparse_one_hot(np.unique(labels, return_inverse=True)[1])
    counts = np.asarray(targets.sum(axis=0)).ravel()
    return _Evidence.of(axes, axes.sums(targets), counts, counts).largest()


def logme_numbers(features: np.ndarray | PrincipalAxes, targets: np.ndarray) -> float:
    """LogME of features (n, d) for numbers (n,) or (n, k), the mean over the k columns; higher is better."""
    axes = principal_axes(features)
    n = len(axes)
    targets = np.asarray(targets, dtype=np.float64)
    if targets.ndim not in (1, 2) or len(targets) != n:
        raise ValueError(f"{n} items need {n} targets, got shape {targets.shape}")
    targets = targets.reshape(n, -1)
    squares = np.square(targets).sum(axis=0)
    if not np.isfinite(squares).all() or not squares.all():
        raise ValueError("targets must be finite numbers that are not all 0")
    return _Evidence.of(axes, axes.sums(targets), targets.sum(axis=0), squares).largest()


@dataclass(frozen=True, eq=False)
class _Evidence:
    """The log density of k targets as a function of the penalty; the letters are those of the file's docstring."""

    n: int
    s: np.ndarray
    """(r,)"""
    t: np.ndarray
    """(r, k)"""
    a: np.ndarray
    """(r,)"""
    e_squared: float
    y0: np.ndarray
    """(k,)"""
    y_squared: np.ndarray
    """(k,)"""

    @classmethod
    def of(cls, axes: PrincipalAxes, sums: np.ndarray, totals: np.ndarray, squares: np.ndarray) -> _Evidence:
        """From the axes' sums (r, k) with the targets, and the targets' sums and sums of squares (k,)."""
        n, s = len(axes), axes.squares
        a = axes.along(axes.mean[None])[0]
        mean_square = float(axes.mean @ axes.mean)
        e_squared = mean_square - float(a @ a)
        e_squared = e_squared if len(s) < axes.table.shape[1] and e_squared > 1e-10 * mean_square else 0.0
        return cls(n, s, sums / np.sqrt(s)[:, None], a, e_squared, totals / n**0.5, squares)

    @cached_property
    def _reproduce_all(self) -> bool:
        """Whether the features have rank n: then any labels are theirs, and without noise the density is still finite."""
        return len(self.s) == self.n - 1 and self.e_squared > 0

    @cached_property
    def _rest(self) -> np.ndarray:
        """(k,) what of |y|^2 no feature and no mean reaches."""
        if len(self.s) == self.n - 1:
            return np.zeros_like(self.y_squared)
        rest: np.ndarray = np.maximum(self.y_squared - np.square(self.t).sum(axis=0) - np.square(self.y0), 0.0)
        return rest

    @cached_property
    def _least(self) -> np.ndarray:
        """(k,) the smallest Q that is believed."""
        return self.y_squared * (0.0 if self._reproduce_all else LEAST_NOISE)

    def largest(self) -> float:
        """The mean over the targets of the largest log density, per item."""
        mean_square = self.n * (self.e_squared + self.a @ self.a)
        smallest = min(self.s[0], self.n * self.e_squared or np.inf)
        low, high = np.log(smallest) - BEYOND, np.log(max(self.s[-1], mean_square)) + BEYOND
        grid = np.arange(low, high + STEP, STEP)
        values = self._on_grid(grid)  # (grid, k)
        best = np.clip(values.argmax(axis=0), 1, len(grid) - 2)
        around = np.stack([np.take_along_axis(values, best[None] + i, axis=0)[0] for i in (-1, 0, 1)])
        at = grid[best] + STEP * _vertex(around, most=1)
        highest = values.max(axis=0)
        for step in (STEP / 20, STEP / 40, STEP / 400):
            around = np.stack([self._each(at + i * step) for i in (-1, 0, 1)])
            highest = np.maximum(highest, around.max(axis=0))
            at = at + step * _vertex(around, most=STEP / step)
        return float(np.maximum(highest, self._each(at)).mean()) / self.n

    def _on_grid(self, log_penalties: np.ndarray) -> np.ndarray:
        """(p, k) the log density of every target at every penalty (p,)."""
        penalty = np.exp(log_penalties)[:, None]
        inverse = 1 / (self.s + penalty)  # (p, r)
        unexplained = (penalty * inverse) @ np.square(self.t)
        from_mean = (inverse * (np.sqrt(self.s) * self.a)) @ self.t
        c = 1 + self.n * (self.e_squared / penalty[:, 0] + inverse @ np.square(self.a))
        complexity = np.log(c) + np.log1p(self.s / penalty).sum(axis=1)
        return self._density(unexplained, from_mean, c[:, None], complexity[:, None])

    def _each(self, log_penalties: np.ndarray) -> np.ndarray:
        """(k,) the log density of every target at a penalty of its own (k,)."""
        penalty = np.exp(log_penalties)
        inverse = 1 / (self.s[:, None] + penalty)  # (r, k)
        unexplained = penalty * np.einsum("rk,rk,rk->k", inverse, self.t, self.t)
        from_mean = np.einsum("rk,rk,r->k", inverse, self.t, np.sqrt(self.s) * self.a)
        c = 1 + self.n * (self.e_squared / penalty + np.square(self.a) @ inverse)
        complexity = np.log(c) + np.log1p(self.s[:, None] / penalty).sum(axis=0)
        return self._density(unexplained, from_mean, c, complexity)

    def _density(
        self, unexplained: np.ndarray, from_mean: np.ndarray, c: np.ndarray, complexity: np.ndarray
    ) -> np.ndarray:
        q = unexplained + self._rest + np.square(self.y0 - self.n**0.5 * from_mean) / c
        beta = self.n / np.maximum(q, self._least)
        density: np.ndarray = 0.5 * (self.n * np.log(beta / (2 * np.pi)) - beta * q - complexity)
        return density


def _vertex(values: np.ndarray, most: float) -> np.ndarray:
    """(k,) where the parabola through values (3, k) at -1, 0 and 1 is highest, at `most` from 0; 0 where it has no top."""
    bend = values[0] - 2 * values[1] + values[2]
    tops = np.divide(values[0] - values[2], 2 * bend, out=np.zeros_like(bend), where=bend < 0)
    limited: np.ndarray = np.clip(tops, -most, most)
    return limited


SCORE = Score(function=logme, needs=("axes", "labels"), low="-inf", high="inf", imbalance="equal")
