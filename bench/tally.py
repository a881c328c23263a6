"""Tally: how often verdicts and intervals of planted studies are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.evaluate.summary import Gain, VerdictWord

ROUNDING = 1e-12
"""A true gain below this is 0."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One metric of one study beside the truth."""

    effect: str
    """What was planted; by another metric the same world may have another sign, which `truth` tells."""
    metric: str
    rarest: float
    """Items of the rarest class to be expected in the test; infinite where numbers are predicted."""
    truth: float
    """The true gain."""
    gain: Gain
    word: VerdictWord
    margin: float

    @property
    def n_seeds(self) -> int:
        return self.gain.n_seeds

    @property
    def n_items(self) -> int:
        return self.gain.n_items


def by(judged: Sequence[Judged], key: Callable[[Judged], Any]) -> dict[Any, list[Judged]]:
    """Groups, in the order of their keys."""
    groups = defaultdict(list)
    for one in judged:
        groups[key(one)].append(one)
    return dict(sorted(groups.items()))


def coverage(judged: Sequence[Judged]) -> float:
    """Share of intervals that hold the true gain."""
    return _share([one.gain.low <= one.truth <= one.gain.high for one in judged])


def false_helps(judged: Sequence[Judged]) -> float:
    """Share of `helps` where the true gain is 0 or below."""
    return _share([one.word == "helps" for one in judged if one.truth <= ROUNDING])


def false_hurts(judged: Sequence[Judged]) -> float:
    """Share of `hurts` where the true gain is 0 or above."""
    return _share([one.word == "hurts" for one in judged if one.truth >= -ROUNDING])


def wrong_no_difference(judged: Sequence[Judged]) -> float:
    """Share of `no_difference` where the true gain is beyond the margin."""
    return _share([one.word == "no_difference" for one in judged if abs(one.truth) > one.margin])


def power(judged: Sequence[Judged]) -> float:
    """Share of `helps`."""
    return _share([one.word == "helps" for one in judged])


def said(judged: Sequence[Judged]) -> dict[str, float]:
    """The shares of one group."""
    return {
        "judgements": len(judged),
        "coverage": round(coverage(judged), 4),
        "above": round(_share([one.gain.low > one.truth for one in judged]), 4),
        "below": round(_share([one.gain.high < one.truth for one in judged]), 4),
        "false_helps": round(false_helps(judged), 4),
        "false_hurts": round(false_hurts(judged), 4),
        "helps": round(power(judged), 4),
        "undecided": round(_share([one.word == "undecided" for one in judged]), 4),
    }


def _share(those: Sequence[bool]) -> float:
    """0 of nothing is 0."""
    return float(np.mean(those)) if those else 0.0
