"""The network in a folder that `save` wrote: a predictor's body and head, read as a source.

A fitted predictor is two files (`artifact/saved.py` writes them): `settings.json` says which architecture and processor it
has, `tensors.safetensors` holds the weights of its network and of its head. Nothing of the predictor's code is run here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.source import Card, Processor
from transferkit.sources import architectures, processors, weight_file

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.network import Network

SETTINGS = "settings.json"
TENSORS = "tensors.safetensors"
NETWORK, HEAD = "network.", "head."
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def is_saved(folder: Path) -> bool:
    """Whether a predictor was saved there."""
    return (folder / SETTINGS).is_file() and (folder / TENSORS).is_file()


def card(folder: Path, name: str) -> Card:
    """From the settings and the table of contents of the tensors; the weights stay on disk."""
    said, processor_ = _described(folder), processor(folder)
    shapes = weight_file.shapes(folder / TENSORS)
    body = [_product(shape) for key, shape in shapes.items() if _is_body(key)]
    with_head, chosen = _with_own_head(said, shapes), said["record"]["settings"]
    return Card(
        name=name,
        modality=processor_.modality,
        holds="model",
        fingerprint=said["tensors"]["sha256"][:20],
        architecture=with_head or _architecture(said),
        parameters=sum(body),
        bytes=said["tensors"]["bytes"],
        classes=_classes(said) if with_head else (),
        trained_on=str(chosen.get("trained_on", "unknown")),
        accuracy=chosen.get("validation_accuracy"),
        frozen=architectures.is_frozen(_architecture(said)),
    )


def network(folder: Path) -> Network:
    """A new network with the saved weights; the predictor's head is its own head, where the architecture has one."""
    from safetensors.torch import load

    said, path = _described(folder), folder / TENSORS
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != said["tensors"]["sha256"]:
        raise Failed(f"{path} is damaged or belongs to another save (its SHA-256 is not the one in {SETTINGS})")
    tensors = load(content)
    architecture = _architecture(said)
    if with_head := _with_own_head(said, {key: tuple(value.shape) for key, value in tensors.items()}):
        built, state = architectures.build(with_head), _state(tensors, own_head=True)
        if {key: value.shape for key, value in built.state_dict().items()} == {k: v.shape for k, v in state.items()}:
            built.load_state_dict(state)
            return built
    built = architectures.build(architecture)
    try:
        built.load_state_dict(_state(tensors, own_head=False))
    except RuntimeError as reason:
        short = str(reason).splitlines()[0]
        raise Failed(
            f"{folder}: the weights do not fit {architecture.kind} as this installation builds it ({short})"
        ) from None
    return built


def processor(folder: Path) -> Processor:
    """What turns items into the network's input."""
    return processors.build(_described(folder)["predictor"]["settings"]["processor"])


def _described(folder: Path) -> dict[str, Any]:
    path = folder / SETTINGS
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        inside = said["predictor"]["settings"]
        said["tensors"]["sha256"], said["record"]["settings"]
    except FileNotFoundError:
        raise Failed(f"{folder} is gone: the network that was kept there cannot be read; run it again") from None
    except (ValueError, KeyError, TypeError):
        raise WrongUse(f"{path} was not written by transferkit; give the folder that a model was saved to") from None
    if not {"architecture", "processor"} <= set(inside):
        what = str(said["predictor"].get("class", "")).rpartition(":")[2] or "predictor"
        raise WrongUse(f"{folder} holds a {what}, in which there is no network to transfer from; name another source")
    return said


def _architecture(said: Mapping[str, Any]) -> Architecture:
    described = said["predictor"]["settings"]["architecture"]
    return Architecture.of(described["kind"], described["settings"])


def _classes(said: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(said["task"]["settings"].get("classes") or ())


def _with_own_head(said: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Architecture | None:
    """The architecture with the predictor's linear head as its own, for classes or for the characters that it writes; None
    where one of the two has no such thing."""
    plain, classes = _architecture(said), _classes(said)
    symbols = ["", *(said["task"]["settings"].get("characters") or ())]
    heads = {key.removeprefix(HEAD): shape for key, shape in shapes.items() if key.startswith(HEAD)}
    if set(heads) != {"weight", "bias"}:
        return None
    known = architectures.settings(plain.kind)
    if classes and heads["bias"] == (len(classes),) and "n_classes" in known:
        return Architecture.of(plain.kind, plain.arguments() | {"n_classes": len(classes)})
    if len(symbols) > 1 and heads["bias"] == (len(symbols),) and "symbols" in known:
        return Architecture.of(plain.kind, plain.arguments() | {"symbols": symbols})
    return None


def _state(tensors: Mapping[str, Tensor], own_head: bool) -> dict[str, Tensor]:
    """The names of a network's `state_dict`."""
    state = {key.removeprefix(NETWORK): value for key, value in tensors.items() if key.startswith(NETWORK)}
    if own_head:
        state = {key: value for key, value in state.items() if not key.startswith(HEAD)}
        state |= {key: value for key, value in tensors.items() if key.startswith(HEAD)}
    return state


def _is_body(key: str) -> bool:
    return key.startswith(NETWORK) and not key.startswith(NETWORK + HEAD) and not key.endswith(_BUFFERS)


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for side in shape:
        product *= side
    return product
