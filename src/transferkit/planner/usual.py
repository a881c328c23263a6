"""Usual settings: what an architecture is known to want of those who train it, where a person has not said otherwise.

An architecture's file says it of itself: `FINE_TUNING` and `FROM_SCRATCH`, setting -> values, the first of which is taken and
the others are tried on validation. A method says which of its settings follow (`GradientMethod.follows_network`).

A network that was made for another kind of data, pictures for spectrograms, has to move throughout: with lower rates for its
first stages it lost 11 to 15 points with 5 % of the labels (`bench/experiments/fine-tune-recipes`, spoken digits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from transferkit.core.method import Method
from transferkit.planner.arms import Arm
from transferkit.sources import architectures

BRIDGED: Mapping[str, tuple[Any, ...]] = {"layer_decay": (1.0,)}
"""Of a source that was made for another kind of data than the target's."""


def as_usual(arms: Sequence[Arm], modality: str | None = None) -> list[Arm]:
    """The same arms, set as the architectures of their sources want it; what a person has named stays as it is.

    `modality`: of the target; None: all sources were made for it.
    """
    return [_set(arm, modality) for arm in arms]


def _set(arm: Arm, modality: str | None) -> Arm:
    usual = _usual(arm, modality)
    defaults = {field.name: field.default for field in fields(arm.method)}
    given: Mapping[str, Any] = arm.method.settings()
    free = {k: v for k, v in usual.items() if k not in arm.fixed and given[k] in (defaults[k], v[0])}
    method = replace(arm.method, **{key: values[0] for key, values in free.items()})
    return replace(arm, method=method, tunes=tuple((key, values) for key, values in free.items() if len(values) > 1))


def _usual(arm: Arm, modality: str | None) -> Mapping[str, tuple[Any, ...]]:
    method: Method = arm.method
    follows: tuple[str, ...] = getattr(method, "follows_network", ())
    card = arm.sources[0].card() if arm.sources and follows else None
    if card is None or card.architecture is None:
        return {}
    usual = architectures.usual_settings(card.architecture, from_scratch=method.is_baseline)
    if modality not in (None, card.modality) and not method.is_baseline:
        usual = {**usual, **BRIDGED}
    return {key: tuple(values) for key, values in usual.items() if key in follows}
