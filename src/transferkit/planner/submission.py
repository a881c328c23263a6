"""Submission: one run of a study, in the folder or at the URL where it is kept.

The same study submitted a second time while the first is at work joins it: it follows, and gives what the first one found.
Where the first one dies or is interrupted, the second goes on in its place. Another study in the same place is refused.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferkit.artifact import saved
from transferkit.artifact.journal import JOURNAL, Journal, glimpse, refuse_another
from transferkit.artifact.kept import REPORT_JSON
from transferkit.artifact.lock import AtWork
from transferkit.artifact.mirror import Mirror
from transferkit.artifact.report_json import read_summary
from transferkit.core.remote import as_path, is_remote
from transferkit.core.run import Progress, silent
from transferkit.planner.study import Study

LOOK_SECONDS = 0.5
LOOK_FAR_SECONDS = 5.0
"""How often somebody who follows looks."""


@dataclass(frozen=True)
class Submission:
    """A run that is open."""

    journal: Journal
    _out: Path | None = None
    _mirror: Mirror | None = None

    def keep(self, study: Study) -> None:
        """Write the study where the run is kept, if it is; whoever follows reads it there."""
        if self._out is not None:
            study.save(self._out)
        if self._out is not None and self._mirror is not None:
            self._mirror.send(self._out)


@contextmanager
def submission(
    out: str | Path | None, identity: Mapping[str, Any], progress: Progress = silent
) -> Iterator[Submission | Study]:
    """Open the run at `out`, a folder or a URL; None: one that is gone afterwards.

    While the same study is at work there already, waits and shows how far it is; gives the study where it has ended well.
    """
    with ExitStack() as stack:
        if out is not None and not is_remote(out):
            yield _submitted(_Folder(as_path(out), identity), progress, stack)
            return
        workplace = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="transferkit-"))) / "run"
        if out is None:
            yield Submission(stack.enter_context(Journal.open(workplace, identity)))
            return
        workplace.mkdir()
        yield _submitted(_Remote(workplace, identity, Mirror(out)), progress, stack)


class _Folder:
    """A run directory on this machine, or on a drive that is mounted here."""

    mirror: Mirror | None = None

    def __init__(self, directory: Path, identity: Mapping[str, Any]) -> None:
        self.directory, self.identity = directory, identity

    def open(self, stack: ExitStack) -> Journal:
        """Its journal, or AtWork."""
        return stack.enter_context(Journal.open(self.directory, self.identity))

    def look(self) -> None:
        """After a while, see to it that what can be seen of the other one is in the folder."""
        time.sleep(LOOK_SECONDS)

    def stamp(self) -> Any:
        """Changes when a study is written there."""
        report = self.directory / REPORT_JSON
        return report.stat().st_mtime_ns if report.exists() else None


class _Remote(_Folder):
    """A run directory at a URL, with its working copy."""

    def __init__(self, directory: Path, identity: Mapping[str, Any], mirror: Mirror) -> None:
        super().__init__(directory, identity)
        self.mirror: Mirror = mirror

    def open(self, stack: ExitStack) -> Journal:
        self.mirror.lease.take()
        stack.callback(self.mirror.lease.release)
        self.mirror.fetch(self.directory)
        return stack.enter_context(
            Journal.open(self.directory, self.identity, lambda: self.mirror.send(self.directory))
        )

    def look(self) -> None:
        time.sleep(LOOK_FAR_SECONDS)
        self.mirror.fetch_file(JOURNAL, self.directory)

    def stamp(self) -> Any:
        return self.mirror.stamp(REPORT_JSON)


def _submitted(place: _Folder, progress: Progress, stack: ExitStack) -> Submission | Study:
    before, waited = place.stamp(), False
    while True:
        try:
            journal = place.open(stack)
            break
        except AtWork:
            waited = True
            place.look()
            seen = glimpse(place.directory)
            if seen is not None:
                refuse_another(place.directory, seen.identity, place.identity)
                progress("joined: the same study is at work there, trials finished", seen.trials, seen.trials)
    if waited and place.stamp() != before and (study := _read_back(place.directory)) is not None:
        return study
    return Submission(journal, place.directory, place.mirror)


def _read_back(directory: Path) -> Study | None:
    """The study that was kept there; None where it was interrupted and is to go on."""
    summary = read_summary(directory / REPORT_JSON)
    if summary.extra.get("interrupted"):
        return None
    return Study(summary, saved.load(directory) if saved.is_saved(directory) else None)
