"""A Keras model as a list of calls, nested models laid open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Call:
    """One layer or operation at work. Tensors are named by the id of their symbol in the model."""

    layer: Any
    """None: the tensor goes by another name from here on, at the door of a nested model."""
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    uncut: bool
    """Whether a mask goes along with what it gives, which would be lost where the model is cut."""
    node: Any = None

    @property
    def holds(self) -> tuple[int, ...]:
        """The layer, by its id."""
        return () if self.layer is None else (id(self.layer),)

    def arguments(self, tensors: Mapping[int, Tensor]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the layer is called with."""
        positional, named = self.node.arguments.fill_in(tensors)
        return tuple(positional), dict(named)


@dataclass(frozen=True, eq=False)
class Graph:
    """A model with one input and one output. Symbols are kept alive, for their ids are names."""

    calls: tuple[Call, ...]
    input: Any
    output: Any
    kept: tuple[Any, ...] = field(default=(), repr=False)

    def up_to(self, symbol: int) -> list[Call]:
        """The calls that a tensor is made of, in running order."""
        needed, found = {symbol}, []
        for call in reversed(self.calls):
            if needed.intersection(call.gives):
                needed.update(call.takes)
                found.append(call)
        return found[::-1]

    def maker(self, symbol: int) -> Call | None:
        """The call that gives a tensor; None for the input."""
        return next((call for call in self.calls if symbol in call.gives), None)


def graph_of(model: Any) -> Graph:
    """Lay a functional or Sequential model open."""
    import keras

    kept: list[Any] = [model]
    calls: list[Call] = []
    uses: dict[int, int] = {}

    def functional(one: Any) -> Any:
        """A Sequential model as the functional one that it stands for; kept, so that its symbols stay."""
        if isinstance(one, keras.Sequential):
            one = keras.Model(one.inputs, one.outputs)
        kept.append(one)
        return one

    def count(one: Any) -> None:
        for node in _nodes(one):
            uses[id(node.operation)] = uses.get(id(node.operation), 0) + 1

    def open_up(one: Any, masked: bool) -> None:
        count(one)
        for node in _nodes(one):
            layer = node.operation
            takes = tuple(id(symbol) for symbol in node.arguments.keras_tensors)
            gives = tuple(id(symbol) for symbol in node.outputs)
            has_mask = masked or any(getattr(symbol, "_keras_mask", None) is not None for symbol in node.outputs)
            if _is_plain_model(layer) and len(takes) == len(gives) == 1 and uses[id(layer)] == 1:
                inner = functional(layer)
                if len(inner.inputs) == len(inner.outputs) == 1:
                    enters = masked or getattr(node.arguments.keras_tensors[0], "_keras_mask", None) is not None
                    calls.append(Call(None, takes, (id(inner.inputs[0]),), enters))
                    open_up(inner, enters)
                    calls.append(Call(None, (id(inner.outputs[0]),), gives, has_mask))
                    continue
            calls.append(Call(layer, takes, gives, has_mask, node))

    whole = functional(model)
    open_up(whole, masked=False)
    return Graph(tuple(calls), whole.inputs[0], whole.outputs[0], tuple(kept))


def _nodes(model: Any) -> list[Any]:
    """In running order, without the input layers."""
    by_depth = model._nodes_by_depth
    ordered = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    return [node for node in ordered if not node.is_input]


def _is_plain_model(layer: Any) -> bool:
    """A model made of layers, without a `call` of its own."""
    import keras

    return type(layer) is keras.Sequential or (isinstance(layer, keras.Model) and type(layer).__name__ == "Functional")
