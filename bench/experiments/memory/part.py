"""One part of the experiment, in a process of its own: `part.py PART PICTURES SOURCE CACHE STEPS`; prints JSON."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


def network(source: str) -> dict[str, Any]:
    """The network, and one batch through it in training."""
    import torch

    from transferkit.core.source import Source

    one = Source(source)
    made = one.network().train()
    made(torch.rand(16, 3, *one.processor().describe()["size"])).sum().backward()
    return {}


def read(pictures: str) -> dict[str, Any]:
    """The folder, looked through and split."""
    from transferkit.core.target import Target

    return {"items": len(Target.read(pictures).contents())}


def probe(pictures: str, source: str, cache: str) -> dict[str, Any]:
    """A linear head on the features of every open item."""
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.data.cache import FeatureCache
    from transferkit.methods.frozen.linear_probe import LinearProbe

    LinearProbe().fit((Source(source),), Target.read(pictures), Run(cache=FeatureCache(cache)))
    return {}


def tune(pictures: str, source: str, steps: int) -> dict[str, Any]:
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

    target = Target.read(pictures)
    body = Body.pretrained(Source(source), target)
    with contextlib.suppress(Enough):
        fine_tune(body, None, target, Recipe(epochs=1, batch_size=16), Run(), add=lambda _: Addition(penalty=penalty))
    return {"first_batch_seconds": times[0], "steps": len(times)}


def main() -> None:
    part, pictures, source, cache, steps = sys.argv[1:]
    begun = time.perf_counter()
    said = {
        "network": lambda: network(source),
        "read": lambda: read(pictures),
        "probe": lambda: probe(pictures, source, cache),
        "tune": lambda: tune(pictures, source, int(steps)),
    }[part]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    kept = sum(file.stat().st_size for file in Path(cache).rglob("*") if file.is_file())
    print(json.dumps({**said, "seconds": time.perf_counter() - begun, "peak_bytes": peak * unit, "cache_bytes": kept}))


if __name__ == "__main__":
    main()
