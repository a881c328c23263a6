"""Kept overview: the folder of several targets' studies - theirs, a folder each, and a report that lists them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from transferkit.artifact import plain_json
from transferkit.artifact.atomic import PARTIAL, write_file
from transferkit.artifact.kept import REPORT, REPORT_JSON
from transferkit.artifact.report.overview import render_overview
from transferkit.artifact.report_json import read_summary
from transferkit.artifact.saved import STUDIES
from transferkit.core.errors import Failed, TransferkitError, WrongUse
from transferkit.core.remote import as_path, is_remote, opened, remote_errors, write
from transferkit.evaluate.target_result import TargetResult

FORMAT = 1
_ELSEWHERE = "name an empty or new folder with --out"


def folder_of(out: str | Path, name: str) -> str:
    """Where the study of one target is kept; `out` is a folder or a URL."""
    return f"{str(out).rstrip('/')}/{name}"


def check_folder(out: str | Path) -> None:
    """Refuse a folder in which something else lies, such as the study of one target: its report would be lost."""
    place = as_path(out)
    if is_remote(out) or not place.exists():
        return
    if not place.is_dir():
        raise WrongUse(f"{out} is a file, not a folder for the studies of several targets; {_ELSEWHERE}")
    names = sorted(entry.name for entry in place.iterdir() if not entry.name.startswith((PARTIAL, ".")))
    if names and STUDIES not in names:
        what = "the study of one target" if REPORT_JSON in names else f"other files ({', '.join(names[:3])})"
        raise WrongUse(f"{out} holds {what}, not the studies of several; {_ELSEWHERE}")


def keep_overview(results: Sequence[TargetResult], out: str | Path) -> None:
    """Write the list and the report of all targets; one that was kept there before is replaced."""
    listed = [{"name": one.name, "failed": one.failed, "has_study": one.summary is not None} for one in results]
    _write(out, STUDIES, plain_json.strict({"format": FORMAT, "studies": listed}))
    _write(out, REPORT, render_overview(results))


def holds_several(folder: Path) -> bool:
    """Whether the studies of several targets are kept there."""
    return (folder / STUDIES).is_file()


def read_overview(folder: Path) -> tuple[TargetResult, ...]:
    """What `keep_overview` wrote, with the summary of every study. One line where the list is damaged or too new."""
    path = folder / STUDIES
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain["format"] > FORMAT:
            raise WrongUse(f"{path} is of format {plain['format']}, this transferkit reads up to {FORMAT}; upgrade it")
        return tuple(_results(folder, plain["studies"]))
    except (ValueError, KeyError, TypeError) as reason:
        if isinstance(reason, WrongUse):
            raise
        raise Failed(f"{path} is damaged ({reason}); run the same command again with the same --out") from reason


def kept_before(out: str | Path, names: Sequence[str]) -> tuple[TargetResult, ...]:
    """Targets of earlier commands, besides these, whose studies still lie there; none at a URL or where the list is damaged."""
    if is_remote(out) or not holds_several(as_path(out)):
        return ()
    try:
        kept = read_overview(as_path(out))
    except TransferkitError:  # it is written anew
        return ()
    return tuple(one for one in kept if one.name not in names and one.summary is not None)


def _results(folder: Path, listed: Sequence[dict[str, object]]) -> Iterable[TargetResult]:
    for one in listed:
        name = str(one["name"])
        summary = read_summary(folder / name / REPORT_JSON) if one["has_study"] else None
        yield TargetResult(name, summary, str(one["failed"]))


def _write(out: str | Path, name: str, content: str) -> None:
    if not is_remote(out):
        write_file(as_path(out) / name, content)
        return
    system, root = opened(out)
    with remote_errors(out):
        write(system, f"{root}/{name}", content.encode())
