"""Wishes: arms that a person adds to a plan, drops from it, or pins.

An arm is spelled as the report spells it: `METHOD < SOURCE`, such as "full:epochs=20 < zoo:digits-cnn". To drop and to pin,
`*` stands for anything: "full < *", "* < zoo:letters-cnn".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method, check_sources
from transferkit.core.source import Source
from transferkit.core.spelling import given_settings, read_method

Added = tuple[Method, frozenset[str], tuple[Source, ...]]


@dataclass(frozen=True)
class Wishes:
    """What a person wants of a plan."""

    add: tuple[str, ...] = ()
    """Tried beside what is proposed."""
    drop: tuple[str, ...] = ()
    """Not tried, whatever they promise."""
    pin: tuple[str, ...] = ()
    """Tried to the end and proven, whatever validation says."""

    def added(self, sources: Sequence[Source]) -> list[Added]:
        """The arms to add; one that cannot be read, or names a source that is not there, gives one line."""
        return [_read(spelled, sources) for spelled in self.add]

    def drops(self, name: str) -> bool:
        """Whether this arm is not wanted."""
        return _matches(name, self.drop)

    def pins(self, name: str) -> bool:
        """Whether this arm stays to the end."""
        return _matches(name, self.pin)

    def check(self, names: Sequence[str]) -> None:
        """Refuse a pattern that fits no arm: it is a slip of the pen."""
        for option, patterns in (("drop", self.drop), ("pin", self.pin)):
            for pattern in patterns:
                if not any(_matches(name, (pattern,)) for name in names):
                    raise WrongUse(f"--{option} {pattern!r} fits none of the arms: {', '.join(sorted(names))}")
        both = [name for name in names if self.drops(name) and self.pins(name)]
        if both:
            raise WrongUse(f"{both[0]} is both pinned and dropped; leave one of the two out")


def _read(spelled: str, sources: Sequence[Source]) -> Added:
    method_text, arrow, source_text = (part.strip() for part in spelled.partition("<"))
    if not arrow or not source_text:
        raise WrongUse(f"arm {spelled!r} cannot be read; spell it METHOD < SOURCE, such as 'full < zoo:digits-cnn'")
    by_name = {source.name: source for source in sources}
    names = [name.strip() for name in source_text.split(" + ")]
    missing = [name for name in names if name not in by_name]
    if missing:
        raise WrongUse(f"arm {spelled!r} names {missing[0]}, which is not among the sources: {', '.join(by_name)}")
    method = read_method(method_text)
    chosen = tuple(by_name[name] for name in names)
    check_sources(method, chosen)
    return method, given_settings(method_text), chosen


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern.strip()) for pattern in patterns)
