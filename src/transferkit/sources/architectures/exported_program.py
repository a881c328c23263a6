"""A program that `torch.export` wrote, as a network with named stages; its last linear layer is the source's own head.

Its operations are called one by one as the file lists them. They were recorded in eval mode; dropout and BatchNorm are told
anew what mode they are in, as torch's own modules are. A fresh one is initialised by what each weight is used for.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast, final

import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State
from transferkit.sources.architectures._cuts import joined, segments
from transferkit.sources.architectures._exported_calls import Call, calls_of

_PASSED_ON = ("softmax", "log_softmax", "_softmax", "_log_softmax", "sigmoid")
_LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "convolution", "_convolution", "conv_transpose2d")
_NORMS = ("batch_norm", "layer_norm", "group_norm", "instance_norm", "native_layer_norm", "rms_norm")


def build(
    graph: Mapping[str, Any],
    features: str,
    n_classes: int | None = None,
    batch: int | None = None,
    blue_first: bool = False,
) -> Network:
    """A fresh network of a graph, as `exported_file.read` gives it, up to the tensor of the name `features`.

    `batch`: items it takes at once, None: any number.
    """
    settings = {"graph": graph, "features": features, "n_classes": n_classes, "batch": batch, "blue_first": blue_first}
    return ExportedProgram(settings)


def ending(graph: Mapping[str, Any]) -> tuple[str, int | None]:
    """The tensor that enters the last linear layer, and how many classes that tells apart; the output, where there is none."""
    head = _head_call(graph, calls_of(graph))
    if head is None:
        return graph["output"], None
    return str(head.argument("input")), _shape_of(graph, head.argument("weight"))[0]


def parameters_of(graph: Mapping[str, Any], features: str) -> int:
    """How many numbers the body learns by."""
    held = {name for call in _leading_to(calls_of(graph), features) for name in call.holds}
    return sum(math.prod(graph["tensors"][name]["shape"]) for name in held)


@final
class ExportedProgram(Network):
    """The operations that lead to the features, in stages."""

    float32_only = True

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.architecture = Architecture.of("exported_program", settings)
        self._settings = settings
        graph = settings["graph"]
        self._input, self._batch_sizes = graph["input"], graph["batch_sizes"]
        self._is_grey = graph["sizes"][self._input][1] == 1
        self._comes_last = not self._is_grey and graph["sizes"][self._input][1] != 3
        self._is_grey = self._is_grey or (self._comes_last and graph["sizes"][self._input][3] == 1)
        calls = calls_of(graph)
        head = _head_call(graph, calls) if settings["n_classes"] else None
        features = settings["features"]
        sizes = graph["sizes"].get(features)
        if sizes is None or len(sizes) < 2:
            raise WrongUse(f"the exported program makes no features {features!r}; name another tensor with output=")
        self._pooled = (2, 3) if len(sizes) == 4 and not self._comes_last else tuple(range(1, len(sizes) - 1))
        feature_dim = sizes[1] if self._pooled == (2, 3) else sizes[-1]
        if not isinstance(feature_dim, int):
            raise WrongUse(
                f"the length of {features!r} in the exported program is not fixed; name another with output="
            )
        self.feature_dim = feature_dim
        needed = _leading_to(calls, features)
        free = _free(needed, graph)
        steps = [call for call in needed if call not in free]
        found = segments([_WithoutLengths(call, graph) for call in steps], self._input, features)
        parts = [[one.call for one in stage] for stage in joined(found, _learns_much)]
        self._ends = [part[-1].gives[0] for part in parts]
        self.stages = tuple(_names(parts))
        self.body = nn.ModuleDict(
            {
                name: Stage([*_needed_of(part, free), *part], graph)
                for name, part in zip(self.stages, parts, strict=True)
            }
        )
        self.head = None if head is None else _fresh_head(graph, head)
        self._head_names = () if head is None else (head.argument("weight"), head.argument("bias"))

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        tensor = cast(Tensor, state)
        end = len(self.stages) if stop is None else stop
        if start == 0 and end > 0:
            tensor = self._entered(tensor)
        size = self._settings["batch"]
        if size is not None and start < end:
            parts = [self._filled(part, size, start, end) for part in torch.split(tensor, size)]
            tensor = torch.cat(parts)
        elif start < end:
            tensor = self._through(tensor, start, end)
        return tensor

    def stage(self, name: str) -> nn.Module:
        """The weights of one stage."""
        return self.body[name]

    def lay_in(self, tensors: Mapping[str, Tensor]) -> None:
        """Put in the weights, by the names they had in the program."""
        with torch.no_grad():
            for stage in self.body.values():
                for name, own in cast(Stage, stage).held.items():
                    own.copy_(tensors[name])
            if isinstance(self.head, nn.Linear):
                of = {said["argument"]: name for name, said in self._settings["graph"]["tensors"].items()}
                weight, bias = (None if name is None else tensors[of[name]] for name in self._head_names)
                self.head.weight.copy_(cast(Tensor, weight))
                self.head.bias.copy_(torch.zeros(len(self.head.bias)) if bias is None else bias)

    def _through(self, tensor: Tensor, start: int, end: int) -> Tensor:
        for position in range(start, end):
            enters = self._input if position == 0 else self._ends[position - 1]
            lengths = dict.fromkeys(self._batch_sizes, len(tensor))
            stage = cast(Stage, self.body[self.stages[position]])
            tensor = stage(tensor, {**lengths, enters: tensor}, self._ends[position])
        return tensor.mean(self._pooled) if end == len(self.stages) and self._pooled else tensor

    def _filled(self, part: Tensor, size: int, start: int, end: int) -> Tensor:
        """A batch of the one size that the program takes, filled up with items that are then left."""
        missing = size - len(part)
        filled = torch.cat([part, part[-1:].expand(missing, *part.shape[1:])]) if missing else part
        return self._through(filled, start, end)[: len(part)]

    def _entered(self, pictures: Tensor) -> Tensor:
        """(n, 3, h, w) as the program takes them."""
        if self._settings["blue_first"]:
            pictures = pictures.flip(1)
        if self._is_grey:
            pictures = pictures.mean(1, keepdim=True)
        return pictures.permute(0, 2, 3, 1).contiguous() if self._comes_last else pictures


@final
class Stage(nn.Module):
    """Consecutive operations, with the tensors they hold under the names these had in the program."""

    def __init__(self, calls: Sequence[Call], graph: Mapping[str, Any]) -> None:
        super().__init__()
        self._calls = tuple(calls)
        self._used_as = _roles(calls)
        arguments = {said["argument"]: name for name, said in graph["tensors"].items()}
        taken = dict.fromkeys(name for call in calls for name in call.takes)
        self._names = {argument: arguments[argument] for argument in taken if argument in arguments}
        self.weights = Folder()
        for argument, name in self._names.items():
            _put(self.weights, name, _fresh(graph["tensors"][name], self._used_as.get(argument, ("", ""))))

    @property
    def held(self) -> dict[str, Tensor]:
        """Name in the program -> tensor."""
        return {name: _get(self.weights, name) for name in self._names.values()}

    def forward(self, tensor: Tensor, given: dict[str, Any], leaves: str) -> Tensor:
        """From the tensor that enters to that of the name `leaves`."""
        tensors = {**given, **{argument: _get(self.weights, name) for argument, name in self._names.items()}}
        for call in self._calls:
            tensors.update(call.run(tensors, tensor.device, self._mode(call)))
        return cast(Tensor, tensors[leaves])

    def _mode(self, call: Call) -> dict[str, bool]:
        """Whether an operation that knows training from use is in training."""
        if call.stem == "dropout":
            return {"train": self.training}
        statistics = call.argument("running_mean") if call.stem == "batch_norm" else None
        return {} if statistics is None else {"training": _folder(self.weights, self._names[statistics]).training}


@final
class Folder(nn.Module):
    """Tensors of one module of the program."""

    @property
    def has_statistics(self) -> bool:
        """True where it keeps a running mean, as torch's BatchNorm."""
        return "running_mean" in self._buffers


