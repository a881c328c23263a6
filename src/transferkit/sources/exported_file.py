"""A `torch.export` program (`.pt2`) read as data: its graph and its raw weights, and nothing that runs.

`torch.export.load` unpickles parts of such a file and evaluates expressions in it, so it is not used here. The archive holds
JSON (the graph, `torch/_export/serde/schema.py`) and the bytes of each tensor; a file in which a tensor is pickled is refused.
"""

from __future__ import annotations

import base64
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import Failed, TransferkitError, WrongUse

if TYPE_CHECKING:
    from torch import Tensor

DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    12: "bool",
    13: "bfloat16",
}
"""The schema's numbers of element types -> torch's names."""
_KINDS = {
    "parameter": "parameter_name",
    "buffer": "buffer_name",
    "tensor_constant": "tensor_constant_name",
}
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True, eq=False)
class Exported:
    """What a program says."""

    graph: dict[str, Any]
    """JSON-able, as `architectures/exported_program.py` takes it."""
    shape: tuple[int | None, ...]
    """Of its input; None for an axis of any length."""
    batch: int | None
    """Items it takes at once; None: any number."""
    files: Mapping[str, tuple[str, Mapping[str, Any]]]
    """Name of a tensor -> its file in the archive and how it lies in it."""


def read(path: Path) -> Exported:
    """The program in a file; the weights stay on disk, but for small constants that are part of the graph."""
    with _opened(path) as archive:
        names = archive.namelist()
        model = [name for name in names if name.endswith("models/model.json")]
        if len(model) != 1:
            old = any(name.startswith("serialized_exported_program") for name in names)
            hint = "written by an older torch; export it again" if old else "expected what torch.export.save writes"
            raise WrongUse(f"{path} holds no exported program that can be read without running it: {hint}")
        prefix = model[0].removesuffix("models/model.json")
        try:
            program = json.loads(archive.read(model[0]))
            files = _tensor_files(archive, prefix, path)
            return _described(program["graph_module"], files, archive, path)
        except TransferkitError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError) as reason:
            raise Failed(f"{path} is damaged ({reason}); get it again") from None
        except (KeyError, TypeError, IndexError, ValueError, RuntimeError, RecursionError) as reason:
            line = (str(reason).strip() or "nothing is said").splitlines()[0]
            raise Failed(f"{path} is no program of a known form ({type(reason).__name__}: {line})") from reason


def tensors(path: Path, exported: Exported) -> dict[str, Tensor]:
    """Name -> tensor, of everything the graph holds."""
    with _opened(path) as archive:
        found = {}
        for name in exported.graph["tensors"]:
            try:
                found[name] = _tensor(archive, *exported.files[name])
            except (KeyError, ValueError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile) as reason:
                line = (str(reason).strip() or type(reason).__name__).splitlines()[0]
                raise Failed(f"tensor {name!r} of {path} is damaged ({line}); get the file again") from None
        return found


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as reason:
        raise Failed(f"{path} is not a whole .pt2 file ({reason}); get it again") from None


def _tensor_files(archive: zipfile.ZipFile, prefix: str, path: Path) -> dict[str, tuple[str, Mapping[str, Any]]]:
    files: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for kind in ("weights", "constants"):
        folder = f"{prefix}data/{kind}/"
        config = f"{folder}model_{kind}_config.json"
        if config not in archive.namelist():
            raise WrongUse(f"{path} keeps its {kind} as a pickle, which could run anything; save it with a newer torch")
        for name, held in json.loads(archive.read(config))["config"].items():
            if held["use_pickle"] or held.get("tensor_meta") is None:
                raise WrongUse(f"{path} holds {name!r} as a pickle, which could run anything; export it without that")
            files[name] = (folder + held["path_name"], held["tensor_meta"])
    return files


