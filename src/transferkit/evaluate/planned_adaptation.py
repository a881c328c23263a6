"""Planned adaptation: what a study means to do whose target has no labels to learn from, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from transferkit.evaluate.planned import Plan


@dataclass(frozen=True)
class SourceDomain:
    """Labelled data that are learned from."""

    name: str
    n_labelled: int
    n_held_out: int
    """Labelled items that nothing is learned from: the choice looks at them."""


@dataclass(frozen=True)
class AdaptationPlan(Plan):
    """Arms, order and cost as any plan has them; and how is chosen among them, and what can be said in the end."""

    domains: tuple[SourceDomain, ...] = ()
    classes: tuple[str, ...] = ()
    """Of the sources, by which the target's items are told."""
    only_in_target: tuple[str, ...] = ()
    """Classes that the target's sealed labels name and no source has."""
    distance: float | None = None
    """Proxy A-distance of sources and target, 0 (one domain) to 2 (told apart without error); None where not measured."""
    chosen_by: tuple[str, ...] = ()
    """The label-free scores that choose together; none are known for some tasks."""
    n_seeds: int = 1
    """Of the proof, where the target has sealed labels."""

    @property
    def is_proven(self) -> bool:
        """Whether there are labels for a verdict; without them a gain is bounded and no more."""
        return self.profile.n_test > 0