class _WithoutLengths:
    """A call as the cuts see it: only what depends on the items goes from call to call."""

    def __init__(self, call: Call, graph: Mapping[str, Any]) -> None:
        held = {said["argument"] for said in graph["tensors"].values()}
        self.call = call
        self.takes = tuple(name for name in call.takes if name not in held and name not in graph["batch_sizes"])
        self.gives = tuple(name for name in call.gives if name not in graph["batch_sizes"])
        self.holds, self.uncut = call.holds, call.uncut


def _leading_to(calls: Sequence[Call], end: str) -> list[Call]:
    needed, found = {end}, []
    for call in reversed(calls):
        if needed.intersection(call.gives):
            needed.update(call.takes)
            found.append(call)
    if not found:
        raise WrongUse(f"the exported program makes no tensor {end!r}")
    return found[::-1]


def _free(calls: Sequence[Call], graph: Mapping[str, Any]) -> list[Call]:
    """Calls on constants and lengths alone, such as masks: each stage makes anew those it needs."""
    constant = {said["argument"] for said in graph["tensors"].values() if not said["learned"]}
    constant.update(graph["batch_sizes"])
    found = []
    for call in calls:
        lengths_only = set(call.gives) <= set(graph["batch_sizes"])
        if lengths_only or constant.issuperset(call.takes):
            constant.update(call.gives)
            if not lengths_only:
                found.append(call)
    return found


