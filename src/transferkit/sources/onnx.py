"""`onnx:` an ONNX model of pictures as a frozen feature extractor: `onnx:model.onnx?scale=imagenet&output=name`.

It is run by onnxruntime, which computes no gradients: methods that leave a source's weights as they are take it, the others
say so. Its features are what enters the last matrix product where that gives the class scores, or else the graph's first
output; `output` names any other tensor of the graph. Pictures are scaled as `scale` says (`sources/model_file.py`),
`imagenet` by default. `layout=nhwc` says that channels come last where the shape does not tell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse, unknown_name
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import fingerprint, processors
from transferkit.sources.model_file import BLUE_FIRST, ModelFile

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from transferkit.core.network import Network

_PASSED_ON = ("Softmax", "LogSoftmax", "Sigmoid", "Identity")
"""Operations that class scores may go through on their way out."""

_PLAIN_PRODUCT = {"alpha": 1.0, "beta": 1.0, "transA": 0.0}
"""Attributes of a matrix product that is a plain linear layer."""


class Onnx(SourceKind):
    """A graph of pictures, frozen."""

    example = "onnx:model.onnx"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the graph's own description; its features are measured on one grey picture."""
        file, graph = _read(location)
        settings = _settings(file, graph)
        n_classes = settings["n_classes"]
        return Card(
            name=f"onnx:{location}",
            modality="image",
            holds="model",
            fingerprint=fingerprint.of_files([file.path], also=f"{graph.output} {settings}"),
            architecture=Architecture.of("onnx_graph", settings),
            parameters=graph.parameters,
            bytes=file.path.stat().st_size,
            classes=file.classes(n_classes) if n_classes else (),
            frozen=True,
            licence=file.licence,
            trained_on=file.trained_on,
            notes=file.assumed("imagenet"),
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """One stage, without parameters; its program travels with it."""
        import torch

        from transferkit.sources import architectures
        from transferkit.sources.architectures.onnx_graph import OnnxGraph

        file, graph = _read(location)
        network = architectures.build(Architecture.of("onnx_graph", _settings(file, graph)))
        assert isinstance(network, OnnxGraph)
        network.lay_in(graph.program)
        if network.head is not None and graph.head is not None:
            weight, bias = graph.head
            network.head.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
        return network

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """Pictures of the size the graph takes, scaled as the name says."""
        file, graph = _read(location)
        return processors.build(file.processor(file.size(*graph.side), file.scale("imagenet")))

    def check(self, location: str) -> None:
        """Refuse a file that is not there."""
        ModelFile.read("onnx", location, ("output", "layout"))


@dataclass(frozen=True, eq=False)
class _Graph:
    """What is known of a graph whose only output is its features."""

    program: bytes
    output: str
    layout: str
    channels: int
    side: tuple[int | None, int | None]
    batch: int | None
    parameters: int
    head: tuple[np.ndarray, np.ndarray] | None
    """(n_classes, d) and (n_classes,) of the matrix product that makes class scores of the features."""

    @property
    def n_classes(self) -> int | None:
        return None if self.head is None else len(self.head[1])


def _read(location: str) -> tuple[ModelFile, _Graph]:
    file = ModelFile.read("onnx", location, ("output", "layout"))
    layout = file.wish("layout")
    if layout not in (None, "nchw", "nhwc"):
        raise unknown_name(f"layout of {file.path}", str(layout), ("nchw", "nhwc"))
    changed = file.path.stat().st_mtime_ns
    return file, _opened(file.path, changed, file.wish("output"), layout)


@lru_cache(maxsize=2)
def _opened(path: Path, changed: int, output: str | None, layout: str | None) -> _Graph:
    """`changed` makes a rewritten file another one."""
    try:
        import onnx
    except ImportError:
        raise WrongUse("onnx sources need onnx and onnxruntime; install them: pip install transferkit[onnx]") from None
    try:
        model = onnx.load(path)  # external weights are read in; onnx refuses those outside the model's folder
        weights = {tensor.name: tensor for tensor in model.graph.initializer}
    except Exception as reason:  # protobuf, onnx's checker and the file system each raise their own
        raise Failed(f"{path} is not a whole ONNX model ({_first_line(reason)}); get it again") from None
    inputs = [value for value in model.graph.input if value.name not in weights]
    shape = _shape(inputs[0]) if len(inputs) == 1 else ()
    if len(shape) != 4:
        said = ", ".join(f"{value.name} {_shape(value)}" for value in inputs)
        raise WrongUse(
            f"{path} takes {said or 'no input'}, expected one batch of pictures (n, channels, height, width)"
        )
    if not model.graph.output:
        raise WrongUse(f"{path} gives no output; export the model with one")
    layout = layout or ("nhwc" if shape[3] in (1, 3) and shape[1] not in (1, 3) else "nchw")
    channels, *side = (shape[3], shape[1], shape[2]) if layout == "nhwc" else shape[1:]
    if channels not in (1, 3, None):
        raise WrongUse(
            f"{path} takes pictures of {channels} channels, expected 1 or 3; say layout=nhwc if they come last"
        )
    features, head = (output, None) if output else _before_the_head(model.graph, weights)
    tensors = {name for node in model.graph.node for name in node.output if name}
    if features not in tensors:
        raise unknown_name(f"tensor of {path}", str(features), tensors)
    parameters = sum(math.prod(tensor.dims) for tensor in model.graph.initializer)
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(features))
    return _Graph(
        program=model.SerializeToString(),
        output=str(features),
        layout=layout,
        channels=channels or 3,
        side=(side[0], side[1]),
        batch=shape[0],
        parameters=parameters - (0 if head is None else head[0].size + head[1].size),
        head=head,
    )


