"""Schedule: how many epochs a fit trains when nobody says, and how many steps that makes. Imports nothing heavy."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

Schedule = Literal["long", "short"]


class Length(NamedTuple):
    """About so many steps, within so many epochs."""

    steps: int
    least: int
    most: int


LENGTHS: dict[str, Length] = {"long": Length(400, 12, 120), "short": Length(50, 3, 10)}


def epochs_for(n_items: int, batch_size: int, schedule: Schedule = "long") -> int:
    """A number of epochs that gives about as many steps as the schedule has: few items need many passes, many items few.

    >>> epochs_for(30, 16), epochs_for(400, 32), epochs_for(50_000, 32)
    (120, 31, 12)
    >>> epochs_for(30, 16, "short"), epochs_for(128, 16, "short"), epochs_for(50_000, 32, "short")
    (10, 6, 3)
    """
    steps, least, most = LENGTHS[schedule]
    return max(least, min(most, round(steps / math.ceil(n_items / batch_size))))


def steps_for(
    n_items: int, batch_size: int, epochs: int | None, stop_after: int | None, schedule: Schedule = "long"
) -> int:
    """Steps of a fit on `n_items`: of `epochs` (None: of `epochs_for`), or of the first `stop_after` of them.

    >>> steps_for(30, 16, None, None), steps_for(30, 16, 10, 4)
    (240, 8)
    """
    if not n_items:
        return 0
    n_epochs = epochs or epochs_for(n_items, batch_size, schedule)
    return math.ceil(n_items / batch_size) * min(n_epochs, stop_after or n_epochs)


def resized_stop(
    stop_after: int, epochs: int | None, batch_size: int, sizes: tuple[int, int], schedule: Schedule = "long"
) -> int:
    """After how many epochs to stop on the second of two numbers of items, where it was `stop_after` on the first: at the
    same share of the schedule.

    >>> resized_stop(8, None, 16, (400, 50))
    50
    """
    before, after = (epochs or epochs_for(n, batch_size, schedule) for n in sizes)
    return max(1, round(stop_after * after / before))