def _described(
    module: Mapping[str, Any],
    files: Mapping[str, tuple[str, Mapping[str, Any]]],
    archive: zipfile.ZipFile,
    path: Path,
) -> Exported:
    graph, signature = module["graph"], module["signature"]
    inputs, held = [], {}
    for spec in signature["input_specs"]:
        ((kind, said),) = spec.items()
        if kind == "user_input":
            inputs.append(said["arg"].get("as_tensor", {}).get("name"))
        elif kind in _KINDS:
            held[said["arg"]["name"]] = (said[_KINDS[kind]], kind == "parameter")
        else:
            raise WrongUse(f"{path} takes a {kind.replace('_', ' ')}, expected a batch of pictures alone")
    outputs = [spec["user_output"]["arg"] for spec in signature["output_specs"] if "user_output" in spec]
    changed = [next(iter(spec)) for spec in signature["output_specs"] if "user_output" not in spec]
    if changed:
        raise WrongUse(f"{path} was exported in training mode ({changed[0]}); call model.eval() before the export")
    made = [output["as_tensor"]["name"] for output in outputs if "as_tensor" in output]
    if len(inputs) != 1 or inputs[0] is None or not made:
        raise WrongUse(
            f"{path} takes {len(inputs)} inputs and gives {len(made)} tensors; expected one batch of pictures"
        )
    values = graph["tensor_values"]
    sizes = values[inputs[0]]["sizes"]
    shape = tuple(size.get("as_int") for size in sizes)
    symbol = _symbol(sizes[0])
    described = {
        "nodes": [_node(node) for node in graph["nodes"]],
        "input": inputs[0],
        "output": made[0],
        "tensors": {
            name: _held(archive, name, files[name], learned, argument) for argument, (name, learned) in held.items()
        },
        "batch_sizes": [name for name, size in graph["sym_int_values"].items() if symbol and _symbol(size) == symbol],
        "sizes": {name: [_size(size, symbol) for size in value["sizes"]] for name, value in values.items()},
    }
    return Exported(described, shape, None if symbol else shape[0], files)


def _node(node: Mapping[str, Any]) -> dict[str, Any]:
    """What is done, with what; where in the source code it stood is left out."""
    arguments = [[given["name"], given["arg"], given.get("kind") == 2] for given in node["inputs"]]
    return {"target": node["target"], "inputs": arguments, "outputs": node["outputs"]}


def _held(
    archive: zipfile.ZipFile, name: str, file: tuple[str, Mapping[str, Any]], learned: bool, argument: str
) -> dict[str, Any]:
    """A tensor. One that is neither learned nor a statistic is part of what the network is, and is kept here."""
    meta = file[1]
    shape = [int(size["as_int"]) for size in meta["sizes"]]
    different = [size for size, stride in zip(shape, meta["strides"], strict=True) if int(stride["as_int"]) != 0]
    if (
        min(shape, default=1) < 0 or math.prod(different) > archive.getinfo(file[0]).file_size
    ):  # a byte a number, or more
        raise Failed(f"tensor {name!r} of {archive.filename} is damaged (its file is too short for the shape {shape})")
    described = {"argument": argument, "shape": shape, "dtype": DTYPES[meta["dtype"]], "learned": learned}
    if not learned and not argument.endswith(_STATISTICS):
        described["value"] = base64.b64encode(_bytes_of(_tensor(archive, *file))).decode()
    return described


def _bytes_of(tensor: Tensor) -> bytes:
    import torch

    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def _tensor(archive: zipfile.ZipFile, file: str, meta: Mapping[str, Any]) -> Tensor:
    import torch

    dtype = getattr(torch, DTYPES[meta["dtype"]])
    sizes, strides = ([int(size["as_int"]) for size in meta[name]] for name in ("sizes", "strides"))
    content = bytearray(archive.read(file))
    if math.prod(sizes) == 0:
        return torch.zeros(sizes, dtype=dtype)
    flat = torch.frombuffer(content, dtype=dtype)
    return flat.as_strided(sizes, strides, int(meta["storage_offset"]["as_int"])).clone()


def _symbol(size: Mapping[str, Any]) -> str | None:
    """The name of a length that is not fixed."""
    return str(size["as_expr"]["expr_str"]) if "as_expr" in size else None


def _size(size: Mapping[str, Any], batch: str | None) -> int | str | None:
    """A number, "n" for the number of items, None for another length that is not fixed."""
    if "as_int" in size:
        return int(size["as_int"])
    return "n" if _symbol(size) == batch else None
