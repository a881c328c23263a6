"""Given: what a person hands to a verb is read, sources and target by their names, methods by their spelling."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.budget import Budget
from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.method import Method
from transferkit.core.run import Cache
from transferkit.core.source import Source
from transferkit.core.spelling import given_settings, read_method
from transferkit.core.target import Target

if TYPE_CHECKING:
    from transferkit.planner.arms import Wanted
    from transferkit.planner.request import Request

TARGET_LABELS = ("auto", "learn", "evidence")


def request_of(
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
    given, read = sources_and_target(sources, target, rest["seed"], rest["device"])
    if is_evidence(target_labels, read, given):
        read = as_evidence(read)
    besides = sorted({name for method, _ in methods or () for name in method.says_besides})
    return Request(
        begun=begun,
        sources=tuple(given),
        sources_are_proposed=not are_named(sources),
        budget=limit,
        target=replace(read, task=read.task.widened(besides)) if besides else read,
        cache=cache or default_cache(),
        methods=methods,
        wishes=Wishes(*((patterns,) if isinstance(patterns, str) else tuple(patterns) for patterns in wishes)),
        **rest,
    )


def is_evidence(wish: str, target: Target, sources: Sequence[Source]) -> bool:
    """Whether the target's labels are to be evidence alone: as one says, or where there are a handful beside many open items
    and a labelled domain to learn from."""
    if wish not in TARGET_LABELS:
        raise unknown_name("use of target labels", wish, TARGET_LABELS)
    if wish == "evidence":
        return True
    if wish == "learn" or not target.too_small_to_seal or len(target.unlabelled) <= len(target.train):
        return False
    return any(source.lends_data and source.data().task.name == target.task.name for source in sources)


def read_wanted(method: Method | str) -> Wanted:
    """A method, and the settings that were named and so are not tuned."""
    return (read_method(method), given_settings(method)) if isinstance(method, str) else (method, frozenset())


def sources_and_target(
    sources: Sequence[Source | str] | None, target: Target | str | Path, seed: int, device: str
) -> tuple[list[Source], Target]:
    """Both, read; a source that is misspelled is refused before the target is read, which may take long."""
    from transferkit.sources.candidates.propose import propose

    if sources is not None:
        given = read_sources(sources)
        return given, read_target(target, seed, given)
    read = read_target(target, seed)
    found = propose(read.modality, device=device)
    if found.downloads:
        warnings.warn(f"no source was named; {found.announcement}", stacklevel=4)
    return list(found), read


def are_named(sources: Sequence[Source | str] | None) -> bool:
    """False where they are, or are to be, proposed."""
    from transferkit.sources.candidates.candidate import Candidates

    return not (sources is None or isinstance(sources, Candidates))


def read_sources(sources: Sequence[Source | str]) -> list[Source]:
    """Each once; one line where one is not there, or none is named."""
    if isinstance(sources, (str, Source)):
        sources = [sources]
    given = [source if isinstance(source, Source) else Source(source) for source in sources]
    if not given:
        raise WrongUse("no source was named; name one or more, such as zoo:digits-cnn or hf:microsoft/resnet-18")
    for source in given:
        source.check()
    return list(dict.fromkeys(given))


def read_target(target: Target | str | Path, seed: int, beside: Sequence[Source] = ()) -> Target:
    """Read; where labelled data are among the sources it need not have labels of its own."""
    from transferkit.core.beside import read_beside

    data = next((source for source in beside if source.lends_data), None)
    if isinstance(target, Target):
        return target
    return Target.read(target, seed=seed) if data is None else read_beside(target, data.data, seed=seed)


def default_cache() -> Cache:
    """The person's cache directory."""
    from transferkit.data.cache import FeatureCache

    return FeatureCache()
