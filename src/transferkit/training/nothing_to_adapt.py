"""Nothing to adapt: what a person is told where the features of two domains give no reason to adapt, or none to go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ALIKE = 0.05
"""Chance from which on the difference of two domains is not told from none."""


def does_not_vary(source: np.ndarray, target: np.ndarray) -> str:
    """Of source (n_s, d) and target (n_t, d), the one whose items are all alike; empty where neither's are."""
    if (source == source[0]).all():
        return "source"
    return "target" if (target == target[0]).all() else ""


def note_of_no_difference(source: np.ndarray, target: np.ndarray) -> tuple[str, ...]:
    """One note where a two-sample test finds no difference of source (n_s, d) and target (n_t, d); none where it finds one."""
    from transferkit.ops.alignment.alike import chance_alike

    chance = chance_alike(source, target)
    if chance <= ALIKE:
        return ()
    return (
        f"the domains do not differ as far as a two-sample test on their features can tell (p = {chance:.2f}); "
        "nothing to adapt",
    )
