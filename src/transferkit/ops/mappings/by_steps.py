"""By steps: training a small map by gradient steps, stopped where pairs that were held out are met best."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

MOST_STEPS = 400
LOOK_EVERY = 10
PATIENCE = 6
"""Looks at the held-out pairs without getting better, after which training ends."""
HELD = 0.2
LEAST_PAIRS = 10
"""Fewer cannot spare any to hold out: nothing is then trained."""
LEARNING_RATE = 0.01


@dataclass(frozen=True, eq=False)
class Problem:
    """Pairs, as tensors, on one scale."""

    x: Tensor
    """(n, d) float32"""
    y: Tensor
    """(n, k)"""
    weights: Tensor
    """(n,) of mean 1"""

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> Problem:
        """From arrays."""
        return cls(*(torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32)) for part in (x, y, weights)))

    def take(self, rows: np.ndarray) -> Problem:
        """The pairs at these positions."""
        chosen = torch.from_numpy(rows)
        return Problem(self.x[chosen], self.y[chosen], self.weights[chosen])


Trainable = tuple[list[Tensor], Callable[[Tensor], Tensor]]
"""Parameters, and the function of x that they make."""


def trained(make: Callable[[Problem], Trainable], problem: Problem, seed: int) -> tuple[list[Tensor], dict[str, float]]:
    """Parameters trained on all pairs for as many steps as served held-out ones best; those `steps` and, where any
    were held out, the `held_out_error`.

    `make` gives what is trained from the pairs it is to start from. It is called twice, and has to begin both times
    in the same way. Zero steps where the start was best already.
    """
    n = len(problem.x)
    if n < LEAST_PAIRS:
        return [one.detach() for one in make(problem)[0]], {"steps": 0.0}
    order = np.random.default_rng(seed).permutation(n)
    held, kept = problem.take(order[: max(2, round(HELD * n))]), problem.take(order[max(2, round(HELD * n)) :])
    parameters, function = make(kept)
    best_step, lowest = 0, _error(function, held)
    for step in _steps(parameters, function, kept, MOST_STEPS):
        if step % LOOK_EVERY:
            continue
        error = _error(function, held)
        if error < lowest * (1 - 1e-4):
            best_step, lowest = step, error
        if step - best_step >= PATIENCE * LOOK_EVERY:
            break
    parameters, function = make(problem)
    for _ in _steps(parameters, function, problem, best_step):
        pass
    return [one.detach() for one in parameters], {"steps": float(best_step), "held_out_error": lowest}


def _steps(
    parameters: list[Tensor], function: Callable[[Tensor], Tensor], problem: Problem, most: int
) -> Iterator[int]:
    """Full-batch Adam; gives the number of each step when it is made."""
    for one in parameters:
        one.requires_grad_(True)
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    for step in range(1, most + 1):
        optimizer.zero_grad()
        loss = (problem.weights[:, None] * (function(problem.x) - problem.y).square()).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        yield step


def _error(function: Callable[[Tensor], Tensor], problem: Problem) -> float:
    with torch.no_grad():
        return float((problem.weights[:, None] * (function(problem.x) - problem.y).square()).mean())
