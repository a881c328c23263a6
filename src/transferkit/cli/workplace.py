"""This machine as the person lets it be used: which sources may be read, where features are kept, what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transferkit.cli import output
from transferkit.core.errors import WrongUse

if TYPE_CHECKING:
    from transferkit.cli.progress import Bars
    from transferkit.core.format import ReadOptions
    from transferkit.core.run import Cache, Progress
    from transferkit.core.source import Source
    from transferkit.core.target import Target

SHOWN = 3
"""Names of skipped items that are spelled out."""


@dataclass(frozen=True)
class Workplace:
    """What the common options say."""

    offline: bool = False
    trust: bool = False
    device: str = "cpu"
    cache_directory: Path | None = None
    cache_size: str | None = None
    quiet: bool = False

    def __post_init__(self) -> None:
        from transferkit.cli.device import check_device

        check_device(self.device)

    def sources(self, names: Sequence[str] | None) -> list[Source]:
        """The named sources, with what is allowed; none, or a scheme nobody knows, is told before any data is read."""
        from transferkit.core.source import Source, SourceOptions

        if not names:
            raise WrongUse("no source was named; name one or more with --from, such as --from zoo:digits-cnn")
        allowed = SourceOptions(trust=self.trust, offline=self.offline)
        given = [Source(name, allowed) for name in names]
        for source in given:
            _ = source.kind
        return given

    def target(self, path: str, seed: int, columns: ReadOptions, progress: Progress) -> Target:
        """The target; what a person should know of it is shown."""
        from transferkit.core.target import Target

        target = Target.read(path, seed=seed, options=columns, progress=progress)
        if not self.quiet:
            for warning in target.warnings:
                output.tell(f"warning: {output.one_line(warning)}")
            if target.skipped:
                output.tell(f"warning: left out {output.listed([(s.name, s.reason) for s in target.skipped], SHOWN)}")
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
