"""Trust: whether the person who loads a saved model allows the code that it holds.

It is said where a model is loaded and asked where a network runs code of its own; the layers between have no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_GIVEN = ContextVar("given", default=False)


@contextmanager
def trusting(given: bool) -> Iterator[None]:
    """What is built within may run code of its own, if `given`.

    >>> with trusting(True):
    ...     is_given()
    True
    >>> is_given()
    False
    """
    token = _GIVEN.set(given)
    try:
        yield
    finally:
        _GIVEN.reset(token)


def is_given() -> bool:
    """Whether the person allows it."""
    return _GIVEN.get()
