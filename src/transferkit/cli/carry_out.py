"""Carry out: the study of one target, or of each of several; what came of it is shown, and the exit code says how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transferkit.cli import output
from transferkit.cli.as_json import candidates_as_json, report_at, studies_as_json, study_as_json
from transferkit.cli.workplace import Workplace
from transferkit.core.errors import TransferkitError

if TYPE_CHECKING:
    from transferkit.core.budget import Budget
    from transferkit.core.format import ReadOptions
    from transferkit.core.run import Progress
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.planner.several import Part, Studies
    from transferkit.planner.study import Study
    from transferkit.planner.target_names import GivenTarget

FAILED, INTERRUPTED = 1, 130


@dataclass(frozen=True)
class Asked:
    """What `transfer` and `compare` have in common on the command line."""

    targets: Sequence[str]
    sources: Sequence[Source]
    """Those that were named; none: some are proposed for each target."""
    columns: ReadOptions
    seed: int
    budget: str | None
    out: str | None
    as_json: bool


@dataclass(frozen=True)
class Limits:
    """What one study may use, and where it is kept."""

    budget: str | Budget | None
    out: str | None
    begun: float
    progress: Progress


StudyOf = Callable[["Target", "Sequence[Source]", Limits], "Study"]
"""The verb: a target, what it is offered, and what its study may use."""


def carry_out(asked: Asked, place: Workplace, study_of: StudyOf) -> int:
    """One target as ever; several one after the other. Gives the exit code."""
    if len(asked.targets) > 1:
        return _each(asked, place, study_of)
    with place.progress(asked.budget) as progress:
        data = place.target(asked.targets[0], asked.seed, asked.columns, progress, asked.sources)
        offered = asked.sources or place.candidates(data)
        study = study_of(data, offered, Limits(asked.budget, asked.out, place.begun, progress))
    return show_study(study, asked.out, asked.as_json, offered)


def _each(asked: Asked, place: Workplace, study_of: StudyOf) -> int:
    from transferkit.core.budget import Budget
    from transferkit.planner.several import study_each

    offered: dict[str, Sequence[Source]] = {}
    waiting = len(asked.targets)

    def told(reason: str) -> None:
        nonlocal waiting
        waiting -= 1
        _tell(place, f"{reason}; the others go on" if waiting else reason)

    with place.progress(asked.budget) as progress:

        def read(path: GivenTarget) -> Target:
            try:
                return place.target(str(path), asked.seed, asked.columns, progress, asked.sources, among_several=True)
            except TransferkitError as reason:
                told(f"{path}: {reason}")
                raise

        def study(data: Target, part: Part) -> Study:
            nonlocal waiting
            limits = Limits(part.budget, part.out, part.begun, part.told(progress))
            try:
                offered[part.name] = asked.sources or place.candidates(data)
                found = study_of(data, offered[part.name], limits)
            except TransferkitError as reason:
                told(f"{part.name}: {part.failing(reason)}")
                raise
            waiting -= 1
            _tell(place, f"{part.name}: {found.summary.sentence}")
            return found

        studies = study_each(asked.targets, read, study, Budget.parse(asked.budget), asked.out, place.begun)
    _show(studies, asked, offered)
    if studies.interrupted:
        return INTERRUPTED
    return FAILED if studies.failed else 0


def _tell(place: Workplace, line: str) -> None:
    if not place.quiet:
        output.tell(output.one_line(line))


def _show(studies: Studies, asked: Asked, offered: dict[str, Sequence[Source]]) -> None:
    from transferkit.artifact.printed_overview import overview_renderable

    if asked.as_json:
        proposed = {name: candidates_as_json(sources) for name, sources in offered.items()}
        output.show_json(studies_as_json(studies.results, asked.out, proposed) | {"interrupted": studies.interrupted})
        return
    output.show(overview_renderable(studies.results))
    if asked.out is None:
        output.tell("Nothing was kept; add --out FOLDER to keep the models and the reports.")
    else:
        output.show(f"Report: {report_at(asked.out)}, and one for each target beside it")


def show_study(study: Study, out: str | Path | None, as_json: bool, offered: Sequence[Source] = ()) -> int:
    """Print what a study found and where it lies; gives the exit code."""
    from transferkit.artifact.printed import study_renderable

    if as_json:
        output.show_json(study_as_json(study.summary, out) | candidates_as_json(offered))
    else:
        output.show(study_renderable(study.summary))
        if out is None:
            output.tell("Nothing was kept; add --out FOLDER to keep the model and the report.")
        else:
            output.show(f"Report: {report_at(out)}")
    return INTERRUPTED if study.summary.extra.get("interrupted") else 0
