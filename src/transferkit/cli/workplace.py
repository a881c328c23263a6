"""This machine as the person lets it be used: which sources may be read, where features are kept, what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.cli import output

if TYPE_CHECKING:
    from transferkit.cli.progress import Bars
    from transferkit.core.format import ReadOptions
    from transferkit.core.run import Cache
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

    def sources(self, names: Sequence[str] | None) -> list[Source]:
        """The named sources, with what is allowed."""
        from transferkit.core.source import Source, SourceOptions

        allowed = SourceOptions(trust=self.trust, offline=self.offline)
        return [Source(name, allowed) for name in names or ()]

    def target(self, path: str, seed: int, columns: ReadOptions) -> Target:
        """The target; what a person should know of it is shown."""
        from transferkit.core.target import Target

        target = Target.read(path, seed=seed, options=columns)
        if not self.quiet:
            for warning in target.warnings:
                output.tell(f"warning: {output.one_line(warning)}")
            if target.skipped:
                output.tell(f"warning: left out {output.listed([(s.name, s.reason) for s in target.skipped], SHOWN)}")
        return target

    def cache(self) -> Cache:
        """The feature cache, where and as large as the person said."""
        from transferkit.data.cache import FeatureCache, parse_size

        settings: dict[str, Any] = {}
        if self.cache_directory is not None:
            settings["directory"] = self.cache_directory
        if self.cache_size is not None:
            settings["max_bytes"] = parse_size(self.cache_size)
        return FeatureCache(**settings)

    def progress(self, budget: str | None = None) -> Bars:
        """Bars on standard error."""
        from transferkit.cli.progress import Bars
        from transferkit.core.budget import Budget

        return Bars(Budget.parse(budget), self.quiet)

    def usable_device(self) -> str:
        """The device by name; one line where this machine has no such thing."""
        from transferkit.cli.device import check_device

        return check_device(self.device)
