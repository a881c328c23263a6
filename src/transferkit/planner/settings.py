"""Settings: how a study is carried out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How a study is carried out."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    folds: tuple[int, ...] = (0, 1, 2)
    """Seeds of the splits of the open labels that arms are chosen on."""
    margin: float = 0.01
    """Largest difference that does not matter, in the metric's own scale."""
    prove_every_arm: bool = False
    """True: every arm is proven (compare); False: the best arm of each source (transfer)."""
    label_curve: bool = True
    """Whether to say what transfer is worth in labels."""
    resumable: bool = False
    """True where the run directory stays: the same call with it goes on."""
    command: str = ""
    """How the person asked for it, for the report."""
