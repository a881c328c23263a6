"""Costs: how long a fit of an arm takes - foretold from the first batches, then learned from the fits that were made."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from transferkit.core.errors import BudgetSpent, TransferkitError, WrongUse
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.planner.arms import Arm
from transferkit.sources import architectures
from transferkit.training.body import Body
from transferkit.training.default_bodies import default_body
from transferkit.training.first_batches import seconds_a_step

CLOSED_FORM = 0.3
"""Seconds that a closed form on cached features is taken for until one has been fitted."""
CORRECTION = (0.2, 5.0)
"""How far fits that were made may correct what is foretold of others."""
DEAR_SHARE = 0.8
"""Of the budget that is left: what one arm with its baseline may take, tried and proven."""


@dataclass
class Costs:
    """Seconds of a fit on `n_items`; every answer is an expectation, none a bound."""

    target: Target
    run: Run
    _steps: dict[str, float] = field(default_factory=dict)
    _shapes: dict[tuple[Source | None, int], str] = field(default_factory=dict)
    _fits: dict[tuple[str, Method], list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    _ratios: list[float] = field(default_factory=list)

    def expected(self, arm: Arm, method: Method, n_items: int) -> float:
        """As this arm's fits were, scaled by their steps; before there is one, as the first batches foretell."""
        fits = self._fits.get((arm.name, method)) or [
            fit for (name, other), several in self._fits.items() if name == arm.name for fit in several
        ]
        if fits:
            return float(np.median([seconds * _scale(method, n_items, n) for n, seconds in fits]))
        correction = float(np.clip(np.median(self._ratios), *CORRECTION)) if self._ratios else 1.0
        return correction * self._foretold(arm, method, n_items)

    def learn(self, arm: Arm, method: Method, n_items: int, seconds: float) -> None:
        """One fit on so many items took this long."""
        if not self._fits.get((arm.name, method)) and method.steps(n_items):
            self._ratios.append(seconds / max(self._foretold(arm, method, n_items), 1e-6))
        self._fits[arm.name, method].append((n_items, seconds))

    def _foretold(self, arm: Arm, method: Method, n_items: int) -> float:
        steps = method.steps(n_items)
        return CLOSED_FORM + steps * self._seconds_a_step(arm, method) if steps else CLOSED_FORM

    def _seconds_a_step(self, arm: Arm, method: Method) -> float:
        """Timed once for each architecture, input size and batch size; a network that cannot be run costs nothing."""
        batch_size = int(method.settings().get("batch_size", 16))
        asked = (_lent_by(arm), batch_size)
        if (known := self._steps.get(self._shapes.get(asked, ""))) is not None:
            return known
        try:
            body = default_body(self.target, 0) if asked[0] is None else Body.pretrained(asked[0], self.target)
        except WrongUse:
            if asked[0] is None:
                return 0.0  # there is none for such a task: the fit will say so
            raise
        shape = architectures.from_scratch(body.architecture).fingerprint
        key = self._shapes[asked] = f"{shape}{body.processor.fingerprint}{batch_size}"
        if key not in self._steps:
            try:
                self._steps[key] = seconds_a_step(body, self.target, batch_size, self.run)
            except BudgetSpent:
                raise
            except TransferkitError:
                self._steps[key] = 0.0  # the fit will say what is wrong
        return self._steps[key]


def _lent_by(arm: Arm) -> Source | None:
    """The source whose network is trained; None where it is the target's default network."""
    if not arm.sources or (arm.method.is_baseline and arm.sources[0].card().frozen):
        return None
    return arm.sources[0]


def _scale(method: Method, n_items: int, n_fitted: int) -> float:
    """How much longer a fit on `n_items` takes than one on `n_fitted`; both 0: no label is learned from."""
    if n_items == n_fitted:
        return 1.0
    steps, fitted = method.steps(n_items), method.steps(n_fitted)
    return steps / fitted if steps and fitted else n_items / max(n_fitted, 1)
