"""Planned: what a study means to do, as plain values. Printed by `transferkit plan`, kept in the report of the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Profile:
    """What there is to know of a target before anything is fitted."""

    n_labels: int
    """Open labels: what may be learned from and chosen on."""
    n_test: int
    """Sealed items."""
    n_unlabelled: int
    n_classes: int | None
    labels_per_class: tuple[int, float, int] | None
    """Fewest, median, most."""
    modality: str
    task: str
    item_size: tuple[int, int] | None
    """Median width and height in pixels."""
    shifts: Mapping[str, float | None] = field(default_factory=dict)
    """Source -> how far the target's inputs lie from what it was trained on, in standard deviations of its inner
    statistics; None where it keeps none. See `training/shift.py`."""

    @property
    def imbalance(self) -> float | None:
        """The largest class over the smallest."""
        return None if self.labels_per_class is None else self.labels_per_class[2] / self.labels_per_class[0]


@dataclass(frozen=True)
class PlannedArm:
    """One arm that will be tried."""

    name: str
    seconds: float
    """Expected of one fit on all open labels."""
    n_settings: int
    """How many settings of it are worth trying."""
    reason: str
    pinned: bool = False


@dataclass(frozen=True)
class DroppedArm:
    """An arm, or a source, that was considered and will not be tried."""

    name: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """Which arms, in which order, at which cost - and which not, and why."""

    profile: Profile
    arms: tuple[PlannedArm, ...]
    """In the order they are tried; baselines among them."""
    dropped: tuple[DroppedArm, ...]
    budget: str
    spent: float
    """Seconds the plan itself took: the pass through each source, and the first batches."""
    trying: float
    """Expected seconds of the trials."""
    proving: float
    """Expected seconds of the proof."""
    within: bool
    """Whether all that fits into the budget; if not the trials end early, and the proof makes do with fewer seeds."""
    cross_fitted: bool = False
    """True where there are too few labels for a sealed test, and the proof repeats the whole choosing on parts of them."""

    @property
    def total(self) -> float:
        """Expected seconds of the whole study."""
        return self.spent + self.trying + self.proving

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`."""
        values = {name: value for name, value in written.items() if name != "total"}
        said = dict(values.pop("profile"))
        for name in ("labels_per_class", "item_size"):
            said[name] = said[name] and tuple(said[name])
        arms = tuple(PlannedArm(**one) for one in values.pop("arms"))
        dropped = tuple(DroppedArm(**one) for one in values.pop("dropped"))
        return cls(profile=Profile(**said), arms=arms, dropped=dropped, **values)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return asdict(self) | {"total": self.total}
