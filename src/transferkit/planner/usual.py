"""Usual settings: what an architecture is known to want of those who train it, where a person has not said otherwise.

An architecture's file says it of itself: `FINE_TUNING` and `FROM_SCRATCH`, setting -> values, the first of which is taken and
the others are tried on validation. A method says which of its settings follow (`GradientMethod.follows_network`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from transferkit.core.method import Method
from transferkit.planner.arms import Arm
from transferkit.sources import architectures


def as_usual(arms: Sequence[Arm]) -> list[Arm]:
    """The same arms, set as the architectures of their sources want it; what a person has named stays as it is."""
    return [_set(arm) for arm in arms]


def _set(arm: Arm) -> Arm:
    usual = _usual(arm)
    defaults = {field.name: field.default for field in fields(arm.method)}
    given: Mapping[str, Any] = arm.method.settings()
    free = {k: v for k, v in usual.items() if k not in arm.fixed and given[k] in (defaults[k], v[0])}
    method = replace(arm.method, **{key: values[0] for key, values in free.items()})
    return replace(arm, method=method, tunes=tuple((key, values) for key, values in free.items() if len(values) > 1))


def _usual(arm: Arm) -> Mapping[str, tuple[Any, ...]]:
    method: Method = arm.method
    follows: tuple[str, ...] = getattr(method, "follows_network", ())
    architecture = arm.sources[0].card().architecture if arm.sources and follows else None
    if architecture is None:
        return {}
    usual = architectures.usual_settings(architecture, from_scratch=method.is_baseline)
    return {key: tuple(values) for key, values in usual.items() if key in follows}
