"""One part of the experiment, in a process of its own: `part.py PART ITEMS SOURCE CACHE STEPS`; prints JSON."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

TEXT = "one word after another, " * 200
"""As many tokens as the network takes."""


def network(source: str) -> dict[str, Any]:
    """The network, and one batch through it in training."""
    import torch

    from transferkit.core.source import Source

    one = Source(source)
    made, processor = one.network().train(), one.processor()
    are_texts = processor.modality == "text"
    made(processor([TEXT] * 16) if are_texts else torch.rand(16, 3, *processor.describe()["size"])).sum().backward()
    return {}


def read(items: str) -> dict[str, Any]:
    """The folder or the table, looked through and split."""
    from transferkit.core.target import Target

    target = Target.read(items)
    return {"items": sum(map(len, (target.train, target.validation, target.test, target.unlabelled)))}


def probe(items: str, source: str, cache: str) -> dict[str, Any]:
    """A linear head on the features of every open item."""
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.data.cache import FeatureCache
    from transferkit.methods.frozen.linear_probe import LinearProbe

    LinearProbe().fit((Source(source),), Target.read(items), Run(cache=FeatureCache(cache)))
    return {}


def tune(items: str, source: str, steps: int) -> dict[str, Any]:
    """Fine-tuning of the whole network, from the folder to the first step and a few beyond."""
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.fine_tuning import fine_tune
    from transferkit.training.loop import Addition
    from transferkit.training.losses import Step
    from transferkit.training.recipe import Recipe

    class Enough(Exception):
        """All steps that were wanted are done."""

    begun, times = time.perf_counter(), []

    def penalty(step: Step) -> Any:
        times.append(time.perf_counter() - begun)
        if len(times) > steps:
            raise Enough
        return step.outputs.sum() * 0

    target = Target.read(items)
    body = Body.pretrained(Source(source), target)
    with contextlib.suppress(Enough):
        fine_tune(body, None, target, Recipe(epochs=1, batch_size=16), Run(), add=lambda _: Addition(penalty=penalty))
    return {"first_batch_seconds": times[0], "steps": len(times)}


def main() -> None:
    part, items, source, cache, steps = sys.argv[1:]
    begun = time.perf_counter()
    said = {
        "network": lambda: network(source),
        "read": lambda: read(items),
        "probe": lambda: probe(items, source, cache),
        "tune": lambda: tune(items, source, int(steps)),
    }[part]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    kept = sum(file.stat().st_size for file in Path(cache).rglob("*") if file.is_file())
    print(json.dumps({**said, "seconds": time.perf_counter() - begun, "peak_bytes": peak * unit, "cache_bytes": kept}))


if __name__ == "__main__":
    main()
