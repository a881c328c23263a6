"""The calls of an exported program: each one operation of torch without side effects, with its arguments.

The graph is data (`sources/exported_file.py`); the operations it may name are those of torch's dispatcher under
`torch.ops.aten` that change none of their arguments, and arithmetic on lengths. Nothing else in it is run: not what TorchScript
alone knows by that name either, such as `aten::save`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from transferkit.core.errors import WrongUse
from transferkit.sources.exported_file import DTYPES

_ARITHMETIC = ("add", "sub", "mul", "floordiv", "mod", "neg", "getitem", "eq", "ne", "lt", "le", "gt", "ge")
_REFUSED = ("from_file",)
"""Operations of aten that reach outside the program."""
_MEMORY = {1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d, 4: torch.preserve_format}


@dataclass(frozen=True, eq=False)
class Call:
    """One operation at work."""

    target: str
    operation: Callable[..., Any]
    arguments: tuple[tuple[str, Mapping[str, Any], bool], ...]
    """Name, value as the schema writes it, whether it is given by name."""
    results: tuple[Mapping[str, Any], ...]
    holds: tuple[str, ...]
    """Names of the parameters among its arguments."""
    uncut: bool
    """Whether what it gives does not have the items as its first axis."""

    @property
    def stem(self) -> str:
        """`conv2d` of `torch.ops.aten.conv2d.default`."""
        parts = self.target.split(".")
        return parts[3].rstrip("_") if len(parts) == 5 else parts[-1]

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of its arguments, lengths included."""
        return tuple(name for _, value, _ in self.arguments for name in _names(value))

    @property
    def gives(self) -> tuple[str, ...]:
        """Names of its results."""
        return tuple(name for result in self.results for name in _names(result))

    def argument(self, name: str) -> str | None:
        """The name of the tensor given as this argument."""
        found = (value for called, value, _ in self.arguments if called == name)
        return next((value["as_tensor"]["name"] for value in found if "as_tensor" in value), None)

    def run(self, tensors: Mapping[str, Any], device: torch.device, instead: Mapping[str, Any]) -> dict[str, Any]:
        """Name -> result. `instead`: values of arguments that replace those of the program."""
        positional, named = [], {}
        for name, value, by_name in self.arguments:
            read = instead[name] if name in instead else _value(value, tensors, device)
            if by_name:
                named[name] = read
            else:
                positional.append(read)
        made = self.operation(*positional, **named)
        if len(self.results) > 1:
            return {n: part for result, part in zip(self.results, made, strict=True) for n in _names(result)}
        if "as_tensors" in self.results[0]:
            return dict(zip(self.gives, made, strict=True))
        return dict.fromkeys(self.gives, made)


def calls_of(graph: Mapping[str, Any]) -> list[Call]:
    """Every operation of the graph in running order; one line for an operation that is not allowed."""
    held = {said["argument"]: name for name, said in graph["tensors"].items()}
    learned = {argument: name for argument, name in held.items() if graph["tensors"][name]["learned"]}
    sizes, items = graph["sizes"], graph["sizes"][graph["input"]][0]
    calls: list[Call] = []
    newest: dict[str, str] = {}
    known = {graph["input"], *held}
    for position, node in enumerate(graph["nodes"]):
        arguments = tuple((name, _renamed(value, newest), by_name) for name, value, by_name in node["inputs"])
        taken = [name for _, value, _ in arguments for name in _names(value)]
        given = [name for result in node["outputs"] for name in _names(result)]
        operation, changes = _operation(node["target"])
        if strange := sorted(set(taken) - known):
            raise WrongUse(
                f"the exported program is damaged: {node['target']} takes {strange[0]!r}, which nothing makes"
            )
        known.update(given)
        if changes:
            _refuse_shared(taken[0], calls, graph["nodes"][position + 1 :], node["target"])
            newest = {old: given[0] if new == taken[0] else new for old, new in newest.items()} | {taken[0]: given[0]}
        uncut = not all(name in sizes and sizes[name][:1] == [items] for name in given)
        holds = tuple(learned[name] for name in taken if name in learned)
        calls.append(Call(node["target"], operation, arguments, tuple(node["outputs"]), holds, uncut))
    return calls


