"""Suited: which pictures go with which task and modality. A further picture is a file here, its template, and a line below."""

from __future__ import annotations

from transferkit.evaluate.summary import StudySummary

ANY = ""

MISTAKES: dict[tuple[str, str], str] = {
    ("transcribe", ANY): "transcripts",
    (ANY, "image"): "pictures",
    (ANY, "text"): "texts",
    (ANY, "audio"): "clips",
    (ANY, "tabular"): "rows",
    (ANY, "time_series"): "windows",
}
"""(task, modality) -> the template under `mistakes/` that shows single items."""
OUTCOMES: dict[str, str] = {"classify": "confusion", "regress": "scatter", "tag": "tags"}
"""Task -> the template that shows all test items together."""
HEADINGS: dict[str, str] = {"regress": "Farthest off", "transcribe": "Most misheard"}
"""Over the single items; a task that is not named here is most surely wrong."""


def mistakes_template(summary: StudySummary) -> str:
    """For a task or a modality that is not known here, or whose items left nothing to be seen, their names alone."""
    task, modality = summary.target.get("task", ANY), summary.target.get("modality", ANY)
    suited = MISTAKES.get((task, ANY)) or MISTAKES.get((ANY, modality), "names")
    seen = {
        "pictures": any(one.thumbnail for one in summary.mistakes),
        "clips": any(one.thumbnail for one in summary.mistakes),
        "texts": any(one.text for one in summary.mistakes),
        "rows": any(one.cells for one in summary.mistakes),
        "windows": any(one.window for one in summary.mistakes),
    }
    return suited if seen.get(suited, True) else "names"


def outcome_template(summary: StudySummary) -> str | None:
    """None for a task that is not known here."""
    return OUTCOMES.get(summary.target.get("task", "classify"))


def heading(summary: StudySummary) -> str:
    """Of the single items."""
    if none_is_wrong(summary):
        return "None was wrong"
    return HEADINGS.get(summary.target.get("task", ANY), "Most surely wrong")


def none_is_wrong(summary: StudySummary) -> bool:
    """Whether the single items are right, and shown for want of mistakes."""
    return bool(summary.mistakes) and all(one.is_right for one in summary.mistakes)