@lru_cache(maxsize=8)
def _measured(graph: _Graph, size: tuple[int, int]) -> tuple[int, bool]:
    """Length of the features, and whether the graph gives them as they are, with nothing to take a mean of.

    Found by running one grey picture: few graphs say it of every tensor.
    """
    import torch

    from transferkit.sources.architectures.onnx_graph import OnnxGraph

    network = OnnxGraph(**_shape_settings(graph), feature_dim=0, blue_first=False, n_classes=None)
    network.lay_in(graph.program)
    try:
        made = network.output(torch.full((1, 3, *size), 0.5))
    except (WrongUse, Failed):
        raise
    except Exception as reason:  # onnxruntime's errors share no base class of their own
        raise Failed(
            f"the ONNX graph does not run on one {size[0]} x {size[1]} picture: {_first_line(reason)}"
        ) from None
    if made.ndim < 2 or len(made) != 1:
        raise WrongUse(f"tensor {graph.output!r} of the ONNX graph gives no features; name another with output=")
    return made.shape[1 if made.ndim == 4 and graph.layout == "nchw" else -1], made.ndim == 2


def _settings(file: ModelFile, graph: _Graph) -> dict[str, Any]:
    feature_dim, as_they_are = _measured(graph, file.size(*graph.side))
    return {
        **_shape_settings(graph),
        "feature_dim": feature_dim,
        "blue_first": file.scale("imagenet") in BLUE_FIRST,
        "n_classes": graph.n_classes if as_they_are else None,
    }


def _shape_settings(graph: _Graph) -> dict[str, Any]:
    return {
        "n_bytes": len(graph.program),
        "layout": graph.layout,
        "channels": graph.channels,
        "batch": graph.batch,
    }


def _shape(value: Any) -> tuple[int | None, ...]:
    """Of a graph's input; None for an axis of any length."""
    dims = value.type.tensor_type.shape.dim
    return tuple(
        dim.dim_value if dim.WhichOneof("value") == "dim_value" and dim.dim_value > 0 else None for dim in dims
    )


def _before_the_head(graph: Any, weights: dict[str, Any]) -> tuple[str, tuple[np.ndarray, np.ndarray] | None]:
    """The name of what enters the last matrix product, with that product; the first output where the graph ends otherwise."""
    import numpy as np
    from onnx import numpy_helper

    def constants(node: Any) -> Iterator[np.ndarray]:
        yield from (numpy_helper.to_array(weights[name]) for name in node.input if name in weights)

    out = graph.output[0].name
    made_by = {name: node for node in graph.node for name in node.output}
    node = made_by.get(out)
    for _ in graph.node:  # no more steps than nodes, for a damaged graph may run in a circle
        if node is None or node.op_type not in _PASSED_ON or not node.input:
            break
        node = made_by.get(node.input[0])
    bias = None
    if node is not None and node.op_type == "Add":
        biases = [array for array in constants(node) if array.ndim == 1]
        before = [made_by.get(name) for name in node.input if name not in weights]
        if len(biases) == len(before) == 1:
            bias, node = biases[0], before[0]
    is_product = node is not None and node.op_type in ("Gemm", "MatMul") and len(node.input) > 1
    if node is None or not is_product or node.input[0] not in made_by:
        return out, None
    given = list(constants(node))
    attributes = {attribute.name: attribute for attribute in node.attribute}
    plain = all(_number(attributes.get(name), usual) == usual for name, usual in _PLAIN_PRODUCT.items())
    if not given or given[0].ndim != 2 or not plain:
        return out, None
    transposed = _number(attributes.get("transB"), 0)
    weight = given[0] if transposed else given[0].T
    bias = given[1] if len(given) > 1 else bias
    bias = np.zeros(len(weight)) if bias is None else bias
    if len(weight) < 2 or bias.shape != (len(weight),):
        return out, None
    return node.input[0], (np.array(weight, np.float32), np.array(bias, np.float32))


def _number(attribute: Any, usual: float) -> float:
    """The value of a node's attribute, or the usual one where it has none."""
    if attribute is None:
        return usual
    return float(attribute.f if attribute.type == attribute.FLOAT else attribute.i)


def _first_line(reason: BaseException) -> str:
    return (str(reason).strip() or type(reason).__name__).splitlines()[0]
