"""What a folder of sentence-transformers says of its encoder: `modules.json` and a folder for each module.

Reimers & Gurevych 2019, arXiv:1908.10084. Read are a transformer, its pooling, dense layers and the scaling to length 1; a
dropout does nothing outside training. All else is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transferkit.core.errors import Failed, WrongUse
from transferkit.sources.hub import Checkpoint

POOLING = "1_Pooling/config.json"
_WAYS = {
    "cls": "cls",
    "max": "max",
    "mean": "mean",
    "mean_sqrt_len_tokens": "mean_sqrt_length",
    "weightedmean": "weighted_mean",
    "lasttoken": "last",
}
"""The library's name of a way of pooling -> ours, in the order in which several are laid side by side."""
_OLDER = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
_SAFE, _PICKLED = "model.safetensors", "pytorch_model.bin"


@dataclass(frozen=True)
class Modules:
    """An encoder's modules beside its transformer."""

    pooling: tuple[str, ...]
    then: tuple[Mapping[str, Any], ...]
    """As `architectures._pooling.built` takes them."""
    weights: tuple[str, ...]
    """The file of each dense layer, in order."""


def pooling(checkpoint: Checkpoint, file: str = POOLING) -> tuple[str, ...] | None:
    """How an encoder pools, in our words; None where nobody wrote it down."""
    said = checkpoint.read(file)
    if not said:
        return None
    named = said.get("pooling_mode")
    if named is None:
        named = [name for name, key in _OLDER.items() if said.get(key)]
    names = [named] if isinstance(named, str) else list(named)
    for name in names:
        if name not in _WAYS:
            raise WrongUse(f"{checkpoint.source}: {file} pools by {name!r}; known are {', '.join(_WAYS)}")
    return tuple(_WAYS[name] for name in names) or ("mean",)


def read(checkpoint: Checkpoint, trust: bool) -> Modules:
    """The modules of an encoder; one line for what is no such folder, and for a module that is not known."""
    if not checkpoint.has("modules.json"):
        raise WrongUse(f"{checkpoint.source} has no modules.json, so it is no sentence-transformers model; use hf:")
    content = checkpoint.fetch("modules.json").read_text(encoding="utf-8")
    try:
        listed = [(str(module["type"]).rpartition(".")[2], str(module["path"])) for module in json.loads(content)]
    except (ValueError, TypeError, KeyError) as reason:
        raise Failed(f"{checkpoint.source}: modules.json is damaged ({reason!r})") from None
    kinds = [kind for kind, _ in listed]
    if kinds[:2] != ["Transformer", "Pooling"] or listed[0][1]:
        raise WrongUse(
            f"{checkpoint.source} is made of {', '.join(kinds) or 'nothing'}; what can be read is a Transformer in the folder "
            "itself, then Pooling, then Dense and Normalize"
        )
    then: list[Mapping[str, Any]] = []
    weights = []
    for kind, path in listed[2:]:
        if kind == "Normalize":
            then.append({"unit": {}})
        elif kind == "Dense":
            then.append({"dense": _dense(checkpoint, path)})
            weights.append(_file(checkpoint, path, trust))
        elif kind != "Dropout":
            raise WrongUse(f"{checkpoint.source} has a module {kind}; known are Transformer, Pooling, Dense, Normalize")
    return Modules(pooling(checkpoint, f"{listed[1][1]}/config.json") or ("mean",), tuple(then), tuple(weights))


def _dense(checkpoint: Checkpoint, path: str) -> dict[str, Any]:
    said = checkpoint.read(f"{path}/config.json")
    if said.get("use_residual"):
        raise WrongUse(f"{checkpoint.source}: the dense layer in {path} has a residual, which is not known")
    try:
        return {
            "into": int(said["in_features"]),
            "out": int(said["out_features"]),
            "bias": bool(said.get("bias", True)),
            "activation": str(said.get("activation_function", "Tanh")).rpartition(".")[2],
        }
    except (KeyError, ValueError, TypeError):
        raise Failed(f"{checkpoint.source}: {path}/config.json does not say how large the dense layer is") from None


def _file(checkpoint: Checkpoint, path: str, trust: bool) -> str:
    for name in (_SAFE, _PICKLED):
        if checkpoint.has(f"{path}/{name}"):
            if name == _PICKLED and not trust:
                raise Failed(
                    f"{checkpoint.source} has the weights of {path} only as a pickle ({name}), which can run anything when it "
                    "is read; choose a revision with safetensors, or allow it with --trust"
                )
            return f"{path}/{name}"
    raise Failed(f"{checkpoint.source} has no weights in {path}")
