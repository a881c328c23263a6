"""Several: a study of each of several targets, within one budget; one that fails does not lose the others.

What is left of the budget is shared out anew before each study: time left / targets left. What the sources have in common
for all of them - reading, features, the networks learned from labelled data - is made once (`sources/data_set.py`, the
feature cache, `planner/source_tasks.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from transferkit.artifact.journal import Glimpse, glimpse
from transferkit.artifact.kept import REPORT_JSON
from transferkit.artifact.kept_overview import check_folder, folder_of, keep_overview, kept_before
from transferkit.artifact.report_json import read_summary
from transferkit.core.budget import Budget
from transferkit.core.errors import Failed, TransferkitError, WrongUse, unknown_name
from transferkit.core.remote import as_path, is_remote
from transferkit.core.run import Progress
from transferkit.core.target import Target
from transferkit.evaluate.summary import StudySummary
from transferkit.evaluate.target_result import TargetResult
from transferkit.planner.purse import Purse
from transferkit.planner.study import Study
from transferkit.planner.target_names import GivenTarget, names_of


@dataclass(frozen=True)
class Part:
    """What the study of one target is given."""

    name: str
    budget: Budget
    out: str | None
    """Its folder, where everything is kept."""
    begun: float
    """`time.monotonic()` from which its budget counts."""
    whole: Budget
    """What was named for all of them."""

    def failing(self, reason: TransferkitError) -> str:
        """Why there is no study, in one line; where a budget was too small, that it was a share."""
        said = _line(reason)
        if self.whole == Budget() or "budget" not in said:
            return said
        return f"its share of the budget of {self.whole} was {self.budget}: {said}"

    def told(self, progress: Progress) -> Progress:
        """Progress that says which target it is of."""
        return lambda what, done, total: progress(f"{self.name}, {what}", done, total)


@dataclass(frozen=True, eq=False)
class Studies:
    """A study of every target: `studies["leaves"]` is that of one. `print` them for an overview; `save` keeps them all."""

    results: tuple[TargetResult, ...]
    """Every target, in the order given."""
    studies: Mapping[str, Study]
    """By the target's name; a target that failed has none."""
    interrupted: bool = False
    """Whether Ctrl-C came before all were done."""

    @property
    def failed(self) -> dict[str, str]:
        """Target -> why there is no study of it, in one line."""
        return {one.name: one.failed for one in self.results if one.failed}

    def __getitem__(self, name: str) -> Study:
        if name in self.failed:
            raise Failed(f"there is no study of {name}: {self.failed[name]}")
        if name not in self.studies:
            raise unknown_name("target", name, self.studies)
        return self.studies[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.studies)

    def __len__(self) -> int:
        return len(self.studies)

    def save(self, directory: str | Path) -> Path:
        """Keep every study in a folder of its target's name, and a report that lists them; gives the directory."""
        check_folder(directory)
        keep_overview(self.results, directory)
        for name, study in self.studies.items():
            study.save(Path(directory) / name)
        return Path(directory)

    def __str__(self) -> str:
        from transferkit.artifact.printed_overview import printed_overview

        return printed_overview(self.results)


def study_each(
    targets: Sequence[GivenTarget],
    read: Callable[[GivenTarget], Target],
    study: Callable[[Target, Part], Study],
    budget: Budget,
    out: str | Path | None,
    begun: float,
) -> Studies:
    """Read all targets, then study one after the other; with `out` each is kept there, and an overview after every study.

    Raises what is wrong with the request as a whole: no target, one named twice or not there, a folder of something else. Where
    every target fails, the reason is raised too.
    """
    names = names_of(targets)
    if out is not None:
        check_folder(out)
    done = {name: _ended(out, name) for name in names}
    course = _Course({name: TargetResult(name, done[name]) for name in names}, out)
    course.others = () if out is None else kept_before(out, names)
    purse = Purse(budget, begun, {name: _glimpse(out, name) for name in names})
    try:
        waiting: dict[str, Target] = {}
        for name, given in zip(names, targets, strict=True):
            with course.of(name):
                waiting[name] = read(given)
        unfinished = [name for name in waiting if done[name] is None]
        for name, target in waiting.items():
            course.keep()
            with course.of(name):
                part = Part(
                    name=name,
                    budget=purse.share(name, len(unfinished) if name in unfinished else 0),
                    out=None if out is None else folder_of(out, name),
                    begun=time.monotonic(),
                    whole=budget,
                )
                with course.of(name, part):
                    found = study(target, part)
                    course.add(name, found)
                    purse.spent(found.summary.cost["trials"], name)
                if name in unfinished:
                    unfinished.remove(name)
            if course.interrupted:
                break
    except KeyboardInterrupt:
        if not course.studies:
            raise
        course.interrupted = True
    return course.ended()


@dataclass
class _Course:
    """What has come of the targets so far."""

    results: dict[str, TargetResult]
    out: str | Path | None
    studies: dict[str, Study] = field(default_factory=dict)
    errors: dict[str, TransferkitError] = field(default_factory=dict)
    others: tuple[TargetResult, ...] = ()
    """Of earlier commands, which the overview goes on to list."""
    is_kept: bool = False
    """Whether there is an overview."""
    interrupted: bool = False

    @contextmanager
    def of(self, name: str, part: Part | None = None) -> Iterator[None]:
        """What goes wrong inside is the end of this target alone."""
        try:
            yield
        except TransferkitError as reason:
            self.errors[name] = reason
            self.results[name] = TargetResult(name, failed=part.failing(reason) if part else _line(reason))

    def add(self, name: str, study: Study) -> None:
        """A study that came out, or was stopped."""
        self.studies[name], self.results[name] = study, TargetResult(name, study.summary)
        self.interrupted = self.results[name].interrupted

    def keep(self) -> None:
        """Write the overview, where everything is kept."""
        if self.out is not None:
            keep_overview([*self.results.values(), *self.others], self.out)
            self.is_kept = True

    def ended(self) -> Studies:
        """All of it; where no study came out, the reason that all share, or each one's."""
        if self.studies or self.is_kept:
            self.keep()
        if self.studies:
            return Studies(tuple(self.results.values()), self.studies, self.interrupted)
        if len({str(reason) for reason in self.errors.values()}) == 1:
            raise next(iter(self.errors.values()))
        kind = WrongUse if all(isinstance(reason, WrongUse) for reason in self.errors.values()) else Failed
        said = "; ".join(f"{name}: {self.results[name].failed}" for name in self.errors)
        raise kind(f"no target could be studied: {said}")


def _glimpse(out: str | Path | None, name: str) -> Glimpse | None:
    """What an earlier part of this command has used; at a URL each study knows for itself."""
    return None if out is None or is_remote(out) else glimpse(as_path(out) / name)


def _ended(out: str | Path | None, name: str) -> StudySummary | None:
    """What a study of this name has found there; None where it has not come to its end."""
    if out is None or is_remote(out) or not (report := as_path(out) / name / REPORT_JSON).exists():
        return None
    try:
        summary = read_summary(report)
    except TransferkitError:  # damaged: the study writes it anew
        return None
    return None if summary.extra.get("interrupted") else summary


def _line(reason: TransferkitError) -> str:
    return " ".join(str(reason).split())
