"""loop-parity: full fine-tuning by `full` against a plain PyTorch loop - the same weights in the end, in the same time.

Both start from the same network and head, see the same pictures in the same order, and take AdamW steps of the same rate.
What `full` adds by default (a probed head, layer-wise rates, augmentation, early stopping) is switched off. Where it would use
one core only, because the network is small, the plain loop is given one as well: other sums would round otherwise.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.cats_and_dogs import cats_and_dogs, mobilenet
from bench.experiment import Outcome, needed
from bench.stopwatch import Stopwatch
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.full import Full
from transferkit.training.every_core import on_one_core


def run(setting: dict[str, Any], data: Path) -> Outcome:
    source = mobilenet(data, setting["mobilenet"]) if "mobilenet" in setting else cifar_resnet(data)
    target = in_memory(cats_and_dogs(data), setting["n_items"])
    recipe = {name: setting[name] for name in ("epochs", "batch_size", "learning_rate", "weight_decay")}
    method = Full(
        probe_first=False, layer_decay=1.0, keep_statistics=False, balance="none", augmentation="none", **recipe
    )
    watch, differences = Stopwatch(), []
    for seed in [setting["seeds"][0], *setting["seeds"]]:
        ways = {
            "plain": partial(plain_loop, source, target, Run(seed=seed), **recipe),
            "ours": partial(fitted, method, source, target, Run(seed=seed)),
        }
        with on_one_core(setting.get("one_core", False)):
            gave = watch.round(ways)
        differences.append(largest_difference(gave["plain"], gave["ours"]))
    for several in watch.seconds.values():
        del several[0]  # the first round warmed up
    moved = largest_difference(starting_point(source, target, Run(seed=setting["seeds"][-1])), gave["ours"])
    return Outcome(
        figures={
            "time_ratio": watch.ratio("ours", "plain"),
            "max_weight_difference": max(differences),
            "max_weight_change": moved,
        },
        details={
            "seconds": watch.rounded(),
            "n_items": len(target.train),
            "parameters": source.card().parameters,
            "notes": [
                "time_ratio: ours / plain, median of the rounds' ratios; pictures are decoded beforehand",
                "max_weight_change: how far training moved a weight, to compare max_weight_difference with",
            ],
        },
        seeds=tuple(setting["seeds"]),
    )


def fitted(method: Full, source: Source, target: Target, run: Run) -> dict[str, Tensor]:
    """All weights that the real method gives, by name."""
    return method.fit((source,), target, run).tensors()


def plain_loop(
    source: Source, target: Target, run: Run, *, epochs: int, batch_size: int, learning_rate: float, weight_decay: float
) -> dict[str, Tensor]:
    """Forty lines of PyTorch; gives all weights by name."""
    network, n = source.network(), len(target.train)
    head = target.task.head(network, run.derived_seed("head"))
    inputs = source.processor()(target.train.items)
    labels = target.task.encode(target.train.labels or ())
    model = torch.nn.Sequential(network, head)
    network.head, own_head = None, network.head  # the source's own classes take no part
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    n_steps = epochs * math.ceil(n / batch_size)
    rising = max(1, round(0.1 * n_steps))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, n_steps - rising)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    order = run.generator("order")
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for chosen in torch.split(torch.randperm(n, generator=order), batch_size):
            loss = torch.nn.functional.cross_entropy(model(inputs[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        if not math.isfinite(total):
            raise ArithmeticError(f"loss is not a number in epoch {epoch}")
    network.head = own_head
    return named_weights(network, head)


def starting_point(source: Source, target: Target, run: Run) -> dict[str, Tensor]:
    """The weights both begin with."""
    network = source.network()
    return named_weights(network, target.task.head(network, run.derived_seed("head")))


def named_weights(network: torch.nn.Module, head: torch.nn.Module) -> dict[str, Tensor]:
    """All weights and statistics, named as a saved predictor names them."""
    named = {f"network.{name}": value for name, value in network.state_dict().items()}
    return named | {f"head.{name}": value for name, value in head.state_dict().items()}


def largest_difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """The largest absolute difference between two sets of the same weights; counters of batches are no weights."""
    if one.keys() != other.keys():
        raise KeyError(f"the two loops hold different weights: {sorted(one.keys() ^ other.keys())}")
    return max(float((one[name] - other[name]).abs().max()) for name in one if one[name].is_floating_point())


def in_memory(target: Target, n_items: int) -> Target:
    """The first pictures of the target, decoded; nothing held out."""
    train = target.whole().train.take(range(n_items))
    return replace(target, train=replace(train, items=list(train.items)), validation=train.take([]))


def cifar_resnet(data: Path) -> Source:
    """A residual network with BatchNorm, whose statistics move as well."""
    (folder,) = needed(data, "weights_cifar_resnet")
    path = min(folder.glob("*.safetensors"), key=lambda path: path.stat().st_size)
    return Source(f"torch:{path}?architecture=cifar_resnet")
