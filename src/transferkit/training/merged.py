"""Merged: the body that several sources of one shape make, the first of them being what the others were fine-tuned from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from transferkit.core.errors import WrongUse
from transferkit.core.network import Network
from transferkit.core.source import Processor, Source
from transferkit.core.target import Target
from transferkit.ops import merging
from transferkit.training.body import Body

FAR = 1.0
"""Length of what fine-tuning changed, as a share of the weights' own, from which on two networks hardly share a start."""

Rule = Callable[[Sequence[dict[str, Tensor]]], dict[str, Tensor]]
"""Task vectors -> the one that is added to the start."""


@dataclass(frozen=True)
class Merged:
    """The body, and what a person should know of how it was made."""

    body: Body
    notes: tuple[str, ...]


def merged_body(sources: Sequence[Source], target: Target, rule: Rule, scale: float, spelling: str) -> Merged:
    """w0 + scale rule(w1 - w0, w2 - w0, ...), without the sources' own heads; running statistics are averaged.

    `spelling`: of the method, which tells this body's cached features from those of others. Raises one line where the
    sources differ in shape.
    """
    bodies = [Body.pretrained(source, target) for source in sources]
    first = bodies[0]
    for source, body in zip(sources[1:], bodies[1:], strict=True):
        _check_positions(sources[0], first, source, body)
    networks = [body.make() for body in bodies]
    states = [_shared(network) for network in networks]
    for source, state in zip(sources[1:], states[1:], strict=True):
        _check_shapes(sources[0], states[0], source, state)
    statistics = {name for name, _ in networks[0].named_buffers()}
    start = {name: tensor for name, tensor in states[0].items() if name not in statistics}
    vectors = [merging.task_vector(start, state) for state in states[1:]]
    weights = merging.moved(start, rule(vectors), scale)
    weights |= merging.averaged([{n: state[n] for n in state if n in statistics} for state in states[1:]])
    prints = "|".join(body.fingerprint for body in bodies)
    fingerprint = "merged-" + hashlib.sha256(f"{spelling}|{prints}".encode()).hexdigest()[:20]

    def make() -> Network:
        network = first.make()
        network.load_state_dict(weights, strict=False)  # all but the first source's own head
        return network

    origin = tuple(one for body in bodies for one in body.origin)
    body = Body(first.architecture, first.processor, fingerprint, make, origin)
    return Merged(body, (*_other_inputs(sources, bodies), *_far(sources, start, vectors)))


def _shared(network: Network) -> dict[str, Tensor]:
    """All tensors but those of the source's own head."""
    return {name: t.detach() for name, t in network.state_dict().items() if not name.startswith("head.")}


def _check_positions(first: Source, wanted: Body, other: Source, given: Body) -> None:
    """What a network knows by its position, words or columns, has to stand in the same place in both."""
    knows_positions = type(wanted.processor).grown is not Processor.grown
    if knows_positions and given.processor.fingerprint != wanted.processor.fingerprint:
        raise WrongUse(
            f"{other.name} cannot be merged with {first.name}: they know other words or columns, or in another order; merge "
            "networks that were fine-tuned from one"
        )


def _other_inputs(sources: Sequence[Source], bodies: Sequence[Body]) -> list[str]:
    """A line for each network that used to see items in another way than it does now."""
    return [
        f"{source.name} was made for items prepared otherwise than {sources[0].name} has them; it now gets those of the latter"
        for source, body in zip(sources[1:], bodies[1:], strict=True)
        if body.processor.fingerprint != bodies[0].processor.fingerprint
    ]


def _check_shapes(first: Source, wanted: dict[str, Tensor], other: Source, given: dict[str, Tensor]) -> None:
    differ = [
        n
        for n in wanted.keys() | given.keys()
        if n not in wanted or n not in given or wanted[n].shape != given[n].shape
    ]
    if differ:
        raise WrongUse(
            f"{other.name} cannot be merged with {first.name}: {len(differ)} of their tensors differ in name or shape, such "
            f"as {min(differ)}; merge networks that were fine-tuned from one"
        )


def _far(sources: Sequence[Source], start: dict[str, Tensor], vectors: Sequence[dict[str, Tensor]]) -> list[str]:
    """A line for each network that does not look fine-tuned from the first."""
    size = _length(start)
    return [
        f"{source.name} lies far from {sources[0].name} (by {_length(vector) / size:.1f} times the length of its weights): "
        "it does not look fine-tuned from it, and merging such networks seldom keeps what either knows"
        for source, vector in zip(sources[1:], vectors, strict=True)
        if _length(vector) > FAR * size
    ]


def _length(weights: dict[str, Tensor]) -> float:
    return float(
        torch.stack([w.double().square().sum() for w in weights.values() if w.is_floating_point()]).sum().sqrt()
    )
