"""The front door's verbs: rank, compare, transfer, load."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transferkit.core.budget import Budget
from transferkit.core.errors import WrongUse
from transferkit.core.method import Method
from transferkit.core.run import Cache, Progress, Run, silent
from transferkit.core.source import Source
from transferkit.core.spelling import given_settings, read_method
from transferkit.core.target import Target

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.plan.arms import Wanted
    from transferkit.plan.ranking import Ranking
    from transferkit.plan.study import Study


def rank(
    sources: Sequence[Source | str],
    target: Target | str | Path,
    *,
    seed: int = 0,
    cache: Cache | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> Ranking:
    """Which source promises most for this target: a predicted metric with an interval, from one cached pass a source.

    Trains nothing and never opens the test split. `print` the result for a table.
    """
    from transferkit.plan.ranking import rank_sources

    run = Run(seed=seed, cache=cache or _default_cache(), device=device, progress=progress)
    given = _sources(sources)
    ranking = rank_sources(given, _target(target, seed), run)
    ranking.sorted(given)  # refuses where none can be used
    return ranking


def compare(
    sources: Sequence[Source | str],
    target: Target | str | Path,
    methods: Sequence[Method | str],
    *,
    budget: str | float | Budget | None = None,
    seeds: int = 5,
    seed: int = 0,
    out: str | Path | None = None,
    cache: Cache | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    command: str = "",
) -> Study:
    """Every named method on every source it takes, against scratch; every arm is proven on the sealed test.

    `methods` are values such as `Full(epochs=20)` or spellings such as `"full:epochs=20"`. The other arguments are those of
    `transfer`.
    """
    given = _sources(sources)
    if not methods:
        raise WrongUse("compare needs at least one method, such as linear_probe or full")
    wanted = [_wanted(method) for method in ([methods] if isinstance(methods, (str, Method)) else methods)]
    options = _Options(budget, seeds, seed, out, cache, device, progress, command)
    return _study(given, wanted, target, options)


def transfer(
    sources: Sequence[Source | str],
    target: Target | str | Path,
    *,
    budget: str | float | Budget | None = None,
    seeds: int = 5,
    seed: int = 0,
    out: str | Path | None = None,
    cache: Cache | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    command: str = "",
) -> Study:
    """Rank the sources, try the promising arms within the budget, prove the chosen one against scratch.

    budget: seconds, or a spelling such as "10m" or "20 trials"; None: everything planned is run. seeds: paired refits for
    the proof. out: run directory; the same call with the same directory goes on where it was interrupted, and the result is
    saved there. cache: where features are kept; None: the person's cache directory.
    """
    return _study(_sources(sources), None, target, _Options(budget, seeds, seed, out, cache, device, progress, command))


def load(path: str | Path) -> Predictor:
    """The predictor a study or `save` left in a directory."""
    from transferkit.artifact.saved import load as load_predictor

    return load_predictor(Path(path))


@dataclass(frozen=True)
class _Options:
    """What `transfer` and `compare` have in common; said there."""

    budget: str | float | Budget | None
    seeds: int
    seed: int
    out: str | Path | None
    cache: Cache | None
    device: str
    progress: Progress
    command: str


def _study(sources: list[Source], wanted: list[Wanted] | None, target: Target | str | Path, options: _Options) -> Study:
    """`wanted`: the methods of `compare`; None for `transfer`, whose arms follow from the ranking."""
    from transferkit.artifact.journal import Journal
    from transferkit.plan.allowance import Allowance
    from transferkit.plan.arms import named, proposed, read_arm
    from transferkit.plan.findings import Findings, Settings
    from transferkit.plan.ranking import rank_sources
    from transferkit.plan.study import carry_out
    from transferkit.plan.trials import Trials
    from transferkit.plan.tried import Tried

    seed, n_seeds = options.seed, options.seeds
    if n_seeds < 1:
        raise WrongUse(f"seeds={n_seeds}; a proof needs at least 1, and 3 or more to say anything about other seeds")
    budget, read, cache = Budget.parse(options.budget), _target(target, seed), options.cache or _default_cache()
    settings = Settings(
        seeds=tuple(range(seed, seed + n_seeds)),
        folds=(seed,) if read.validation_is_given else (seed, seed + 1, seed + 2),
        prove_every_arm=wanted is not None,
        resumable=options.out is not None,
        command=options.command,
    )
    identity = {
        "target": read.fingerprint,
        "task": {"name": read.task.name, **read.task.describe()},
        "sources": [source.name for source in sources],
        "arms": "proposed" if wanted is None else [[str(method), sorted(fixed)] for method, fixed in wanted],
        "seeds": list(settings.seeds),
    }
    with _run_directory(options.out) as directory, Journal.open(directory, identity) as journal:
        allowance = Allowance(budget, journal.spent_seconds, len(journal.trials()))
        run = Run(seed=seed, deadline=allowance.deadline, cache=cache, device=options.device, progress=options.progress)
        ranking = rank_sources(sources, read, run)
        usable, promising = ranking.sorted(sources)
        arms = proposed(usable, promising) if wanted is None else named(usable, wanted)
        # An interrupted study goes on with the arms it began with, even where the ranking came out otherwise this time.
        arms = [read_arm(arm, sources) for arm in journal.note("arms", [arm.written() for arm in arms])]
        trials = Trials(read, journal, allowance, cache, options.device, options.progress)
        tried = Tried(sign=1 if read.task.metric.higher_is_better else -1)
        study = carry_out(Findings(trials, arms, ranking, settings, tried))
    if options.out:
        study.save(options.out)
    return study


def _wanted(method: Method | str) -> Wanted:
    """A method, and the settings that were named and so are not tuned."""
    return (read_method(method), given_settings(method)) if isinstance(method, str) else (method, frozenset())


@contextmanager
def _run_directory(out: str | Path | None) -> Iterator[Path]:
    """Where a study keeps its journal: the person's directory, or one that is gone afterwards."""
    if out:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="transferkit-") as workplace:
        yield Path(workplace) / "run"


def _sources(sources: Sequence[Source | str]) -> list[Source]:
    if isinstance(sources, (str, Source)):
        sources = [sources]
    given = [source if isinstance(source, Source) else Source(source) for source in sources]
    if not given:
        raise WrongUse("no source was named; name one or more, such as zoo:digits-cnn or hf:microsoft/resnet-18")
    return list(dict.fromkeys(given))


def _target(target: Target | str | Path, seed: int) -> Target:
    return target if isinstance(target, Target) else Target.read(target, seed=seed)


def _default_cache() -> Cache:
    from transferkit.data.cache import FeatureCache

    return FeatureCache()
