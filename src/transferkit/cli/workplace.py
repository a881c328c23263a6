"""This machine as the person lets it be used: which sources may be read, where features are kept, what is shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from transferkit.cli import output

if TYPE_CHECKING:
    from transferkit.cli.progress import Bars
    from transferkit.core.format import ReadOptions
    from transferkit.core.run import Cache, Progress
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.sources.candidates.candidate import Candidates

SHOWN = 3
"""Names of skipped items that are spelled out."""


@dataclass(frozen=True)
class Workplace:
    """What the common options say."""

    offline: bool = False
    trust: bool = False
    device: str = "cpu"
    cache_directory: str | None = None
    cache_size: str | None = None
    quiet: bool = False
    metric: str | None = None
    """What arms are chosen and proven by; None: what suits the labels."""
    task: str | None = None
    """What is predicted; None: what the labels say."""
    begun: float = field(default_factory=time.monotonic)
    """`time.monotonic()` at which the command began: its budget counts from here."""

    def __post_init__(self) -> None:
        from transferkit.cli.device import check_device

        check_device(self.device)

    def sources(self, names: Sequence[str] | None, columns: ReadOptions | None = None) -> list[Source]:
        """The named sources, with what is allowed; a misspelled one is told before any data is read.

        `columns`: how the target is read, and so how tables are read that are sources.
        """
        from transferkit.core.source import Source, SourceOptions

        allowed = SourceOptions(trust=self.trust, offline=self.offline, reading=columns)
        given = [Source(name, allowed) for name in names or ()]
        for source in given:
            source.check()
        return given

    def candidates(self, target: Target) -> Candidates:
        """Sources for a person who named none; what is proposed, and what will be downloaded for it, is shown."""
        from transferkit import front

        found = front.candidates(target, offline=self.offline, device=self.device)
        if not self.quiet:
            output.tell(f"no source was named with --from; trying {len(found)} ({found.summary})")
            for line in (*found.notes, *filter(None, [found.announcement])):
                output.tell(line)
        return found

    def target(
        self,
        path: str,
        seed: int,
        columns: ReadOptions,
        progress: Progress,
        beside: Sequence[Source] = (),
        *,
        among_several: bool = False,
    ) -> Target:
        """The target; what a person should know of it is shown. `beside`: sources, among which labelled data say what the task
        is where the target has no labels. `among_several`: what is shown says of which target it is."""
        from transferkit.core.beside import read_beside
        from transferkit.core.target import Target

        options = replace(columns, offline=self.offline)
        data = next((source for source in beside if source.lends_data), None)
        read = Target.read if data is None else partial(read_beside, other=data.data)
        target = read(path, task=self.task, metric=self.metric, seed=seed, options=options, progress=progress)
        if not self.quiet:
            about = f"warning: {target.name}:" if among_several else "warning:"
            for warning in target.warnings:
                output.tell(f"{about} {output.one_line(warning)}")
            if target.skipped:
                output.tell(f"{about} left out {output.listed([(s.name, s.reason) for s in target.skipped], SHOWN)}")
        return target

    def cache(self) -> Cache:
        """The feature cache, where and as large as the person said."""
        from transferkit.data.cache import FeatureCache

        if self.cache_size is None:
            return FeatureCache(self.cache_directory)
        return FeatureCache(self.cache_directory, self.cache_size)

    def progress(self, budget: str | None = None) -> Bars:
        """Bars on standard error."""
        from transferkit.cli.progress import Bars
        from transferkit.core.budget import Budget

        return Bars(Budget.parse(budget), self.quiet)
