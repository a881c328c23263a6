"""Report: a table of every result's figures, each beside its goal where the setting names one."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HEADINGS = ("result", "figure", "value", "goal", "met", "commit", "started")
_COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "==": operator.eq}


def rows(results: Sequence[tuple[Path, dict[str, Any]]]) -> list[tuple[str, ...]]:
    """One row a figure."""
    table: list[tuple[str, ...]] = []
    for path, result in results:
        goals = result["setting"].get("goals", {})
        commit = result["commit"]["id"][:10] + (" + changes" if result["commit"]["dirty"] else "")
        for name, value in result["figures"].items():
            goal = goals.get(name, "")
            reached = "" if not goal else "yes" if met(value, goal) else "no"
            table.append((path.stem, name, spelled(value), goal, reached, commit, result["started"][:16]))
    return table


def met(value: Any, goal: str) -> bool:
    """Whether a figure reaches a goal such as ">= 8".

    >>> met(9.5, ">= 8"), met(0.002, "<= 0.001"), met(True, "== true")
    (True, False, True)
    """
    parts = re.fullmatch(r"\s*(<=|>=|<|>|==)\s*(\S+)\s*", goal)
    if parts is None:
        raise ValueError(f"goal {goal!r} is not a comparison with a number, such as '>= 8'")
    wanted = float(parts[2] == "true") if parts[2] in ("true", "false") else float(parts[2])
    return bool(_COMPARE[parts[1]](float(value), wanted))


def spelled(value: Any) -> str:
    """A figure for people: four digits.

    >>> spelled(12.34567), spelled(True), spelled("helps"), spelled(0.0)
    ('12.35', 'yes', 'helps', '0')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


def as_text(table: Sequence[tuple[str, ...]]) -> str:
    """Columns padded with blanks."""
    lines = [HEADINGS, *table]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)


def as_markdown(table: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *table]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
