"""Precision: whether training steps multiply in bfloat16. Weights, their updates and the loss stay float32.

Micikevicius et al. 2018, arXiv:1710.03740; bfloat16 has the range of float32 and needs no scaling of the loss: Kalamkar et al.
2019, arXiv:1905.12322. Differs: unasked it is taken on CPUs only, where the processor multiplies bfloat16 natively, the
network is mostly matrix products (convolutions gain only in another layout), and a short timing says that it pays, which a fit
of a few steps does without.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from transferkit.core.network import State, parts_of
from transferkit.core.run import Run
from transferkit.training.every_core import on_one_core
from transferkit.training.inference import FIDELITY, SMALL, multiplies_bfloat16
from transferkit.training.model import Model, as_precise, moved

if TYPE_CHECKING:
    from transferkit.training.inputs import Inputs
    from transferkit.training.recipe import Recipe

PAYS = 1.2
"""How many times as fast bfloat16 has to be to be taken; a smaller gain is worth neither its rounding nor being timed wrong."""
SAMPLE = 16
"""Items it is timed on: weights are rounded once a batch, so that on a few items alone it would seem not to pay."""
SHORT = 20
"""Steps up to which a fit does not bear the timing, which takes as long as several of them. In batches of `SAMPLE` items
or more bfloat16 is then taken to pay, where the processor has the instructions; that features stay true is looked at anyway."""
CHECKED = 4
"""Items of a short fit whose features are looked at."""
PRODUCTS = 0.5
"""Least share of a network's parameters that matrices make up. Embeddings are looked up, not multiplied, and do not count."""


@contextmanager
def products_in(precision: str, device: str) -> Iterator[None]:
    """A context in which matrix products are computed in this precision, whatever the weights are stored in."""
    with torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
        yield


def chosen(model: Model, recipe: Recipe, inputs: Inputs, run: Run) -> str:
    """The precision of the recipe, "auto" resolved: timed once a network and machine, and remembered by the cache; where the
    fit is short, without a timing.

    The model, whose weights that move must be marked as such, is left as it was.
    """
    if recipe.precision != "auto":
        return recipe.precision
    if not _may_pay(model, run):
        return "float32"
    sample = moved(inputs[range(min(SAMPLE, len(inputs)))], torch.device(run.device))
    sizes = [tuple(part.shape) for part in parts_of(sample)]
    capability = f"{torch.backends.cpu.get_cpu_capability()}|torch={torch.__version__}"
    n_batches = -(-len(inputs) // recipe.batch_size)
    is_short = min(recipe.epochs, recipe.stop_after or recipe.epochs) * n_batches <= SHORT
    untimed = is_short and min(len(inputs), recipe.batch_size) >= SAMPLE
    what = "precision untimed" if untimed else "precision"
    key = f"{what}|{model.network.architecture.fingerprint}|{sizes}|{recipe.first_moving}|{capability}|{run.device}"

    def timed(_: object) -> np.ndarray:
        found = (_is_true if untimed else _pays)(model, recipe.first_moving, sample, run.device)
        return np.array([[float(found)]], dtype=np.float32)

    return "bfloat16" if run.cache.rows(key, ("precision",), timed)[0, 0] else "float32"


def _may_pay(model: Model, run: Run) -> bool:
    """Whether a timing is worth its cost."""
    network = model.network
    looked_up = {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag)}
    sizes = [(p.ndim, p.numel()) for p in network.parameters() if id(p) not in looked_up]
    total = sum(size for _, size in sizes)
    in_matrices = sum(size for n_axes, size in sizes if n_axes == 2)
    return (
        run.device == "cpu"
        and any(parameter.requires_grad for parameter in network.parameters())
        and multiplies_bfloat16()
        and model.task.needs_features
        and not network.float32_only
        and total >= SMALL
        and in_matrices >= PRODUCTS * total
    )


def _pays(model: Model, start: int, sample: State, device: str) -> bool:
    """Whether a step in bfloat16 is faster, and its features true to float32."""
    model.eval()
    with on_one_core():
        reference, seconds = _tried(model, "float32", start, sample, device)
        try:
            features, seconds_less_precise = _tried(model, "bfloat16", start, sample, device)
        except RuntimeError:  # a layer that cannot compute in it
            return False
    return _alike(features, reference) and PAYS * seconds_less_precise < seconds


def _is_true(model: Model, start: int, sample: State, device: str) -> bool:
    """Whether the features of a few items in bfloat16 are true to float32."""
    model.eval()
    few = sample[:CHECKED] if isinstance(sample, Tensor) else tuple(part[:CHECKED] for part in sample)
    features = []
    for precision in ("float32", "bfloat16"):
        try:
            with torch.inference_mode(), products_in(precision, device):
                state = as_precise(model.features(few, start), torch.float32)
        except RuntimeError:
            if precision == "float32":
                raise
            return False  # a layer that cannot compute in it
        features.append(parts_of(state)[0].flatten(1))
    return _alike(features[1], features[0])


def _alike(features: Tensor, reference: Tensor) -> bool:
    distance = ((features - reference).norm(dim=1) / reference.norm(dim=1).clamp_min(1e-12)).mean()
    return bool(distance <= FIDELITY)


def _tried(model: Model, precision: str, start: int, sample: State, device: str) -> tuple[Tensor, float]:
    """Features of the sample, and the seconds that a pass there and back kept this core busy, once warm."""
    warm_up = sample[:1] if isinstance(sample, Tensor) else tuple(part[:1] for part in sample)
    for state in (warm_up, sample):
        begun = time.thread_time()
        with torch.enable_grad(), products_in(precision, device):
            features = as_precise(model.features(state, start), torch.float32)
            parts_of(features)[0].square().mean().backward()  # type: ignore[no-untyped-call]
        seconds = time.thread_time() - begun
        for parameter in model.parameters():
            parameter.grad = None
    return parts_of(features)[0].detach().flatten(1), seconds
