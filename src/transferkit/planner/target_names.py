"""Target names: several targets by names that are unlike each other and fit for folders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.target import Target

GivenTarget = Target | str | Path


def names_of(targets: Sequence[GivenTarget]) -> list[str]:
    """A name for each, fit for a folder and unlike the others'; one line for a target that is not there, or there twice.

    Those of one name carry that of the folder in which they lie, and so the same in whatever order they are given.
    """
    if not targets:
        raise WrongUse("no target was named; name one or more")
    seen: set[object] = set()
    names: list[str] = []
    plain = [_plain(given) for given in targets]
    shared = Counter(name.casefold() for name in plain)
    for given, name in zip(targets, plain, strict=True):
        place: object = given if isinstance(given, Target) else _place(given)
        if place in seen:
            raise WrongUse(f"{_said(given)} is named twice as a target; name each once")
        seen.add(place)
        names.append(_numbered(_with_folder(given, name) if shared[name.casefold()] > 1 else name, names))
    return names


def _place(given: str | Path) -> str:
    """The same for the same place; one line where there is none."""
    scheme, colon, _ = str(given).partition(":")
    if colon and any(cls.scheme == scheme for cls in registry.find("data").values()):
        return str(given)
    if colon and scheme in registry.find("sources"):
        raise WrongUse(f"{given} is a source, not a target; say --from {given}")
    if not Path(given).exists():
        raise WrongUse(f"{given}: no such file or folder")
    return str(Path(given).resolve())


def _said(given: GivenTarget) -> str:
    return given.name if isinstance(given, Target) else str(given)


def _plain(given: GivenTarget) -> str:
    """The target's own name, a table's without its ending, in characters that any folder may have."""
    if isinstance(given, Target):
        name = given.name
    else:
        path = Path(given)
        path = path.resolve() if path.exists() else path
        name = path.stem if path.is_file() else path.name
    return _fit_for_a_folder(name) or "target"


def _with_folder(given: GivenTarget, name: str) -> str:
    """The name with that of the folder in which a file or folder lies."""
    if isinstance(given, Target) or not Path(given).exists():
        return name
    return "-".join(filter(None, [_fit_for_a_folder(Path(given).resolve().parent.name), name]))


def _fit_for_a_folder(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-")


def _numbered(name: str, taken: Sequence[str]) -> str:
    """The name, with a number where it is taken; some file systems know no capitals."""
    known = {one.casefold() for one in (*taken, "report.html", "studies.json")}
    candidates = (name, *(f"{name}-{number}" for number in range(2, len(known) + 3)))
    return next(one for one in candidates if one.casefold() not in known)
