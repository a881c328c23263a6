"""Find every method, task, source kind and data format there is: the folder is the family, the file stem the name.

Built-ins are the files of `transferkit.<kind>`; others plug in by the entry-point groups `transferkit.methods`,
`transferkit.tasks`, `transferkit.sources`, `transferkit.data`. A broken plug-in is named in a warning and skipped.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from transferkit.core.errors import unknown_name

CONTRACTS = {
    "methods": ("transferkit.core.method", "Method"),
    "tasks": ("transferkit.core.task", "Task"),
    "sources": ("transferkit.core.source", "SourceKind"),
    "data": ("transferkit.core.format", "Format"),
}
"""Kind of plug-in -> where its abstract class is."""


def contract(kind: str) -> type[Any]:
    """The abstract class every plug-in of this kind subclasses."""
    module, name = CONTRACTS[kind]
    found: type[Any] = getattr(importlib.import_module(module), name)
    return found


@cache
def find(kind: str) -> Mapping[str, type[Any]]:
    """Name -> class of every plug-in of one kind, built-ins first. Imports no heavy library by itself."""
    found: dict[str, type[Any]] = {}
    for module_name in _modules(kind):
        for cls in _plug_ins(importlib.import_module(module_name), contract(kind)):
            found[module_name.rpartition(".")[2]] = cls
    for entry in entry_points(group=f"transferkit.{kind}"):
        try:
            loaded = entry.load()
            if not (inspect.isclass(loaded) and issubclass(loaded, contract(kind))):
                raise TypeError(f"{loaded!r} is not a {contract(kind).__name__} class")
        except Exception as reason:  # a stranger's code may fail in any way
            warnings.warn(f"plug-in {entry.name!r} ({entry.value}) left out: {reason}", stacklevel=2)
            continue
        found.setdefault(entry.name, loaded)
    return MappingProxyType(found)


def get(kind: str, name: str) -> type[Any]:
    """One plug-in by name; an unknown name gives an error with the nearest known one."""
    known = find(kind)
    if name not in known:
        what = {"sources": "source scheme", "data": "data format"}.get(kind, kind.removesuffix("s"))
        raise unknown_name(what, name, known)
    return known[name]


def _modules(kind: str) -> list[str]:
    """The files of one kind; methods lie one folder deeper, in their families."""
    package = importlib.import_module(f"transferkit.{kind}")
    inside = list(pkgutil.iter_modules(package.__path__, f"{package.__name__}."))
    if kind != "methods":
        return [module.name for module in inside if not module.ispkg]
    families = [importlib.import_module(module.name) for module in inside if module.ispkg]
    return [m.name for family in families for m in pkgutil.iter_modules(family.__path__, f"{family.__name__}.")]


def _plug_ins(module: Any, abstract: type[Any]) -> list[type[Any]]:
    """The final classes of a contract that a module itself defines."""
    return [
        cls
        for cls in vars(module).values()
        if inspect.isclass(cls)
        and issubclass(cls, abstract)
        and not inspect.isabstract(cls)
        and cls.__module__ == module.__name__
    ]
