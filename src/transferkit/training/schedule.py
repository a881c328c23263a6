"""Schedule: how many epochs a fit trains when nobody says, and how many steps that makes. Imports nothing heavy."""

from __future__ import annotations

import math


def epochs_for(n_items: int, batch_size: int, steps: int = 400, least: int = 12, most: int = 120) -> int:
    """A number of epochs that gives about `steps` steps: few items need many passes, many items few.

    >>> epochs_for(30, 16), epochs_for(400, 32), epochs_for(50_000, 32)
    (120, 31, 12)
    """
    return max(least, min(most, round(steps / math.ceil(n_items / batch_size))))


def steps_for(n_items: int, batch_size: int, epochs: int | None, stop_after: int | None) -> int:
    """Steps of a fit on `n_items`: of `epochs` (None: of `epochs_for`), or of the first `stop_after` of them.

    >>> steps_for(30, 16, None, None), steps_for(30, 16, 10, 4)
    (240, 8)
    """
    n_epochs = epochs or epochs_for(n_items, batch_size)
    return math.ceil(n_items / batch_size) * min(n_epochs, stop_after or n_epochs)


def resized_stop(
    stop_after: int | None, epochs: int | None, batch_size: int, n_fitted: int, n_items: int
) -> int | None:
    """After how many epochs to stop on `n_items`, where it was `stop_after` on `n_fitted`: at the same share.

    >>> resized_stop(8, None, 16, n_fitted=400, n_items=50), resized_stop(None, None, 16, 400, 50)
    (50, None)
    """
    if stop_after is None:
        return None
    before, after = (epochs or epochs_for(n, batch_size) for n in (n_fitted, n_items))
    return max(1, round(stop_after * after / before))
