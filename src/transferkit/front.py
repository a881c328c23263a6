"""The front door's verbs: rank, plan, compare, transfer, load."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.budget import Budget
from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.method import Method
from transferkit.core.run import Cache, Progress, Run, silent
from transferkit.core.source import Source
from transferkit.core.spelling import given_settings, read_method
from transferkit.core.target import Target

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.planner.adaptation_plan import DomainPlan
    from transferkit.planner.arms import Wanted
    from transferkit.planner.domain_ranking import DomainRanking
    from transferkit.planner.planning import StudyPlan
    from transferkit.planner.ranking import Ranking
    from transferkit.planner.request import Request
    from transferkit.planner.several import Studies
    from transferkit.planner.study import Study
    from transferkit.sources.candidates.candidate import Candidates


TARGET_LABELS = ("auto", "learn", "evidence")


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

    run = Run(seed=seed, cache=cache or _default_cache(), device=device, progress=progress)
    given, read = _sources_and_target(sources, target, seed, device)
    if _is_evidence(target_labels, read, given):
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
        _request(
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
    wanted = tuple(_wanted(method) for method in ([methods] if isinstance(methods, (str, Method)) else methods))
    return conduct(
        _request(
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
        _request(
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
        _wanted(method)  # a slip is told once, before any data is read
    return _each(compare, sources, targets, budget, out, begun, methods=methods, **rest)


def candidates(target: Target | str | Path, *, offline: bool = False, device: str = "cpu") -> Candidates:
    """Sources for a target, where you name none: bundled, in the local Hugging Face cache, and from a short curated list.

    Only such as fit the target's modality and the size of this machine. `print` them to see where each comes from and what
    would be downloaded. offline: never ask the network.
    """
    from transferkit.sources.candidates.propose import propose

    return propose(_target(target, 0).modality, offline=offline, device=device)


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
    given = _sources(sources or ()) if _are_named(sources) else sources
    beside = [source for source in given or () if isinstance(source, Source)]
    cache, progress = rest.pop("cache", None) or _default_cache(), rest.pop("progress", silent)

    def read(target: Target | str | Path) -> Target:
        return _target(target, rest.get("seed", 0), beside)

    def study(target: Target, part: Part) -> Study:
        limits = {"budget": part.budget, "out": part.out, "begun": part.begun}
        return verb(given, target, **limits, cache=cache, progress=part.told(progress), **rest)

    several = [targets] if isinstance(targets, (str, Path, Target)) else targets
    return study_each(several, read, study, Budget.parse(budget), out, begun)


def _request(
    sources: Sequence[Source | str] | None,
    target: Target | str | Path,
    methods: tuple[Wanted, ...] | None,
    wishes: Sequence[Sequence[str]] = ((), (), ()),
    *,
    begun: float | None = None,
    cache: Cache | None = None,
    budget: str | float | Budget | None = None,
    target_labels: str = "auto",
    **rest: Any,
) -> Request:
    """What the verbs have in common: names are read, defaults filled in, and slips refused before anything is loaded."""
    from transferkit.core.beside import as_evidence
    from transferkit.planner.request import Request
    from transferkit.planner.wishes import Wishes

    if rest["seeds"] < 1:
        said = f"seeds={rest['seeds']}; a proof needs at least 1, and 3 or more to say anything about other seeds"
        raise WrongUse(said)
    begun = time.monotonic() if begun is None else begun  # before the target is read: that too costs time
    limit = Budget.parse(budget)
    given, read = _sources_and_target(sources, target, rest["seed"], rest["device"])
    if _is_evidence(target_labels, read, given):
        read = as_evidence(read)
    besides = sorted({name for method, _ in methods or () for name in method.says_besides})
    return Request(
        begun=begun,
        sources=tuple(given),
        sources_are_proposed=not _are_named(sources),
        budget=limit,
        target=replace(read, task=read.task.widened(besides)) if besides else read,
        cache=cache or _default_cache(),
        methods=methods,
        wishes=Wishes(*((patterns,) if isinstance(patterns, str) else tuple(patterns) for patterns in wishes)),
        **rest,
    )


def _is_evidence(wish: str, target: Target, sources: Sequence[Source]) -> bool:
    """Whether the target's labels are to be evidence alone: as one says, or where there are a handful beside many open items
    and a labelled domain to learn from."""
    if wish not in TARGET_LABELS:
        raise unknown_name("use of target labels", wish, TARGET_LABELS)
    if wish == "evidence":
        return True
    if wish == "learn" or not target.too_small_to_seal or len(target.unlabelled) <= len(target.train):
        return False
    return any(source.lends_data and source.data().task.name == target.task.name for source in sources)


def _wanted(method: Method | str) -> Wanted:
    """A method, and the settings that were named and so are not tuned."""
    return (read_method(method), given_settings(method)) if isinstance(method, str) else (method, frozenset())


def _sources_and_target(
    sources: Sequence[Source | str] | None, target: Target | str | Path, seed: int, device: str
) -> tuple[list[Source], Target]:
    """Both, read; a source that is misspelled is refused before the target is read, which may take long."""
    if sources is not None:
        given = _sources(sources)
        return given, _target(target, seed, given)
    read = _target(target, seed)
    found = candidates(read, device=device)
    if found.downloads:
        warnings.warn(f"no source was named; {found.announcement}", stacklevel=4)
    return list(found), read


def _are_named(sources: Sequence[Source | str] | None) -> bool:
    from transferkit.sources.candidates.candidate import Candidates

    return not (sources is None or isinstance(sources, Candidates))


def _sources(sources: Sequence[Source | str]) -> list[Source]:
    if isinstance(sources, (str, Source)):
        sources = [sources]
    given = [source if isinstance(source, Source) else Source(source) for source in sources]
    if not given:
        raise WrongUse("no source was named; name one or more, such as zoo:digits-cnn or hf:microsoft/resnet-18")
    for source in given:
        source.check()
    return list(dict.fromkeys(given))


def _target(target: Target | str | Path, seed: int, beside: Sequence[Source] = ()) -> Target:
    """Read; where labelled data are among the sources it need not have labels of its own."""
    from transferkit.core.beside import read_beside

    data = next((source for source in beside if source.lends_data), None)
    if isinstance(target, Target):
        return target
    return Target.read(target, seed=seed) if data is None else read_beside(target, data.data, seed=seed)


def _default_cache() -> Cache:
    from transferkit.data.cache import FeatureCache

    return FeatureCache()
