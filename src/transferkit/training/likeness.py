"""Likeness: whether two domains differ at all, as far as the network that is about to be adapted can tell.

A kernel two-sample test (`ops/alignment/alike.py`) on its features before it is trained; random ones of a fresh network, which
keep most of what inputs differ in.
"""

from __future__ import annotations

import numpy as np
import torch

from transferkit.core.examples import Examples
from transferkit.core.network import Network, parts_of
from transferkit.core.run import Run
from transferkit.ops.alignment.alike import chance_alike
from transferkit.training.body import Body
from transferkit.training.domains import Domains
from transferkit.training.model import moved
from transferkit.training.nothing_to_adapt import ALIKE
from transferkit.training.reading import inputs_of

MOST_ITEMS = 128
"""Of each domain, drawn from the run's seed."""
BATCH = 32


def notes_on_likeness(body: Body, domains: Domains, run: Run) -> tuple[str, ...]:
    """A line where the domains do not differ, or where nothing about them does; else none."""
    network = body.make().to(run.device).eval()
    source, target = (
        _features(network, body, examples, run, purpose)
        for examples, purpose in ((domains.labelled, "source"), (domains.unlabelled, "target"))
    )
    if not source.var(0).any() or not target.var(0).any():
        return (f"all {'source' if not source.var(0).any() else 'target'} items are the same to the network",)
    chance = chance_alike(source, target)
    if chance <= ALIKE:
        return ()
    return (
        f"the domains do not differ as far as a two-sample test on the network's features can tell (p = {chance:.2f}); "
        "nothing to adapt",
    )


def _features(network: Network, body: Body, examples: Examples, run: Run, purpose: str) -> np.ndarray:
    """(n, d) float64"""
    order = torch.randperm(len(examples), generator=run.generator(f"likeness {purpose}"))
    chosen, parts = order[:MOST_ITEMS].tolist(), []
    with torch.inference_mode():
        for start in range(0, len(chosen), BATCH):
            run.check_deadline()
            inputs = inputs_of(body.processor, examples.items, chosen[start : start + BATCH])
            parts.append(parts_of(network(moved(inputs, torch.device(run.device))))[0].flatten(1).float().cpu())
    return torch.cat(parts).double().numpy()
