"""A Keras model as a network with named stages, its last linear layer kept apart as the head.

Keras's own layers do the work, on its torch backend: their variables are torch parameters, so that gradients, freezing and
saving work as everywhere. `module.train()` means nothing to a Keras layer; each is told by its `training` argument what
the module that holds it was told. Weights are named after their layers, not as Keras numbers them.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, final

import torch
from torch import Tensor, nn

from transferkit.core import trust
from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.network import Network, State
from transferkit.sources import keras_config
from transferkit.sources.architectures._cuts import joined, segments
from transferkit.sources.architectures._keras_backend import drawing_from, keras_on_torch
from transferkit.sources.architectures._keras_calls import Call, Graph, graph_of

_PASSED_ON = ("Activation", "Softmax", "Reshape", "Flatten")
"""Layers that class scores may go through on their way out."""
_SCORES = ("linear", "softmax", "sigmoid")
"""Activations of a layer that makes class scores."""
_TRUSTED: set[str] = set()
"""Configurations with code of their own that a person has allowed in this process, as a source or in a saved predictor."""


def build(
    config: Mapping[str, Any],
    n_classes: int | None = None,
    channels_first: bool = False,
    channels: int = 3,
    blue_first: bool = False,
) -> Network:
    """A fresh network of a Keras configuration, as `keras_config.checked` gives it."""
    if trust.is_given():
        allow(config)
    model = model_of(config)
    settings = {
        "config": config,
        "n_classes": n_classes,
        "channels_first": channels_first,
        "channels": channels,
        "blue_first": blue_first,
    }
    return network_of(model, settings)


def from_scratch(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same layers, their initialisers drawing anew: a seed that was saved with them would make all runs alike."""
    return {**settings, "config": _without_seeds(settings["config"])}


def allow(config: Mapping[str, Any]) -> None:
    """A person trusts the code in this configuration, for as long as this process lives."""
    _TRUSTED.add(_text(config))


def model_of(config: Mapping[str, Any], device: str = "cpu") -> Any:
    """The Keras model of a configuration, freshly initialised; on the device "meta" without any numbers."""
    keras = keras_on_torch()
    from keras.src.saving.serialization_lib import SafeModeScope

    copied = json.loads(_text(config))  # Keras takes the configuration apart
    safe = _text(config) not in _TRUSTED
    if safe and any(layer["class_name"] == "Lambda" for layer in keras_config.layers(copied)):
        raise WrongUse(
            "the saved model holds a Lambda layer, which is code that runs when it is read; if you trust whoever made it, say "
            "--trust, or trust=True in Python"
        )
    try:
        with keras.device(device), drawing_from(torch.initial_seed()), SafeModeScope(safe):
            if copied.get("module"):
                model = keras.saving.deserialize_keras_object(copied, safe_mode=safe)
            else:
                kind = keras.Sequential if copied["class_name"] == "Sequential" else keras.Model
                model = kind.from_config(copied["config"])
    except (TypeError, ValueError, KeyError, AttributeError, NotImplementedError, RuntimeError) as reason:
        raise Failed(f"Keras {keras.__version__} cannot build this model: {_first_line(reason)}") from reason
    if not getattr(model, "inputs", None) or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise WrongUse("a Keras model must say its input's shape and have one input and one output to be a source")
    model.trainable = True  # what a person froze while training is moved or kept here as the method says
    return model


def network_of(model: Any, settings: Mapping[str, Any]) -> Network:
    """A Keras model as a network; `settings` as `build` takes them."""
    return KerasGraph(graph_of(model), settings)


def outline(model: Any) -> tuple[int, int | None]:
    """How many parameters the way to the features has, and how many classes the model's own head tells apart."""
    graph = graph_of(model)
    end = ending(graph)
    layers = {id(call.layer): call.layer for call in graph.up_to(id(end.features)) if call.layer is not None}
    learned = [v for layer in layers.values() for v in getattr(layer, "trainable_variables", ())]
    return sum(math.prod(variable.shape) for variable in learned), end.n_classes


@dataclass(frozen=True)
class Ending:
    """Where the features end and the source's own head begins."""

    features: Any
    """Symbol of the features."""
    layer: Any | None = None
    """The linear layer that makes class scores of them."""
    activation: str = "linear"
    """What turns the scores into shares."""

    @property
    def n_classes(self) -> int | None:
        """A single score, squeezed to 0..1, tells two classes apart."""
        if self.layer is None:
            return None
        n_outputs = int(self.layer.kernel.shape[-1])
        return n_outputs if n_outputs > 1 else (2 if self.activation == "sigmoid" else None)


