"""Request: everything a person asks of a study, in one value."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from transferkit.core.budget import Budget
from transferkit.core.run import Cache, Progress, Run, silent
from transferkit.core.source import Source, SourceOptions
from transferkit.core.target import Target
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Wanted
from transferkit.planner.settings import Settings
from transferkit.planner.source_tasks import as_data, with_networks
from transferkit.planner.wishes import Wishes


@dataclass(frozen=True, eq=False)
class Request:
    """What to study, and how."""

    sources: tuple[Source, ...]
    target: Target
    cache: Cache
    sources_are_proposed: bool = False
    """They are transferkit's own candidates: what is proposed may differ from day to day, and it is the same study still."""
    methods: tuple[Wanted, ...] | None = None
    """Of `compare`; None for `transfer`, whose arms follow from the ranking."""
    wishes: Wishes = field(default_factory=Wishes)
    budget: Budget = field(default_factory=Budget)
    whole_budget: Budget | None = None
    """What the person named, where `budget` is a share of it."""
    seeds: int = 5
    seed: int = 0
    out: str | Path | None = None
    on: str | None = None
    """Where trials run: None for this process, "ray", "ray://host:port"."""
    label_curve: bool = True
    device: str = "cpu"
    progress: Progress = silent
    command: str = ""
    begun: float = field(default_factory=time.monotonic)
    """`time.monotonic()` from which the budget counts."""
    stand_ins: Mapping[str, str] | None = None
    """Of the study that this one is a part of, as `Proposal.stand_ins`: its claims have one baseline in every part."""

    def settings(self) -> Settings:
        """How the study is carried out."""
        folds = (self.seed,) if self.target.validation_is_given else (self.seed, self.seed + 1, self.seed + 2)
        return Settings(
            seeds=tuple(range(self.seed, self.seed + self.seeds)),
            folds=folds,
            margin=self.target.task.metric.margin(self._open_labels()),
            prove_every_arm=self.methods is not None,
            label_curve=self.label_curve,
            resumable=self.out is not None,
            command=self.command,
        )

    def _open_labels(self) -> tuple[Any, ...]:
        """Of the target; where it has none to learn from, those of the domains that it is adapted from."""
        own = self.target.whole().train.labels
        if own:
            return own
        name = self.target.task.name
        domains = [source.data(task=name) for source in self.sources if source.lends_data]
        return tuple(label for domain in domains for label in domain.train.labels or ())

    def identity(self) -> dict[str, object]:
        """What makes another request the same study, so that it may go on in the same directory."""
        task, methods = self.target.task, self.methods
        wishes = [list(self.wishes.add), list(self.wishes.drop), list(self.wishes.pin)]
        return {
            "target": self.target.fingerprint,
            "task": {"name": task.name, **task.describe()},
            "sources": "proposed" if self.sources_are_proposed else [source.name for source in self.sources],
            "arms": "proposed" if methods is None else [[str(method), sorted(fixed)] for method, fixed in methods],
            "seeds": list(self.settings().seeds),
        } | ({"wishes": wishes} if any(wishes) else {})

    def with_sources(self, names: Sequence[str]) -> Request:
        """The same request with the sources that the study began with: those proposed today may be others.

        One that is no longer proposed is not downloaded where nothing else may be.
        """
        given = {source.name: source for source in self.sources}
        options = SourceOptions(offline=all(source.options.offline for source in self.sources))
        return replace(self, sources=tuple(given.get(name, Source(name, options)) for name in names))

    def with_networks(self, run: Run, before: Mapping[str, str] | None = None) -> Request:
        """The same request, in which sources that hold data stand for a network trained on them.

        Where a named method reads the data itself, those from which no network could be learned stay data.
        """
        sources = with_networks(self.sources, self.target, run, before)
        if any(method.needs.data[1] for method, _ in self.methods or ()):
            sources = tuple(as_data(source) for source in sources)
        return replace(self, sources=sources)

    def allowance(self, used_seconds: float = 0.0, used_trials: int = 0) -> Allowance:
        """What is left of the budget, counted from `begun`."""
        return Allowance(self.budget, used_seconds, used_trials, self.begun, self.whole_budget)

    def run(self, allowance: Allowance) -> Run:
        """What ranking and planning are lent."""
        return Run(self.seed, allowance.deadline, self.cache, self.device, self.progress)
