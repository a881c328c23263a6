"""What every transformers model has alike, whatever its modality: configurations as settings, checkpoints read offline."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from transferkit.core.network import Network

_NOT_SHAPE = ("id2label", "label2id", "transformers_version", "_name_or_path", "dtype", "torch_dtype", "auto_map")
"""Fields of a configuration that do not change what is built."""


@dataclass(frozen=True)
class Unfit:
    """What a checkpoint lacks of what the network uses; both empty where it fits."""

    missing: tuple[str, ...]
    reshaped: tuple[str, ...]
    """Spelled out: `classifier.weight is (10, 64), expected (5, 64)`."""


def shape_of(config: Any, classifier: bool) -> dict[str, Any]:
    """A configuration as plain JSON, without what does not change the network."""
    plain = json.loads(config.to_json_string(use_diff=False))
    shape = {name: value for name, value in plain.items() if name not in _NOT_SHAPE}
    if classifier:
        shape["num_labels"] = config.num_labels
    return {**shape, "model_type": config.model_type}


def fresh(auto_class: Any, shape: Mapping[str, Any]) -> Any:
    """A model of what `shape_of` wrote down, newly initialised."""
    from transformers import AutoConfig

    settings = dict(shape)
    config = AutoConfig.for_model(settings.pop("model_type"), **settings)
    return auto_class.from_config(config, dtype=torch.float32, trust_remote_code=False)


def on_meta(auto_class: Any, config: Any) -> Any:
    """A model without memory for its weights, to be counted; the configuration stays as it is."""
    config = copy.deepcopy(config)  # taking a model apart may change its configuration
    with torch.device("meta"):
        return auto_class.from_config(config, trust_remote_code=False)


def load(
    auto_class: Any, folder: str, config: Any, pickled: bool, wrap: Callable[[Any], Network]
) -> tuple[Network, Unfit]:
    """The network that `wrap` makes of a local checkpoint's model, and what of it the checkpoint does not give."""
    model, told = auto_class.from_pretrained(
        folder,
        config=config,
        dtype=torch.float32,
        use_safetensors=not pickled,
        local_files_only=True,
        trust_remote_code=False,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    named = {id(tensor): name for name, tensor in _tensors(model)}
    network = wrap(model)
    used = {named[id(tensor)] for _, tensor in _tensors(network) if id(tensor) in named}
    missing = sorted(name for name in used & set(told["missing_keys"]) if not name.endswith("num_batches_tracked"))
    reshaped = [
        f"{name} is {tuple(given)}, expected {tuple(expected)}" for name, given, expected in told["mismatched_keys"]
    ]
    return network.eval(), Unfit(tuple(missing), tuple(reshaped))


def first_line(reason: BaseException) -> str:
    """What an error of the library says, as one line."""
    return (str(reason).strip() or type(reason).__name__).splitlines()[0]


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()
