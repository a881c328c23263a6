"""The arms of a study whose target has no labels to learn from: methods of adaptation, each beside its source-only baseline."""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.method import Method
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.planner.arms import Arm, Wanted, with_data

FAMILIES = ("adapt", "instance")


def arms_of(sources: Sequence[Source], target: Target, wanted: Sequence[Wanted] | None) -> list[Arm]:
    """Every method on every model it takes with all the labelled data, cheap ones first; a baseline stands before what is
    compared with it.

    `wanted`: the methods a person named; None: those that adaptation studies try unasked. One line where a named one cannot
    learn without target labels, or where there are no labelled data to learn from.
    """
    data = [source for source in sources if source.lends_data]
    if not data:
        raise WrongUse(
            f"{target.name} has no label to learn from; name labelled data of the same classes to learn from, such as "
            "--from drawings/"
        )
    chosen = [(method, frozenset[str]()) for method in _usual(target, len(data))] if wanted is None else list(wanted)
    arms: dict[str, Arm] = {}
    for method, fixed in chosen:
        _check(method, target)
        for group in with_data(method, sources):
            names = " + ".join(source.name for source in group)
            spelled = str(method) if sum(m.name == method.name for m, _ in chosen) > 1 else method.name
            baseline = next((m for m, _ in chosen if m.name == method.baseline), None) or read_method(method.baseline)
            if method.is_baseline:
                arms.setdefault(f"{method.name} < {names}", Arm(f"{method.name} < {names}", method, group, None, fixed))
                continue
            under = f"{baseline.name} < {names}"
            arms.setdefault(under, Arm(under, baseline, group))
            arms.setdefault(f"{spelled} < {names}", Arm(f"{spelled} < {names}", method, group, under, fixed))
    if not any(arm.baseline for arm in arms.values()):
        raise WrongUse(
            "no method of adaptation can be tried here; name one, such as --method recolouring, or a model with --from"
        )
    return list(arms.values())


def _usual(target: Target, n_data: int) -> list[Method]:
    """The methods that are tried unasked: closed forms first, then those that train a network."""
    found = []
    for _, cls in sorted(registry.find("methods").items()):
        needs = cls.needs
        if cls.tried_on == "named" or not needs.data[1] or needs.target_labels or cls.is_baseline:
            continue
        if needs.data[0] > n_data or (needs.features and not target.task.needs_features):
            continue
        method = cls()
        if method.suits(target.task):
            found.append(method)
    return sorted(found, key=lambda method: (method.tried_on != "every", method.name))


def _check(method: Method, target: Target) -> None:
    """Refuse a named method that cannot work here."""
    if not method.needs.data[1]:
        raise WrongUse(
            f"method {method.name} learns from labels of the target, and {target.name} has none to learn from; name one of the "
            f"families {' and '.join(FAMILIES)}, such as {', '.join(_examples())}"
        )
    if method.needs.target_labels:
        raise WrongUse(
            f"method {method.name} needs some labels of the target, and {target.name} has none to learn from"
        )
    if not method.is_baseline and read_method(method.baseline).needs.target_labels:
        raise WrongUse(
            f"method {method.name} is compared with {method.baseline}, which learns from labels of the target, and "
            f"{target.name} has none to learn from; label some"
        )
    if not method.suits(target.task):
        raise WrongUse(f"method {method.name} does not suit task {target.task.name}")


def _examples() -> list[str]:
    every = registry.find("methods").items()
    return [
        name
        for name, cls in sorted(every)
        if cls.needs.data[1] and not cls.needs.target_labels and not cls.is_baseline and cls.tried_on != "named"
    ][:4]
