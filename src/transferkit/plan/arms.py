"""Arms: what a study tries - sources x method - and the baseline each is compared with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method, check_sources
from transferkit.core.source import Source
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.sources import architectures


@dataclass(frozen=True)
class Arm:
    """One method on given sources. Its name stays the same while its settings are tuned."""

    name: str
    method: Method
    sources: tuple[Source, ...]
    baseline: str | None = None
    """Name of the arm it is compared with; None for a baseline itself."""

    def candidates(self) -> list[Method]:
        """The settings to choose from on validation, the method's own first."""
        grid = [[(key, value) for value in values] for key, values in self.method.tunes.items()]
        chosen_by_hand = {key for key in self.method.tunes if getattr(self.method, key) != self.method.tunes[key][0]}
        free = [axis for axis in grid if axis[0][0] not in chosen_by_hand]
        return [replace(self.method, **dict(point)) for point in itertools.product(*free)]

    @property
    def source_names(self) -> tuple[str, ...]:
        """The sources as the person named them."""
        return tuple(source.name for source in self.sources)


def proposed(sources: Sequence[Source], promising: Sequence[Source]) -> list[Arm]:
    """The arms of `transfer`: a linear probe of every source, full fine-tuning of the `promising` ones."""
    wanted: list[tuple[Method, Source]] = [(LinearProbe(), source) for source in sources]
    wanted += [(Full(), source) for source in promising]
    return with_baselines([(method, (source,)) for method, source in wanted])


def named(sources: Sequence[Source], methods: Sequence[Method]) -> list[Arm]:
    """The arms of `compare`: every named method on every set of sources it takes; an unfit one gives its reason."""
    wanted: list[tuple[Method, tuple[Source, ...]]] = []
    for method in methods:
        fitting = list(_fitting(method, sources))
        if not fitting:
            check_sources(method, ())
            raise WrongUse(f"method {method.name} fits none of the sources {', '.join(s.name for s in sources)}")
        wanted += [(method, group) for group in fitting]
    return with_baselines(wanted)


def with_baselines(wanted: Sequence[tuple[Method, tuple[Source, ...]]]) -> list[Arm]:
    """Add, first, one scratch for every architecture among the arms, and the majority floor."""
    scratch_of: dict[str, Source] = {}
    for method, sources in wanted:
        if not method.is_baseline:
            for source in sources[:1]:
                scratch_of.setdefault(_architecture(source), source)
    by_hand = next((method for method, _ in wanted if isinstance(method, Scratch)), Scratch())
    baselines = {
        key: Arm("scratch" if len(scratch_of) == 1 else f"scratch ({source.name})", by_hand, (source,))
        for key, source in scratch_of.items()
    } or {"": Arm("scratch", by_hand, ())}
    arms = [*baselines.values(), Arm("majority", Majority(), ())]
    for method, sources in wanted:
        if method.is_baseline:
            continue
        baseline = baselines[_architecture(sources[0])].name if sources else next(iter(baselines.values())).name
        spelled = str(method) if sum(m.name == method.name for m, s in wanted if s == sources) > 1 else method.name
        arms.append(Arm(f"{spelled} < {' + '.join(s.name for s in sources)}", method, sources, baseline))
    return arms


def _fitting(method: Method, sources: Sequence[Source]) -> Iterator[tuple[Source, ...]]:
    """The sets of sources a method takes: one model at a time where one is enough, all where it wants several."""
    least, most = method.needs.models
    if method.is_baseline:
        yield ()
    elif least <= 1 <= most:
        yield from ((source,) for source in sources)
    elif least <= len(sources):
        yield tuple(sources[:most])


def _architecture(source: Source) -> str:
    """Equal for sources whose scratch is the same network on the same inputs."""
    card = source.card()
    shape = architectures.from_scratch(card.architecture).fingerprint if card.architecture else ""
    return f"{shape}{source.processor().describe()}"
