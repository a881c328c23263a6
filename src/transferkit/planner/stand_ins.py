"""Stand-ins: the default network as baseline, where scratch on a source's own architecture does not fit the budget.

The baseline of a source is its own architecture from scratch, which tells what its weights are worth. A large encoder is
trained within seconds from its weights and takes many minutes without them, so that a small budget would prove nothing at all.
The default network of the modality is what a person in a hurry would train in its place. See docs/decisions/0014.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transferkit.artifact.wording import duration
from transferkit.core.errors import WrongUse
from transferkit.core.target import Target
from transferkit.planner.arms import Arm
from transferkit.planner.costs import DEAR_SHARE, Costs
from transferkit.training.default_bodies import default_body

LEAST_SEEDS = 3
"""Of the proof that has to fit: fewer say little of another training run of the baseline."""
WORTH = 0.5
"""Share of the own network's price that the default one may take at most: for less gain nobody asks another question."""


def stand_ins(arms: Sequence[Arm], target: Target, costs: Costs, seconds_left: float) -> dict[str, str]:
    """Source -> why the default network stands for its own from scratch; empty where every baseline fits what is left.

    A baseline fits where it can be tried once and proven with `LEAST_SEEDS`, beside the cheapest arm that is compared with
    it. One that does not fit stays where the default network would save less than half.
    """
    if seconds_left == float("inf") or not _has_default_network(target):
        return {}
    sizes = (len(target.train), *[len(target.whole().train)] * LEAST_SEEDS)

    def price(arm: Arm) -> float:
        proven = sizes[:2] if arm.method.deterministic else sizes
        return sum(costs.expected(arm, arm.method, n) for n in proven)

    found: dict[str, str] = {}
    for baseline in arms:
        compared = [arm for arm in arms if arm.baseline == baseline.name]
        if not (compared and baseline.sources and baseline.method.is_baseline):
            continue
        pair = price(baseline) + min(map(price, compared))
        default = Arm(f"{baseline.name} (default network)", baseline.method, ())
        if pair <= DEAR_SHARE * seconds_left or price(default) > WORTH * price(baseline):
            continue
        why = (
            f"to try its own network from scratch, and to prove with {LEAST_SEEDS} seeds, takes about {duration(pair)}, and "
            f"{duration(seconds_left)} of the budget are left; a study with a larger --budget compares with that"
        )
        found |= {arm.sources[0].name: why for arm in compared}
    return found


def _has_default_network(target: Target) -> bool:
    try:
        default_body(target, 0)
    except WrongUse:
        return False
    return True


def grouped(standing: Mapping[str, str]) -> dict[str, str]:
    """What `stand_ins` gave, with sources of one reason together.

    >>> grouped({"zoo:a": "it is slow", "zoo:b": "it is slow"})
    {'zoo:a and zoo:b': 'it is slow'}
    """
    return {
        " and ".join(name for name, other in standing.items() if other == why): why
        for why in dict.fromkeys(standing.values())
    }
