"""The front door's verbs: rank, plan, compare, transfer, load."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.budget import Budget
from transferkit.core.errors import WrongUse
from transferkit.core.method import Method
from transferkit.core.run import Cache, Progress, Run, silent
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.given import (
    are_named,
    default_cache,
    is_evidence,
    read_sources,
    read_target,
    read_wanted,
    request_of,
    sources_and_target,
)

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.planner.adaptation_plan import DomainPlan
    from transferkit.planner.domain_ranking import DomainRanking
    from transferkit.planner.planning import StudyPlan
    from transferkit.planner.ranking import Ranking
    from transferkit.planner.several import Studies
    from transferkit.planner.study import Study
    from transferkit.sources.candidates.candidate import Candidates


def rank(
    sources: Sequence[Source | str] | None,
    target: Target | str | Path,
    *,
    target_labels: str = "auto",
    seed: int = 0,
    cache: Cache | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> Ranking | DomainRanking:
    """Which source promises most for this target: a predicted metric with an interval, from one cached pass a source.

    Trains nothing and never opens the test split. `print` the result for a table. sources: None stands for
    `candidates(target)`, here and in the other verbs. Where no label of the target is to be learned from (`target_labels` as in
    `transfer`) the labelled data among the sources are put in an order without any prediction: a `DomainRanking`.
    """
    from transferkit.core.beside import as_evidence
    from transferkit.evaluate.left_out import check_rankable
    from transferkit.planner.domain_ranking import rank_domains
    from transferkit.planner.ranking import rank_sources
    from transferkit.planner.source_tasks import with_networks

    run = Run(seed=seed, cache=cache or default_cache(), device=device, progress=progress)
    given, read = sources_and_target(sources, target, seed, device)
    if is_evidence(target_labels, read, given):
        read = as_evidence(read)
    if not len(read.train) + len(read.validation):
        return rank_domains(given, read, run)
    check_rankable(read.task)
    usable = with_networks(given, read, run)
    ranking = rank_sources(usable, read, run)
    ranking.sorted(usable)  # refuses where none can be used
    return ranking


def plan(
    sources: Sequence[Source | str] | None,
    target: Target | str | Path,
    *,
    budget: str | float | Budget | None = None,
    add: Sequence[str] = (),
    drop: Sequence[str] = (),
    pin: Sequence[str] = (),
    seeds: int = 5,
    seed: int = 0,
    target_labels: str = "auto",
    cache: Cache | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    begun: float | None = None,
) -> StudyPlan | DomainPlan:
    """What `transfer` would try, in which order, at which cost, and what it drops and why. `print` it to read it.

    Ranks the sources and times a few batches; fits nothing and never opens the test split. The arguments are those of
    `transfer`. Where no label of the target is to be learned from it plans an adaptation: a `DomainPlan`.
    """
    from transferkit.planner.conduct import planned

    wishes = (add, drop, pin)
    return planned(
        request_of(
            sources,
            target,
            None,
            wishes,
            budget=budget,
            seeds=seeds,
            seed=seed,
            target_labels=target_labels,
            cache=cache,
            device=device,
            progress=progress,
            begun=begun,
        )
    )


def compare(
    sources: Sequence[Source | str] | None,
    target: Target | str | Path,
    methods: Sequence[Method | str],
    *,
    budget: str | float | Budget | None = None,
    seeds: int = 5,
    seed: int = 0,
    out: str | Path | None = None,
    on: str | None = None,
    label_curve: bool = True,
    target_labels: str = "auto",
    cache: Cache | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    command: str = "",
    begun: float | None = None,
) -> Study:
    """Every named method on every source it takes, against scratch; every arm is proven on the sealed test.

    `methods` are values such as `Full(epochs=20)` or spellings such as `"full:epochs=20"`. The other arguments are those of
    `transfer`.
    """
    from transferkit.planner.conduct import conduct

    if not methods:
        raise WrongUse("compare needs at least one method, such as linear_probe or full")
    wanted = tuple(read_wanted(method) for method in ([methods] if isinstance(methods, (str, Method)) else methods))
    return conduct(
        request_of(
            sources,
            target,
            wanted,
            budget=budget,
            seeds=seeds,
            seed=seed,
            out=out,
            on=on,
            label_curve=label_curve,
            target_labels=target_labels,
            cache=cache,
            device=device,
            progress=progress,
            command=command,
            begun=begun,
        )
    )


def transfer(
    sources: Sequence[Source | str] | None,
    target: Target | str | Path,
    *,
    budget: str | float | Budget | None = None,
    add: Sequence[str] = (),
    drop: Sequence[str] = (),
    pin: Sequence[str] = (),
    seeds: int = 5,
    seed: int = 0,
    out: str | Path | None = None,
    on: str | None = None,
    label_curve: bool = True,
    target_labels: str = "auto",
    cache: Cache | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    command: str = "",
    begun: float | None = None,
) -> Study:
    """Rank the sources, try the promising arms within the budget, prove the chosen one against scratch.

    budget: seconds, or a spelling such as "10m" or "20 trials"; None: everything planned is run. add, drop, pin: arms, spelled
    as the report spells them ("full:epochs=20 < zoo:digits-cnn"); a dropped one is not tried, a pinned one is tried to the
    end and proven; to drop and to pin `*` stands for anything. seeds: paired refits for the proof. out: run directory; the
    same call with the same directory goes on where it was interrupted, and the result is saved there. on: where trials run;
    None is this process, "ray" this machine's cores as Ray workers, "ray://host:port" a cluster. label_curve: also learn from
    fewer labels, to say how many labels the transfer is worth. target_labels: "learn" from the target's labels, or keep them as
    "evidence" alone and learn from labelled data of another domain among the sources; "auto" learns where there are enough, and
    a target without labels needs no word. cache: where features are kept; None: the person's cache
    directory. begun: `time.monotonic()` from which the budget counts; None: now.
    """
    from transferkit.planner.conduct import conduct

    wishes = (add, drop, pin)
    return conduct(
        request_of(
            sources,
            target,
            None,
            wishes,
            budget=budget,
            seeds=seeds,
            seed=seed,
            out=out,
            on=on,
            label_curve=label_curve,
            target_labels=target_labels,
            cache=cache,
            device=device,
            progress=progress,
            command=command,
            begun=begun,
        )
    )


def transfer_each(
    sources: Sequence[Source | str] | None,
    targets: Sequence[Target | str | Path],
    *,
    budget: str | float | Budget | None = None,
    out: str | Path | None = None,
    begun: float | None = None,
    **rest: Any,
) -> Studies:
    """`transfer` to each of several targets, one after the other: a study, a verdict and a predictor of its own for each.

    What the sources have in common is made once. budget: of all of them; what is left is shared out anew before each. out: each
    study is kept there in a folder of its target's name, beside a report that lists them. A target that fails does not lose the
    others: `failed` of the result says why. The other arguments are those of `transfer`.
    """
    return _each(transfer, sources, targets, budget, out, begun, **rest)


def compare_each(
    sources: Sequence[Source | str] | None,
    targets: Sequence[Target | str | Path],
    methods: Sequence[Method | str],
    *,
    budget: str | float | Budget | None = None,
    out: str | Path | None = None,
    begun: float | None = None,
    **rest: Any,
) -> Studies:
    """`compare` on each of several targets; see `transfer_each`. The other arguments are those of `compare`."""
    for method in [methods] if isinstance(methods, (str, Method)) else methods:
        read_wanted(method)  # a slip is told once, before any data is read
    return _each(compare, sources, targets, budget, out, begun, methods=methods, **rest)


def candidates(target: Target | str | Path, *, offline: bool = False, device: str = "cpu") -> Candidates:
    """Sources for a target, where you name none: bundled, in the local Hugging Face cache, and from a short curated list.

    Only such as fit the target's modality and the size of this machine. `print` them to see where each comes from and what
    would be downloaded. offline: never ask the network.
    """
    from transferkit.sources.candidates.propose import propose

    return propose(read_target(target, 0).modality, offline=offline, device=device)


def load(path: str | Path, *, trust: bool = False) -> Predictor:
    """The predictor a study or `save` left in a directory.

    trust: allow code that came with its source (a Lambda layer of Keras, types that skops does not know); it can do anything
    you can. Only a source that was trusted when it was fitted needs it.
    """
    from transferkit.artifact.saved import load as load_predictor

    return load_predictor(Path(path), trust)


def _each(
    verb: Callable[..., Study],
    sources: Sequence[Source | str] | None,
    targets: Sequence[Target | str | Path],
    budget: str | float | Budget | None,
    out: str | Path | None,
    begun: float | None,
    **rest: Any,
) -> Studies:
    from transferkit.planner.several import Part, study_each

    begun = time.monotonic() if begun is None else begun
    given = read_sources(sources or ()) if are_named(sources) else sources
    beside = [source for source in given or () if isinstance(source, Source)]
    cache, progress = rest.pop("cache", None) or default_cache(), rest.pop("progress", silent)

    def read(target: Target | str | Path) -> Target:
        return read_target(target, rest.get("seed", 0), beside)

    def study(target: Target, part: Part) -> Study:
        limits = {"budget": part.budget, "out": part.out, "begun": part.begun}
        return verb(given, target, **limits, cache=cache, progress=part.told(progress), **rest)

    several = [targets] if isinstance(targets, (str, Path, Target)) else targets
    return study_each(several, read, study, Budget.parse(budget), out, begun)
