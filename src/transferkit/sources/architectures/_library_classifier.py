"""From a network of ours back to one of transformers' own classifiers, with the same weights and the same logits.

The library's classifiers differ in what lies between a body and the logits: one linear layer, a projection, a dense layer with
an activation, a layer without a bias. No table says which: the library's model of the family is built, the body's weights are
laid in, what is left over is filled in every way that could give one linear layer on our features, and a way is accepted only
if the logits of a trial batch agree.

Where a dense layer with an activation lies between, numbers pass it unbent: tanh(s x) = s x to 2e-6 of its value for s = 2^-14
and |x| < 40, and f(x) - f(-x) = x for ReLU, GELU and SiLU alike, so that each logit passes as a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State, seeded
from transferkit.sources.architectures._text_layouts import classifier_of, held, layout_of

TOLERANCE = 1e-5
"""Largest difference of two logits, as a share of the largest logit or of 1, whichever is more."""
_AUTO_CLASSES = {
    "transformers_vision": "AutoModelForImageClassification",
    "transformers_text": "AutoModelForSequenceClassification",
    "transformers_audio": "AutoModelForAudioClassification",
}
"""Architecture -> the library's name for its classifiers."""
_STRAIGHT = 2.0**-14
"""Features times this pass a tanh unbent."""
_KEEP = "save() keeps it as it is, and transferkit.load reads that"


@dataclass(frozen=True)
class Trial:
    """A batch that both models are run on."""

    inputs: State
    """As the network's processor makes it."""
    logits: Tensor
    """(n, n_outputs) that the library's model has to give."""


def kinds() -> frozenset[str]:
    """The architectures that can become a classifier of the library.

    >>> "transformers_vision" in kinds()
    True
    """
    return frozenset(_AUTO_CLASSES)


def library_classifier(network: Network, head: nn.Linear, settings: Mapping[str, Any], trial: Trial) -> Any:
    """A plain transformers model that computes `head(network(inputs))`, in eval mode, float32, on the CPU.

    `settings`: of its configuration, `num_labels`, `id2label`, `problem_type` and the like. Refuses, in one line, what no class
    of the library computes.
    """
    model = _fresh(network, settings)
    laid = _with_body(network, model)
    free = [m for m in model.modules() if isinstance(m, nn.Linear) and id(m.weight) not in laid]
    weight, bias = (tensor.detach().cpu().double() for tensor in (head.weight, head.bias))  # (C, d), (C,)
    apart = float("inf")
    for lay in _ways(network, model, free, weight, bias):
        lay()
        apart = min(apart, _difference(model, trial))
        if apart <= TOLERANCE:
            return model
    raise WrongUse(_why(network, model, free, apart))


def _fresh(network: Network, settings: Mapping[str, Any]) -> Any:
    import transformers

    shape = network.architecture.arguments()["config"]
    model_type = shape["model_type"]
    if shape.get("num_channels", 3) != 3:
        raise WrongUse(
            f"this {model_type} network takes grey pictures, and no image processor of transformers makes them; {_KEEP}"
        )
    fields = {name: value for name, value in shape.items() if name != "model_type"}
    if fields.get("classifier_proj_size", settings["num_labels"]) < settings["num_labels"]:
        fields["classifier_proj_size"] = settings["num_labels"]
    config = transformers.AutoConfig.for_model(model_type, **{**fields, **settings})
    config.architectures = config.architectures or []  # the library looks for a name in it
    auto_class = getattr(transformers, _AUTO_CLASSES[network.architecture.kind])
    try:
        with seeded(0):
            return auto_class.from_config(config, dtype=torch.float32, trust_remote_code=False).eval()
    except ValueError:
        raise WrongUse(
            f"transformers has no {auto_class.__name__.removeprefix('AutoModelFor')} for {model_type} networks; {_KEEP}"
        ) from None


def _with_body(network: Any, model: Any) -> set[int]:
    """Lay the body's weights in; the identities of the parameters that are filled."""
    body = next((module for module in model.modules() if type(module) is type(network.body)), None)
    if body is None:
        raise WrongUse(f"{type(model).__name__} has no {type(network.body).__name__} in it; {_KEEP}")
    given = {name: tensor.detach().cpu().float() for name, tensor in network.body.state_dict().items()}
    body.load_state_dict(given, strict=False)
    laid = {id(parameter) for name, parameter in body.named_parameters() if name in given}
    pooler = getattr(network, "pooler", None)
    if pooler is not None:
        known = classifier_of(model.config.model_type)
        assert known is not None
        assert known.pooler is not None
        theirs = known.pooler(model, body)
        theirs.load_state_dict(pooler.state_dict())
        laid |= {id(parameter) for parameter in theirs.parameters()}
    return laid


