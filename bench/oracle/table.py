"""The committed tables as arrays: for every target what each source truly reaches and what `rank` saw of it before."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferkit.core.errors import Failed

HERE = Path(__file__).parent
FACTS = ("target", "source", "n_labels", "n_classes", "parameters", "own_accuracy", "above_floor", "seconds")
"""Columns of the scores' table that are no scores."""


@dataclass(frozen=True, eq=False)
class Problem:
    """One target: which of these sources would you fine-tune?"""

    target: str
    sources: tuple[str, ...]
    accuracies: np.ndarray
    """(n_sources, n_seeds) on the test, 0 to 1; NaN beyond a source's last seed."""
    scores: Mapping[str, np.ndarray]
    """Name -> (n_sources,); NaN where a source has none."""
    n_labels: int
    n_classes: int
    parameters: np.ndarray
    """(n_sources,)"""
    own_accuracy: np.ndarray
    """(n_sources,) on the test of what it was trained on; NaN where nobody said."""

    @property
    def truth(self) -> np.ndarray:
        """(n_sources,) mean over seeds."""
        return np.asarray(np.nanmean(self.accuracies, axis=1))

    def noise(self) -> float:
        """Standard error of a source's mean over seeds, root mean square over sources; of two seeds at least."""
        n_seeds = (~np.isnan(self.accuracies)).sum(axis=1)
        return float(np.sqrt((np.nanvar(self.accuracies, axis=1, ddof=1) / n_seeds).mean()))


def problems(folder: Path = HERE, method: str = "full", fewest_seeds: int | None = None) -> list[Problem]:
    """Every target of `fine_tuned.csv` and `scores.csv`, with the sources that have so many seeds (None: as many as any has).

    Raises Failed, one line, where a source that was fine-tuned has not been scored.
    """
    fitted: dict[tuple[str, str], dict[int, float]] = {}
    rows = _rows(folder / "fine_tuned.csv")
    for row in rows:
        if row["method"] == method:
            fitted.setdefault((row["target"], row["source"]), {})[int(row["seed"])] = float(row["accuracy"])
    if not fitted:
        known = ", ".join(sorted({row["method"] for row in rows}))
        raise Failed(f"fine_tuned.csv has no rows of method {method!r}; it has {known}")
    least = fewest_seeds or max(map(len, fitted.values()))
    seen = {(row["target"], row["source"]): row for row in _rows(folder / "scores.csv")}
    by_target: dict[str, list[str]] = {}
    for (target, source), seeds in fitted.items():
        if len(seeds) >= least:
            by_target.setdefault(target, []).append(source)
        if (target, source) not in seen:
            raise Failed(f"scores.csv has no row for source {source} on target {target}; run bench.oracle.score again")
    return [_problem(target, sorted(sources), fitted, seen) for target, sources in by_target.items()]


def _problem(
    target: str,
    sources: Sequence[str],
    fitted: Mapping[tuple[str, str], Mapping[int, float]],
    seen: Mapping[tuple[str, str], Mapping[str, str]],
) -> Problem:
    rows = [seen[target, source] for source in sources]
    return Problem(
        target=target,
        sources=tuple(sources),
        accuracies=_padded([[a for _, a in sorted(fitted[target, source].items())] for source in sources]),
        scores={name: _numbers(rows, name) for name in rows[0] if name not in FACTS},
        n_labels=int(rows[0]["n_labels"]),
        n_classes=int(rows[0]["n_classes"]),
        parameters=_numbers(rows, "parameters"),
        own_accuracy=_numbers(rows, "own_accuracy"),
    )


def _padded(rows: Sequence[Sequence[float]]) -> np.ndarray:
    longest = max(map(len, rows))
    return np.array([[*row, *[np.nan] * (longest - len(row))] for row in rows])


def _numbers(rows: Sequence[Mapping[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) if row[name] else np.nan for row in rows])


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise Failed(f"{path.name} is not in {path.parent.name}/; make it as README.md there says") from None