def ending(graph: Graph) -> Ending:
    """The last dense layer (or 1 x 1 convolution of one pixel), and what enters it.

    Where something else makes class scores, such as maps of which the mean is taken: what enters the layer that learned them,
    and no head. Where there are none: the output.
    """
    call, activation = graph.maker(id(graph.output)), "linear"
    while call is not None and (call.layer is None or type(call.layer).__name__ in _PASSED_ON):
        activation = _activation(call.layer) if activation == "linear" else activation
        if len(call.takes) != 1:
            return Ending(graph.output)
        call = graph.maker(call.takes[0])
    if call is None or len(call.takes) != 1:
        return Ending(graph.output)
    activation = _activation(call.layer) if activation == "linear" else activation
    if _is_head(call) and activation in _SCORES:
        return Ending(call.node.arguments.keras_tensors[0], call.layer, activation)
    if activation in _SCORES[1:]:
        while call is not None and len(call.takes) == 1 and not _learns_much(call):
            call = graph.maker(call.takes[0])
        if call is not None and call.layer is not None and len(call.takes) == 1:
            return Ending(call.node.arguments.keras_tensors[0])
    return Ending(graph.output)


@final
class KerasGraph(Network):
    """The layers of a Keras model that lead to its features, in stages."""

    float32_only = True

    def __init__(self, graph: Graph, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.architecture = Architecture.of("keras_graph", settings)
        self._settings = settings
        self._graph = graph
        end = ending(graph)
        self._features = id(end.features)
        self._pooled = tuple(range(1, len(end.features.shape) - 1))
        self.feature_dim = int(end.features.shape[-1] or 0)
        if settings["channels_first"] and len(end.features.shape) == 4:
            self._pooled, self.feature_dim = (2, 3), int(end.features.shape[1])
        if len(end.features.shape) < 2 or not self.feature_dim:
            raise WrongUse(f"the Keras model gives {tuple(end.features.shape)}, not features of a fixed length")
        calls = graph.up_to(self._features)
        self._parts = _named(joined(segments(calls, id(graph.input), self._features), _learns_much))
        self._ends = [part[-1].gives[0] for part in self._parts.values()]
        self.body = nn.ModuleDict({name: Stage(part) for name, part in self._parts.items()})
        self.stages = tuple(self._parts)
        self.head = _head_of(end) if settings["n_classes"] else None

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        keras = keras_on_torch()
        tensor = cast(Tensor, state).float()
        end = len(self.stages) if stop is None else stop
        with keras.device(str(tensor.device)):
            for position in range(start, end):
                if position == 0:
                    tensor = self._entered(tensor)
                enters = id(self._graph.input) if position == 0 else self._ends[position - 1]
                tensor = cast(Stage, self.body[self.stages[position]])(tensor, enters, self._ends[position])
        if end == len(self.stages) and start < end and self._pooled:
            tensor = tensor.mean(self._pooled)
        return tensor

    def stage(self, name: str) -> nn.Module:
        """The layers of one stage."""
        return self.body[name]

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasGraph:
        """A network of its own layers, with these weights: symbols are named by their ids, which a copy would change."""
        copied = cast(KerasGraph, build(**self.architecture.arguments()))
        copied.load_state_dict(self.state_dict())
        device = next((tensor.device for tensor in self.state_dict().values()), torch.device("cpu"))
        return copied.to(device).train(self.training)

    def _entered(self, inputs: Tensor) -> Tensor:
        """Pictures (n, 3, h, w) as the model takes them; anything else stays as it is."""
        if inputs.ndim != 4:
            return inputs
        if self._settings["blue_first"]:
            inputs = inputs.flip(1)
        if self._settings["channels"] == 1:
            inputs = inputs.mean(1, keepdim=True)
        return inputs if self._settings["channels_first"] else inputs.permute(0, 2, 3, 1).contiguous()


@final
class Stage(nn.Module):
    """Consecutive calls of a Keras model, with the layers they call."""

    def __init__(self, calls: Sequence[Call]) -> None:
        super().__init__()
        self._calls = tuple(calls)
        named: dict[str, Held] = {}
        self._held: dict[int, Held] = {}
        for call in calls:
            if call.layer is not None and id(call.layer) not in self._held:
                name = _module_name(call.layer, named)
                named[name] = self._held[id(call.layer)] = Held(call.layer)
        self.layers = nn.ModuleDict(named)

    def forward(self, tensor: Tensor, enters: int, leaves: int) -> Tensor:
        """From the tensor of one name to that of another."""
        tensors: dict[int, Any] = {enters: tensor}
        for call in self._calls:
            if call.layer is None:
                tensors[call.gives[0]] = tensors[call.takes[0]]
                continue
            positional, named = call.arguments(tensors)
            given = self._held[id(call.layer)](*positional, **named)
            tensors.update(zip(call.gives, given if isinstance(given, (tuple, list)) else (given,), strict=True))
        return cast(Tensor, tensors[leaves])


@final
class Held(nn.Module):
    """One Keras layer: what it learns as parameters, what it keeps besides (running means) as buffers."""

    has_statistics: bool
    """True where it keeps a running mean, as torch's BatchNorm."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self._layer = (layer,)  # in a tuple, for torch would take its weights as well, under Keras's names
        self._kept: dict[str, Any] = {}
        is_layer = hasattr(layer, "trainable_variables")
        learned = {id(variable) for variable in layer.trainable_variables} if is_layer else set()
        for variable in layer.weights if is_layer else ():
            name = _variable_name(variable, layer, self)
            if id(variable) in learned:
                self.register_parameter(name, variable.value)
            else:
                self.register_buffer(name, variable.value.detach())
                self._kept[name] = variable
        for name, variable in self._kept.items():
            variable._value = getattr(self, name)
        self.has_statistics = "moving_mean" in self._buffers
        self._takes_training = is_layer and "training" in inspect.signature(layer.call).parameters

    def forward(self, *positional: Any, **named: Any) -> Any:
        """Call the layer, in the mode this module is in."""
        if self._takes_training:
            named["training"] = self.training
        return self._layer[0](*positional, **named)

    def _apply(self, fn: Any, recurse: bool = True) -> Held:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, variable in self._kept.items():  # a buffer that moves to another device is another tensor
            variable._value = getattr(self, name)
        return self


def _is_head(call: Call) -> bool:
    layer, given = call.layer, call.node.arguments.keras_tensors[0]
    kind = type(layer).__name__
    one_pixel = tuple(given.shape[1:3]) == (1, 1) and tuple(getattr(layer, "kernel_size", ())) == (1, 1)
    if kind == "Dense":
        fits = len(given.shape) == 2
    else:
        fits = kind == "Conv2D" and len(given.shape) == 4 and one_pixel and layer.groups == 1
    return fits


def _activation(layer: Any) -> str:
    own = getattr(layer, "activation", None)
    return "softmax" if type(layer).__name__ == "Softmax" else str(getattr(own, "__name__", "linear"))


def _head_of(end: Ending) -> nn.Linear | None:
    """The source's own head as a linear layer that gives logits."""
    if end.n_classes is None or end.layer is None:
        return None
    weight = end.layer.kernel.value.detach().flatten(0, -2).T  # (n_outputs, d)
    bias = end.layer.bias.value.detach() if end.layer.use_bias else torch.zeros(len(weight))
    if len(weight) == 1:  # one score z says as much as two classes with the logits 0 and z
        weight, bias = (torch.cat([torch.zeros_like(part), part]) for part in (weight, bias))
    head = nn.utils.skip_init(nn.Linear, weight.shape[1], len(weight), device=weight.device)  # type: ignore[no-untyped-call]
    if weight.device.type != "meta":
        head.load_state_dict({"weight": weight, "bias": bias})
    return cast(nn.Linear, head)


def _learns_much(call: Call) -> bool:
    """Weights of more than one axis; a norm after a convolution has none."""
    return any(len(variable.shape) > 1 for variable in getattr(call.layer, "trainable_variables", ()))


def _named(parts: Sequence[Sequence[Call]]) -> dict[str, Sequence[Call]]:
    """Stage name -> calls: the name of the first layer that learns something."""
    named: dict[str, Sequence[Call]] = {}
    for part in parts:
        layers = [call.layer for call in part if call.layer is not None]
        learners = [layer for layer in layers if getattr(layer, "trainable_variables", ())]
        named[_module_name((learners or layers or [None])[0], named)] = part
    return named


def _module_name(layer: Any, taken: Mapping[str, Any]) -> str:
    name = str(getattr(layer, "name", "stage")).replace(".", "_").replace("/", "_")
    return name if name not in taken and not hasattr(nn.ModuleDict, name) else f"{name}_{len(taken)}"


def _variable_name(variable: Any, layer: Any, module: nn.Module) -> str:
    """The last part of a variable's path; where two share it, numbered in the layer's own order."""
    name = str(variable.name).replace(".", "_")
    return f"{name}_{len(module.state_dict())}" if hasattr(module, name) else name


def _without_seeds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: None if key == "seed" else _without_seeds(inner) for key, inner in value.items()}
    return [_without_seeds(inner) for inner in value] if isinstance(value, list) else value


def _text(config: Mapping[str, Any]) -> str:
    return json.dumps(config, sort_keys=True)


def _first_line(reason: BaseException) -> str:
    return (str(reason).strip() or type(reason).__name__).splitlines()[0]
