"""Adapters: low-rank changes beside a network's weights, trained in their place and then merged into them. PEFT's layers.

Hu et al. 2021, arXiv:2106.09685: W + (scale / rank) B A, with B 0 at the start. Liu et al. 2024, arXiv:2402.09353 (DoRA): the
direction of each output's weights is changed so, and its length is a weight of its own; a layer in which an output's weights
are all 0, and have no direction, is changed as a whole. Layers that get one: linear ones, embeddings, and convolutions
without groups. A convolution that does more than convolve (`FoldedConvolution` pads before and cuts off after) lends its own
weights to a plain one inside it, so that PEFT's stands where the product is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from transferkit.core.network import Network, seeded
from transferkit.sources.architectures._folded_convolution import FoldedConvolution

_INNER = "convolution_inside"


def adapt(
    network: Network, first_moving: int, rank: int, scale: int, decomposed: bool, seed: int
) -> Callable[[], None] | None:
    """Put adapters into the stages from `first_moving` on, in place; call what comes back to merge them and take them out.

    None where there is no layer for one. The adapters' parameters have `lora_` in their names.
    """
    from peft import LoraConfig, inject_adapter_in_model

    inside = {id(module) for name in network.stages[first_moving:] for module in network.stage(name).modules()}
    for module in list(network.modules()):
        if id(module) in inside and isinstance(module, FoldedConvolution) and module.groups == 1:
            _lend_weights(module)
            inside.add(id(getattr(module, _INNER)))
    names = [name for name, module in network.named_modules() if id(module) in inside and _takes_one(module)]
    if not names:
        return None
    whole = [name for name in names if not decomposed or _has_empty_output(network.get_submodule(name))]
    with seeded(seed):
        for chosen, parts in ((whole, False), ([name for name in names if name not in whole], True)):
            if chosen:
                inject_adapter_in_model(
                    LoraConfig(r=rank, lora_alpha=scale, use_dora=parts, target_modules=chosen), network
                )
                del network.peft_config  # PEFT's own note, which would be in the way of the second kind
    return lambda: _merge(network)


def is_adapter(name: str, parameter: nn.Parameter) -> bool:
    """Whether a parameter of this name is an adapter's; for `Addition.moves`.

    >>> is_adapter("body.stem.lora_A.default.weight", None), is_adapter("body.stem.base_layer.weight", None)
    (True, False)
    """
    return "lora_" in name


def _has_empty_output(module: nn.Module) -> bool:
    """Whether the weights of some output are all 0, as those of a column that is new to a table: they have no direction."""
    from transformers.pytorch_utils import Conv1D

    weight: Any = module.weight
    by_output = weight.T if isinstance(module, (nn.Embedding, Conv1D)) else weight
    return not bool(by_output.detach().flatten(1).norm(dim=1).all())


def _takes_one(module: nn.Module) -> bool:
    """Whether PEFT's layer does exactly what this one does: a subclass may do more."""
    from transformers.pytorch_utils import Conv1D

    if isinstance(module, (nn.Conv1d, nn.Conv2d)):
        return type(module) in (nn.Conv1d, nn.Conv2d) and module.groups == 1
    return type(module) in (nn.Linear, nn.Embedding, Conv1D)


def _lend_weights(module: FoldedConvolution) -> None:
    """A plain convolution with the module's own weights, which the module runs from now on."""
    plain = nn.utils.skip_init(  # type: ignore[no-untyped-call]  # draws no random numbers
        nn.Conv2d,
        module.in_channels,
        module.out_channels,
        module.kernel_size,
        module.stride,
        module.padding,
        bias=module.bias is not None,
    )
    plain.weight, plain.bias = module.weight, module.bias
    module.add_module(_INNER, plain)

    def convolve(input: Tensor, weight: Any, bias: Any) -> Any:
        return getattr(module, _INNER)(input)

    module._conv_forward = convolve  # type: ignore[method-assign]


def _merge(network: Network) -> None:
    from peft.tuners.lora import LoraLayer

    for name, module in list(network.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()  # type: ignore[operator]
            parent, _, own = name.rpartition(".")
            setattr(network.get_submodule(parent), own, module.get_base_layer())
    for module in network.modules():
        if hasattr(module, _INNER):
            delattr(module, _INNER)
            del module._conv_forward
