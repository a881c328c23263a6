"""Progress on standard error: a bar with time left for the whole, one for the step within it, and one for the budget.

`progress("trying arms, fold 1 of 3", 4, 16)` speaks of the whole, `progress("full < zoo:digits-cnn: epoch", 3, 80)`,
with a colon and a space, of a step.
"""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from transferkit.core.budget import Budget

REDRAWS = 8
"""A second."""
WIDEST = 48
"""Characters of a bar's name."""


class Bars:
    """A context manager; call it as `progress(what, done, total)`. On something that is no terminal it prints nothing."""

    def __init__(self, budget: Budget | None = None, quiet: bool = False) -> None:
        console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            refresh_per_second=REDRAWS,
            disable=quiet or not console.is_terminal,
            redirect_stdout=False,  # a result on standard output stays as it is
        )
        self._seconds = budget.seconds if budget else None
        self._started = time.monotonic()
        self._shown: dict[str, tuple[str, TaskID]] = {}
        """Place of a bar ("budget", "whole", "step") -> what it shows, and its handle."""

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` of `what` is done; what is new takes the place of what was there before."""
        if self._seconds:
            self._show("budget", "budget", time.monotonic() - self._started, self._seconds)
        self._show("step" if ": " in what else "whole", what, done, total)

    def _show(self, place: str, what: str, done: float, total: float) -> None:
        shown = self._shown.get(place)
        if shown is None or shown[0] != what:
            if shown is not None:
                self._bars.remove_task(shown[1])
            brief = what if len(what) <= WIDEST else f"{what[: WIDEST - 3]}..."
            shown = self._shown[place] = (what, self._bars.add_task(brief, total=total))
        self._bars.update(shown[1], completed=done, total=total)
