"""frozen-cache: a new head on a frozen backbone for 10 epochs - the usual loop against one cached pass.

The usual loop reads every picture and runs the backbone each epoch (float32, no gradient through the backbone, all of
PyTorch's threads), trains the head on the training pictures and judges it on the held-out ones. Ours is `full` with no
moving stage: choosing the form of the pass, the pass, and the same ten epochs of the same head, all from an empty cache.
The bare pass is the fastest form alone, reading the pictures included. All three see the same 600 pictures.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.cats_and_dogs import cats_and_dogs, judged_in_training, mobilenet
from bench.experiment import Outcome
from bench.stopwatch import Stopwatch
from transferkit.core.network import parts_of, seeded
from transferkit.core.run import NoCache, Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.training.body import Body
from transferkit.training.frozen import frozen_states
from transferkit.training.inference import FORMS, in_form


def run(setting: dict[str, Any], data: Path) -> Outcome:
    with tempfile.TemporaryDirectory() as place:
        source = mobilenet(data, setting["mobilenet"]) if "mobilenet" in setting else random_resnet(Path(place))
        return _compared(setting, source, judged_in_training(cats_and_dogs(data)))


def _compared(setting: dict[str, Any], source: Source, target: Target) -> Outcome:
    body, seeds = Body.pretrained(source, target), tuple(setting["seeds"])
    recipe = {name: setting[name] for name in ("epochs", "batch_size", "learning_rate", "weight_decay")}
    method = Full(moving_stages=0, probe_first=False, **recipe)
    watch, remembering = Stopwatch(), OnlyForms()
    fast = pass_over(body, target, Run(cache=remembering))  # chooses the form, outside the clock of the bare pass
    accuracies: dict[str, list[float]] = {"usual": [], "ours": [], "closed_form": []}
    for seed in seeds:
        gave = watch.round(
            {
                "usual": partial(usual_loop, body, target, Run(seed=seed), **recipe),
                "ours": partial(from_empty_cache, partial(ours, method, source, target), seed),
                "pass": partial(pass_over, body, target, Run(cache=remembering)),
                "closed_form": partial(from_empty_cache, partial(closed_form, source, target), 0),
            }
        )
        for name, values in accuracies.items():
            values.append(100 * gave[name])
    if remembering.form not in FORMS:
        raise ValueError(f"the frozen pass names no form in its cache key, but {remembering.form!r}")
    error = relative_error(fast, exact(body, target))
    difference = np.subtract(accuracies["ours"], accuracies["usual"])
    noise = math.hypot(np.std(accuracies["ours"], ddof=1), np.std(accuracies["usual"], ddof=1)) / math.sqrt(len(seeds))
    return Outcome(
        figures={
            "speedup": watch.ratio("usual", "ours"),
            "passes": watch.ratio("ours", "pass"),
            "accuracy_difference": float(difference.mean()),
            "accuracy_noise": float(noise),
            "accuracy": float(np.mean(accuracies["ours"])),
            "feature_error": float(error.mean()),
            "pass_items_per_second": (len(target.train) + len(target.validation)) / watch.median("pass"),
            "closed_form_speedup": watch.ratio("usual", "closed_form"),
            "closed_form_accuracy": float(np.mean(accuracies["closed_form"])),
        },
        details={
            "seconds": watch.rounded(),
            "accuracies": accuracies,
            "form": remembering.form,
            "largest_feature_error": float(error.max()),
            "n_train": len(target.train),
            "n_held_out": len(target.validation),
            "parameters": source.card().parameters,
            "notes": [
                "speedup, passes: medians of the rounds' ratios; one round a seed, every second one backwards",
                "accuracies: of the last epoch, on the held-out pictures, in points",
                "accuracy_noise: standard error of the difference, from the spread over seeds",
                "feature_error: mean relative distance of the fast form's features from float32 ones",
            ],
        },
        seeds=seeds,
    )


def usual_loop(
    body: Body, target: Target, run: Run, *, epochs: int, batch_size: int, learning_rate: float, weight_decay: float
) -> float:
    """What most people write; gives the last epoch's held-out accuracy."""
    backbone, train, held_out = body.make().eval(), target.train, target.validation
    head = torch.nn.Linear(backbone.feature_dim, 2)
    head.load_state_dict(target.task.head(backbone, run.derived_seed("head")).state_dict())
    optimizer = torch.optim.AdamW(head.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * math.ceil(len(train) / batch_size))
    labels, truth = target.task.encode(train.labels or ()), target.task.encode(held_out.labels or ())
    order = run.generator("order")

    def features(items: Sequence[Any], chosen: Sequence[int]) -> torch.Tensor:
        with torch.no_grad():
            return backbone(body.processor([items[i] for i in chosen]))  # type: ignore[no-any-return]

    for _ in range(epochs):
        for chosen in torch.split(torch.randperm(len(train), generator=order), batch_size):
            loss = torch.nn.functional.cross_entropy(head(features(train.items, chosen.tolist())), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        right = 0
        for chosen in torch.split(torch.arange(len(held_out)), batch_size):
            answers = head(features(held_out.items, chosen.tolist())).argmax(1)
            right += int((answers == truth[chosen]).sum())
    return right / len(held_out)


def ours(method: Full, source: Source, target: Target, run: Run) -> float:
    """The last epoch's held-out accuracy of the real method."""
    return method.fit((source,), target, run).record.curve.validation_metric[-1]


def closed_form(source: Source, target: Target, run: Run) -> float:
    """Held-out accuracy of a linear probe on the cached features: no epochs at all."""
    head = LinearProbe().fit((source,), target, run).tensors()
    features = torch.from_numpy(np.array(frozen_states(Body.pretrained(source, target), target.validation, run)))
    answers = (features @ head["head.weight"].T + head["head.bias"]).argmax(1)
    truth = target.task.encode(target.validation.labels or ())
    return sum(int(answer == true) for answer, true in zip(answers, truth, strict=True)) / len(answers)


def from_empty_cache(work: Callable[[Run], float], seed: int) -> float:
    """Everything is paid for: no form is known, no feature is there."""
    with tempfile.TemporaryDirectory() as folder:
        return work(Run(seed=seed, cache=FeatureCache(folder)))


def pass_over(body: Body, target: Target, run: Run) -> np.ndarray:
    """Features of all pictures, (n, d)."""
    return np.concatenate([frozen_states(body, examples, run) for examples in (target.train, target.validation)])


def exact(body: Body, target: Target) -> np.ndarray:
    """The same features in float32 as it is, (n, d)."""
    run = in_form(body.make(), "float32")
    parts: list[torch.Tensor] = []
    for examples in (target.train, target.validation):
        for begin in range(0, len(examples), 32):
            items = [examples.items[i] for i in range(begin, min(begin + 32, len(examples)))]
            parts += parts_of(run(body.processor(items), 0, None))
    return torch.cat(parts).numpy()


def relative_error(features: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """(n,) |features - exact| / |exact| of each item."""
    error: np.ndarray = np.linalg.norm(features - exact, axis=1) / np.linalg.norm(exact, axis=1)
    return error


class OnlyForms(NoCache):
    """Remembers which form is fastest and nothing else."""

    form = ""

    def __init__(self) -> None:
        self._forms: dict[str, np.ndarray] = {}

    def rows(
        self, key: str, ids: Sequence[str], compute: Callable[[Sequence[int]], np.ndarray], chunk: int = 64
    ) -> np.ndarray:
        if not key.startswith("form|"):
            self.form = key.rpartition("|")[2]
            return super().rows(key, ids, compute, chunk)
        if key not in self._forms:
            self._forms[key] = super().rows(key, ids, compute, chunk)
        return self._forms[key]


def random_resnet(folder: Path) -> Source:
    """A network of ResNet-18's size with random weights, as a local `hf:` folder."""
    from transformers import AutoModel, ResNetConfig

    configuration = ResNetConfig(
        embedding_size=64, hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic"
    )
    pictures = {
        "image_processor_type": "ConvNextImageProcessor",
        "size": {"shortest_edge": 224},
        "crop_pct": 0.875,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    }
    with seeded(0):
        AutoModel.from_config(configuration).save_pretrained(folder)  # type: ignore[no-untyped-call]
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures), encoding="utf-8")
    return Source(f"hf:{folder}")
