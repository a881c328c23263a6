"""Box programs: a convex quadratic over a box, such as kernel mean matching and the duals of support vector machines.

    minimise 1/2 b' K b - k' b      with 0 <= b_i <= most and, where it is given, low <= sum b <= high

By an interior point method with predictor and corrector (Mehrotra 1992, doi:10.1137/0802028): about 20 steps, whatever the
numbers, to a duality gap of 1e-8 an item. K may be singular. A step costs O(n^3), or O(n r^2) for K = L L' + diag(rest) with L
(n, r).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

GAP = 1e-8
"""Of duality, an item, at which the search ends."""
STEPS = 100

Times = Callable[[np.ndarray], np.ndarray]
Total = tuple[float, float]


def dense_in_box(kernel: np.ndarray, pull: np.ndarray, most: float, total: Total | None = None) -> np.ndarray:
    """b (n,) for kernel K (n, n) and pull k (n,).

    >>> dense_in_box(np.eye(3), np.array([-1.0, 0.5, 9.0]), most=2.0).round(4)
    array([0. , 0.5, 2. ])
    """
    return _interior_point(kernel.__matmul__, _dense(kernel), pull, most, total)


def low_rank_in_box(
    factor: np.ndarray, rest: np.ndarray, pull: np.ndarray, most: float, total: Total | None = None
) -> np.ndarray:
    """b (n,) for K = factor factor' + diag(rest), factor (n, r), rest (n,)."""
    return _interior_point(lambda b: factor @ (factor.T @ b) + rest * b, _low_rank(factor, rest), pull, most, total)


def _dense(kernel: np.ndarray) -> Callable[[np.ndarray, float], Times]:
    """Solves (K + diag(d) + c 1 1') x = r."""

    def factorised(diagonal: np.ndarray, everywhere: float) -> Times:
        matrix = kernel + everywhere
        matrix[np.diag_indices_from(matrix)] += diagonal
        factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
        return lambda right: np.asarray(linalg.cho_solve(factor, right, check_finite=False))

    return factorised


def _low_rank(factor: np.ndarray, rest: np.ndarray) -> Callable[[np.ndarray, float], Times]:
    """The same for K = L L' + diag(rest), by Woodbury's identity."""
    wide = np.concatenate([factor, np.ones((len(factor), 1))], axis=1)

    def factorised(diagonal: np.ndarray, everywhere: float) -> Times:
        inverse = 1 / (rest + diagonal)
        scaled = wide * np.append(np.ones(factor.shape[1]), np.sqrt(everywhere))
        inner = linalg.cho_factor(np.eye(wide.shape[1]) + scaled.T @ (inverse[:, None] * scaled), lower=True)
        return lambda right: (
            inverse * right - inverse * (scaled @ linalg.cho_solve(inner, scaled.T @ (inverse * right)))
        )

    return factorised


def _interior_point(
    times: Times, factorise: Callable[[np.ndarray, float], Times], pull: np.ndarray, most: float, total: Total | None
) -> np.ndarray:
    """Constraints G b <= h in the order -b <= 0, b <= most, sum b <= high, -sum b <= -low."""
    n = len(pull)
    low, high = total if total is not None else (-1.0, n * most + 1.0)  # which nothing in the box comes near
    b = np.full(n, min(1.0, most / 2))

    def forward(x: np.ndarray) -> np.ndarray:
        return np.concatenate([-x, x, [x.sum()], [-x.sum()]])

    def backward(z: np.ndarray) -> np.ndarray:
        out: np.ndarray = z[n : 2 * n] - z[:n] + (z[-2] - z[-1])
        return out

    bound = np.concatenate([np.zeros(n), np.full(n, most), [high], [-low]])
    room = np.maximum(bound - forward(b), 1e-2)  # s
    price = np.ones(len(bound))  # z
    best, least = b, np.inf
    for _ in range(STEPS):
        dual = times(b) - pull + backward(price)
        primal = forward(b) + room - bound
        gap = float(room @ price) / n
        worst = max(gap, float(np.abs(dual).max()) / n, float(np.abs(primal).max()) / n)
        if worst < least:
            best, least = b, worst
        if worst < GAP:
            break
        ratio = price / room
        try:
            solve = factorise(ratio[:n] + ratio[n : 2 * n], float(ratio[-2] + ratio[-1]))
        except linalg.LinAlgError:  # as near as float64 gets
            break

        def step(
            centre: np.ndarray,
            dual: np.ndarray = dual,
            primal: np.ndarray = primal,
            ratio: np.ndarray = ratio,
            solve: Times = solve,
            room: np.ndarray = room,
        ) -> tuple[np.ndarray, ...]:
            change = solve(-dual - backward(ratio * primal - centre / room))
            towards = forward(change)
            return change, -primal - towards, ratio * (primal + towards) - centre / room

        products = room * price
        _, d_room, d_price = step(products)
        reach = min(_reach(room, d_room), _reach(price, d_price))
        mean = products.mean()
        sigma = (((room + reach * d_room) @ (price + reach * d_price) / len(room)) / mean) ** 3
        change, d_room, d_price = step(products + d_room * d_price - sigma * mean)
        reach = min(1.0, 0.99 * min(_reach(room, d_room), _reach(price, d_price)))
        b, room, price = b + reach * change, room + reach * d_room, price + reach * d_price
    found: np.ndarray = np.clip(best, 0.0, most)
    return found


def _reach(values: np.ndarray, change: np.ndarray) -> float:
    """The longest step under which values stay at or above 0; at most about 1."""
    falling = change < 0
    return float(min(1.0 / 0.99, (-values[falling] / change[falling]).min())) if falling.any() else 1.0 / 0.99
