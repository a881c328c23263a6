"""Kept: everything a study leaves behind, in one folder - weights, settings, report.html, report.json, model card."""

from __future__ import annotations

from pathlib import Path

from transferkit.artifact import journal, saved
from transferkit.artifact.atomic import PARTIAL, write_file
from transferkit.artifact.model_card import model_card
from transferkit.artifact.report import render
from transferkit.artifact.report_json import summary_json
from transferkit.core.errors import WrongUse
from transferkit.core.predictor import Predictor
from transferkit.evaluate.summary import StudySummary

REPORT, REPORT_JSON, CARD = "report.html", "report.json", "README.md"
_OURS = (journal.JOURNAL, REPORT_JSON, saved.SETTINGS)


def keep(summary: StudySummary, best: Predictor | None, directory: Path) -> Path:
    """Write a study into `directory` and give it back; one kept there before is replaced.

    Without a predictor (an interrupted study) only the reports are written. A folder with files of somebody else is
    refused, for a README.md or a report.html of theirs would be lost.
    """
    if directory.is_dir():
        names = {entry.name for entry in directory.iterdir() if not entry.name.startswith((PARTIAL, "."))}
        if names and not names & set(_OURS):
            shown = ", ".join(sorted(names)[:3])
            raise WrongUse(f"{directory} holds other files ({shown}) and no study; name an empty or new folder")
    if best is not None:
        saved.save(best, directory)
        write_file(directory / CARD, model_card(summary))
    write_file(directory / REPORT_JSON, summary_json(summary))
    write_file(directory / REPORT, render(summary))
    return directory
