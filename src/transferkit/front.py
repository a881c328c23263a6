"""The front door's verbs: rank, compare, transfer, load."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from transferkit.core.budget import Budget
from transferkit.core.errors import WrongUse
from transferkit.core.method import Method
from transferkit.core.run import Cache, Progress, Run, silent
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.plan.arms import Arm
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
    return rank_sources(_sources(sources), _target(target, seed), run)


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
    from transferkit.plan.arms import named

    chosen = [read_method(method) if isinstance(method, str) else method for method in methods]
    if not chosen:
        raise WrongUse("compare needs at least one method, such as linear_probe or full")
    given = _sources(sources)
    arms = named(given, chosen)
    return _study(given, arms, target, budget, seeds, seed, out, cache, device, progress, command)


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
    given = _sources(sources)
    return _study(given, None, target, budget, seeds, seed, out, cache, device, progress, command)


def load(path: str | Path) -> Predictor:
    """The predictor a study or `save` left in a directory."""
    from transferkit.artifact.saved import load as load_predictor

    return load_predictor(Path(path))


def _study(
    sources: list[Source],
    arms: list[Arm] | None,
    target: Target | str | Path,
    budget: str | float | Budget | None,
    seeds: int,
    seed: int,
    out: str | Path | None,
    cache: Cache | None,
    device: str,
    progress: Progress,
    command: str,
) -> Study:
    """Shared by `transfer` (arms: None, they follow from the ranking) and `compare`."""
    from transferkit.artifact.journal import Journal
    from transferkit.plan.allowance import Allowance
    from transferkit.plan.arms import proposed
    from transferkit.plan.findings import Findings, Settings
    from transferkit.plan.ranking import rank_sources
    from transferkit.plan.selection import Tried
    from transferkit.plan.study import carry_out
    from transferkit.plan.trials import Trials

    if seeds < 1:
        raise WrongUse(f"seeds={seeds}; a proof needs at least 1, and 3 or more to say anything about other seeds")
    spent = Budget.parse(budget)
    read = _target(target, seed)
    cache = cache or _default_cache()
    settings = Settings(
        seeds=tuple(range(seed, seed + seeds)), prove_every_arm=arms is not None, command=command, n_folds=3
    )
    identity = {
        "target": read.fingerprint,
        "task": read.task.name,
        "sources": [source.name for source in sources],
        "arms": "proposed" if arms is None else [str(arm.method) for arm in arms],
        "seeds": list(settings.seeds),
        "budget": str(spent),
    }
    with _run_directory(out) as directory, Journal.open(directory, identity) as journal:
        allowance = Allowance(spent, journal.spent_seconds, len(journal.trials()))
        run = Run(seed=seed, deadline=allowance.deadline, cache=cache, device=device, progress=progress)
        ranking = rank_sources(sources, read, run)
        if arms is None:
            arms = proposed(*ranking.sorted(sources))
        trials = Trials(read, journal, allowance, cache, device, progress)
        tried = Tried(sign=1 if read.task.metric.higher_is_better else -1)
        study = carry_out(Findings(trials, arms, ranking, settings, tried), progress)
    if out:
        study.save(out)
    return study


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