def _operation(target: str) -> tuple[Callable[..., Any], bool]:
    """What is run, and whether the program meant it to change its first argument; it is given a new tensor instead."""
    parts = target.split(".")
    found: Any = None
    changes = False
    if parts[:3] == ["torch", "ops", "aten"] and len(parts) == 5 and parts[3] not in _REFUSED:
        changes = parts[3].endswith("_") and not parts[3].startswith("_")
        packet = getattr(torch.ops.aten, parts[3].rstrip("_") if changes else parts[3], None)
        overload = getattr(packet, parts[4], None)
        found = overload if overload is not None and _is_pure(overload) else None
    elif parts[0] == "_operator" and parts[1:] and parts[1] in _ARITHMETIC:
        found = getattr(operator, parts[1])
    if found is None:
        raise WrongUse(f"the exported program uses {target}, which is not run for it; export it without that operation")
    operation: Callable[..., Any] = found
    return operation, changes


def _is_pure(overload: Any) -> bool:
    """Whether an operation is one of the dispatcher's that changes nothing."""
    return torch._C._dispatch_has_kernel(overload.name()) and not overload._schema.is_mutable


def _refuse_shared(name: str, before: list[Call], later: Sequence[Mapping[str, Any]], target: str) -> None:
    """A tensor that is changed in place must not be seen from now on through another tensor on the same memory."""
    same = {name}
    for call in [*before[::-1], *before]:  # back to what it is a view of, then on to the other views of that
        if _gives_views(call) and same.intersection((*call.takes[:1], *call.gives)):
            same.update((*call.takes[:1], *call.gives))
    used = {taken for node in later for _, value, _ in node["inputs"] for taken in _names(value)}
    if used & (same - {name}):
        raise WrongUse(f"the exported program changes {name!r} in place by {target}; run ep.run_decompositions() first")


def _gives_views(call: Call) -> bool:
    schema = getattr(call.operation, "_schema", None)
    return schema is not None and any(given.alias_info is not None for given in schema.returns)


def _renamed(value: Mapping[str, Any], newest: Mapping[str, str]) -> Mapping[str, Any]:
    """An argument that was changed in place by now goes by the name of what it became."""
    if not newest:
        return value

    def renamed(entry: Any) -> Any:
        if isinstance(entry, Mapping):
            name = entry.get("name")
            inner = {key: renamed(inside) for key, inside in entry.items()}
            return {**inner, "name": newest[name]} if isinstance(name, str) and name in newest else inner
        return [renamed(inside) for inside in entry] if isinstance(entry, list) else entry

    new: Mapping[str, Any] = renamed(value)
    return new


def _names(value: Mapping[str, Any]) -> list[str]:
    """Names in one argument or result."""
    ((kind, said),) = value.items()
    entries = said if isinstance(said, list) else [said]
    found = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            continue
        inner = entry.get("as_tensor", entry)
        name = inner.get("name") or inner.get("as_name") if isinstance(inner, Mapping) else None
        if name and kind != "as_device":
            found.append(str(name))
    return found


def _value(value: Mapping[str, Any], tensors: Mapping[str, Any], device: torch.device) -> Any:
    ((kind, said),) = value.items()
    if kind == "as_none":
        return None
    if kind == "as_tensor":
        return tensors[said["name"]]
    if kind in ("as_tensors", "as_optional_tensors", "as_sym_ints", "as_sym_floats"):
        return [_entry(entry, tensors) for entry in said]
    if kind in ("as_sym_int", "as_sym_float", "as_sym_bool", "as_optional_tensor"):
        return _entry(said, tensors)
    if kind == "as_device":
        return device
    if kind == "as_scalar_type":
        return getattr(torch, DTYPES[said])
    if kind == "as_memory_format":
        return _MEMORY[said]
    if kind == "as_layout":
        return torch.strided
    if kind in ("as_int", "as_ints", "as_float", "as_floats", "as_bool", "as_bools", "as_string"):
        return said
    raise WrongUse(f"the exported program gives an argument of the kind {kind}, which is not known here")


def _entry(entry: Mapping[str, Any], tensors: Mapping[str, Any]) -> Any:
    """One of a list: a tensor, a named length, or a number."""
    if "as_none" in entry:
        return None
    inner = entry.get("as_tensor", entry)
    name = inner.get("name") or inner.get("as_name")
    return tensors[name] if name else next(iter(entry.values()))