def _needed_of(part: Sequence[Call], free: Sequence[Call]) -> list[Call]:
    needed = {name for call in part for name in call.takes}
    found = []
    for call in reversed(free):
        if needed.intersection(call.gives):
            needed.update(call.takes)
            found.append(call)
    return found[::-1]


def _head_call(graph: Mapping[str, Any], calls: Sequence[Call]) -> Call | None:
    """The linear layer at the end, if there is one on vectors."""
    made_by = {name: call for call in calls for name in call.gives}
    call = made_by.get(graph["output"])
    for _ in calls:  # no more steps than calls, for a damaged graph may run in a circle
        if call is None or call.stem not in _PASSED_ON or not call.takes:
            break
        call = made_by.get(call.takes[0])
    if call is None or call.stem != "linear":
        return None
    enters, weight = call.argument("input"), call.argument("weight")
    vectors = enters in made_by and len(graph["sizes"].get(enters, ())) == 2
    return call if vectors and _shape_of(graph, weight)[:1] > (1,) else None


def _shape_of(graph: Mapping[str, Any], argument: str | None) -> tuple[int, ...]:
    """Of a tensor that the program holds; empty for any other."""
    held = (said["shape"] for said in graph["tensors"].values() if said["argument"] == argument)
    return tuple(next(held, ()))


def _fresh_head(graph: Mapping[str, Any], head: Call) -> nn.Linear:
    n_classes, feature_dim = _shape_of(graph, head.argument("weight"))
    return nn.Linear(feature_dim, n_classes)


def _learns_much(one: _WithoutLengths) -> bool:
    """A product with weights; a norm after it belongs to the same stage."""
    return bool(one.holds) and one.call.stem in _LINEAR


def _names(parts: Sequence[Sequence[Call]]) -> list[str]:
    """Of each stage: the module of its first learned tensor, as the program calls it."""
    names: list[str] = []
    for part in parts:
        learned = next((name for call in part for name in call.holds), "operations")
        name = learned.rpartition(".")[0] or learned
        name = name.replace(".", "_")
        names.append(name if name not in names and not hasattr(nn.ModuleDict, name) else f"{name}_{len(names)}")
    return names


def _roles(calls: Sequence[Call]) -> dict[str, tuple[str, str]]:
    """Tensor -> the operation that it is used by first, and as which of its arguments."""
    roles: dict[str, tuple[str, str]] = {}
    for call in calls:
        for name, value, _ in call.arguments:
            if "as_tensor" in value:
                roles.setdefault(value["as_tensor"]["name"], (call.stem, name))
    return roles


def _fresh(said: Mapping[str, Any], role: tuple[str, str]) -> Tensor:
    """A tensor as a new network starts with it."""
    dtype = getattr(torch, said["dtype"])
    if "value" in said:
        content = bytearray(base64.b64decode(said["value"]))
        whole = torch.frombuffer(content, dtype=torch.uint8).view(dtype) if content else torch.zeros(0, dtype=dtype)
        return whole.reshape(said["shape"]).clone()
    tensor = torch.zeros(said["shape"], dtype=dtype)
    operation, argument = role
    if operation in _LINEAR and argument == "weight":
        nn.init.kaiming_uniform_(tensor, a=math.sqrt(5))
    elif argument == "running_var" or (operation in _NORMS and argument == "weight"):
        tensor.fill_(1.0)
    elif argument not in ("bias", "running_mean") and tensor.is_floating_point() and said["learned"]:
        nn.init.normal_(tensor, std=0.02)
    return nn.Parameter(tensor) if said["learned"] else tensor


def _put(root: nn.Module, path: str, tensor: Tensor) -> None:
    """Hold a tensor under a dotted path."""
    *folders, name = path.split(".")
    for folder in folders:
        if folder not in root._modules:
            root.add_module(folder, Folder())
        root = cast(nn.Module, root._modules[folder])
    if isinstance(tensor, nn.Parameter):
        root.register_parameter(name, tensor)
    else:
        root.register_buffer(name, tensor)


def _folder(root: nn.Module, path: str) -> nn.Module:
    """The module that holds the tensor of a path."""
    for folder in path.split(".")[:-1]:
        root = cast(nn.Module, root._modules[folder])
    return root


def _get(root: nn.Module, path: str) -> Tensor:
    folder, name = _folder(root, path), path.rpartition(".")[2]
    found = folder._parameters.get(name)
    return cast(Tensor, found if found is not None else folder._buffers[name])
