"""Progress on standard error: a bar with time left for what runs now, the whole budget beside it where there is one."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from transferkit.core.budget import Budget

SHOWN_EVERY = 0.1
"""Seconds between two redraws."""
_WIDEST = 48
"""Characters of a bar's name."""


class Bars:
    """A context manager; call it as `progress(what, done, total)`. On something that is no terminal it prints nothing."""

    def __init__(self, budget: Budget | None = None, quiet: bool = False) -> None:
        console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            refresh_per_second=1 / SHOWN_EVERY,
            disable=quiet or not console.is_terminal,
            redirect_stdout=False,  # a result on standard output stays as it is
            redirect_stderr=sys.stderr.isatty(),
        )
        self._seconds = budget.seconds if budget else None
        self._budget: TaskID | None = None
        self._started = time.monotonic()
        self._now: tuple[str, TaskID] | None = None

    def __enter__(self) -> Bars:
        if self._seconds:
            self._budget = self._bars.add_task("budget", total=self._seconds)
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` of `what` is done; a new `what` takes the old one's place."""
        if self._now is None or self._now[0] != what:
            if self._now is not None:
                self._bars.remove_task(self._now[1])
            shown = what if len(what) <= _WIDEST else f"{what[: _WIDEST - 3]}..."
            self._now = (what, self._bars.add_task(shown.replace("[", r"\["), total=total))
        self._bars.update(self._now[1], completed=done, total=total)
        if self._budget is not None:
            self._bars.update(self._budget, completed=time.monotonic() - self._started)
