"""Processors by kind: one file each, with `of(settings) -> Processor`; what `describe()` wrote is built again here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import unknown_name

if TYPE_CHECKING:
    from transferkit.core.source import Processor


def names() -> tuple[str, ...]:
    """Every kind there is, by file stem; imports none of them.

    >>> "image" in names()
    True
    """
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def build(description: Mapping[str, Any]) -> Processor:
    """The processor that a `describe()` describes; one line for an unknown kind or setting.

    >>> build({"kind": "image", "size": [32, 32]}).describe()["size"]
    [32, 32]
    """
    settings = dict(description)
    kind = str(settings.pop("kind", "image"))
    if kind not in names():
        raise unknown_name("kind of processor", kind, names())
    built: Processor = importlib.import_module(f"{__name__}.{kind}").of(settings)
    return built


def check_settings(settings: Mapping[str, Any], processor: type[Any], what: str) -> None:
    """Refuse a setting that this processor's dataclass has no field for."""
    known = {field.name for field in fields(processor)}
    for name in settings:
        if name not in known:
            raise unknown_name(f"setting of {what}", name, known)