def _ways(
    network: Any, model: Any, free: list[nn.Linear], weight: Tensor, bias: Tensor
) -> Iterator[Callable[[], None]]:
    """Every way to lay one linear layer into those that are left over."""
    n_outputs, d = weight.shape
    if len(free) == 1 and free[0].weight.shape == weight.shape:
        (out,) = free
        if out.bias is not None:
            yield partial(_set, out, weight, bias)
        elif (norm := _norm_before(network, model)) is not None:
            yield partial(_bias_into_norm, out, norm, weight, bias)
    biased = all(layer.bias is not None for layer in free)
    fits = len(free) == 2 and free[0].in_features == d and free[0].out_features >= min(d, n_outputs)
    if fits and biased and free[1].weight.shape == (n_outputs, free[0].out_features):
        dense, out = free
        yield partial(_through, dense, out, weight, bias, 1.0)
        yield partial(_through, dense, out, weight, bias, _STRAIGHT)
        if dense.out_features >= 2 * n_outputs:
            yield partial(_in_pairs, dense, out, weight, bias)


def _through(dense: nn.Linear, out: nn.Linear, weight: Tensor, bias: Tensor, scale: float) -> None:
    """out(dense(x)) = weight x + bias, where what lies between leaves scale x as it is."""
    (n_outputs, d), width = weight.shape, dense.out_features
    if width >= d:
        _set(dense, scale * torch.eye(width, d), torch.zeros(width))
        _set(out, functional.pad(weight / scale, (0, width - d)), bias)
    else:  # too narrow for the features, not for the logits
        more = width - n_outputs
        _set(dense, functional.pad(scale * weight, (0, 0, 0, more)), functional.pad(scale * bias, (0, more)))
        _set(out, torch.eye(n_outputs, width) / scale, torch.zeros(n_outputs))


def _in_pairs(dense: nn.Linear, out: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    """out(f(dense(x))) = weight x + bias, where f(y) - f(-y) = y; what is not needed of `dense` is left newly initialised."""
    n_outputs, width = len(weight), dense.out_features
    with torch.no_grad():
        dense.weight[: 2 * n_outputs] = torch.cat([weight, -weight]).to(dense.weight)
        dense.bias[: 2 * n_outputs] = torch.cat([bias, -bias]).to(dense.bias)
    one = torch.eye(n_outputs)
    _set(out, functional.pad(torch.cat([one, -one], 1), (0, width - 2 * n_outputs)), torch.zeros(n_outputs))


def _bias_into_norm(out: nn.Linear, norm: nn.LayerNorm, weight: Tensor, bias: Tensor) -> None:
    """The shift s with weight s = bias, into the norm that the features come from: weight (x + s) = weight x + bias."""
    shift = torch.linalg.lstsq(weight, bias[:, None], driver="gelsd").solution[:, 0]  # (d,)
    with torch.no_grad():
        out.weight.copy_(weight)
        norm.bias.add_(shift.to(norm.bias.dtype))


def _set(layer: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def _norm_before(network: Any, model: Any) -> nn.LayerNorm | None:
    """The norm of the library's model that a text's features come from, where it can be told."""
    body = next(module for module in model.modules() if type(module) is type(network.body))
    layout = layout_of(body)
    norms = held(body, layout.after) if layout else []
    return norms[-1] if norms and isinstance(norms[-1], nn.LayerNorm) and norms[-1].bias is not None else None


def _difference(model: Any, trial: Trial) -> float:
    """The largest difference of two logits, as a share of the largest logit or of 1."""
    largest = max(1.0, float(trial.logits.abs().max()))
    with torch.inference_mode():
        return max(
            float((model(**arguments).logits - trial.logits[rows]).abs().nan_to_num(torch.inf).max()) / largest
            for arguments, rows in _calls(model, trial.inputs)
        )


def _calls(model: Any, inputs: State) -> Iterator[tuple[dict[str, Tensor], slice]]:
    """How the library's model is called with these inputs, and which items each call holds."""
    name = model.main_input_name
    if isinstance(inputs, Tensor):
        yield {name: inputs}, slice(None)
    elif name == "input_ids":
        tokens, mask = inputs[0].long(), inputs[1].long()
        for rows in (slice(None), *(slice(i, i + 1) for i in range(len(tokens)))):
            width = int(mask[rows].sum(1).max())
            yield {name: tokens[rows, :width], "attention_mask": mask[rows, :width]}, rows
    elif name == "input_features":
        yield {name: inputs[0]}, slice(None)
    else:
        for i, length in enumerate(inputs[1].tolist()):  # alone, for the library lets padding in
            yield {name: inputs[0][i : i + 1, :length]}, slice(i, i + 1)


def _why(network: Any, model: Any, free: list[nn.Linear], apart: float) -> str:
    """Why no way gave the same logits, and what to do."""
    theirs, kind = type(model).__name__, model.config.model_type
    ways = getattr(network, "_ways", ())
    if len(getattr(network, "then", ())):
        return f"{theirs} has no place for the layers that this sentence encoder has behind its pooling; {_KEEP}"
    if ways and not {"cls", "last"} & set(ways) and network.pooler is None:
        return (
            f"{theirs} does not read the {' and '.join(ways)} of a text's tokens, as this network does; fit one of "
            f"'hf:NAME?pooling=cls' for a model to export, or keep this one: {_KEEP}"
        )
    if len(free) == 1 and free[0].bias is None:
        return f"the head of {theirs} has no bias, and its norm none that could stand for it; {_KEEP}"
    far = f" (logits differ by {apart:.2g} of the largest)" if apart < float("inf") else ""
    return f"{theirs} does not compute one linear layer on the features of this {kind} network{far}; {_KEEP}"
