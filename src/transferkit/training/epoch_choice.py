"""Epoch choice: which epoch of an adaptation to keep, where no target label can say.

By a label-free score of the model's word on target items; the last epoch is often not the best one, as adversarial training
may collapse. Where enough labelled target items are held out they decide instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from transferkit.core.network import parts_of
from transferkit.core.run import Run
from transferkit.ops.label_free.information_maximisation import information_maximisation
from transferkit.ops.label_free.judged import Judged
from transferkit.training.best_state import LEAST_ITEMS
from transferkit.training.domains import Domains
from transferkit.training.evaluation import BATCH
from transferkit.training.inputs import Inputs
from transferkit.training.model import Model, moved

MOST_ITEMS = 2000
"""Target items that are looked at after each epoch, always the same ones."""


class EpochChoice:
    """Called after each epoch with the model in eval mode; gives the score and remembers it."""

    def __init__(self, model: Model, domains: Domains, run: Run) -> None:
        """Looks at `MOST_ITEMS` open target items at most."""
        items = domains.unlabelled
        chosen = torch.randperm(len(items), generator=run.generator("judged"))[:MOST_ITEMS].sort().values
        self._model, self._device = model, torch.device(run.device)
        self._inputs = Inputs(items.take(chosen.tolist()), model.processor)
        self.scores: list[float] = []

    def __call__(self, epoch: int) -> float:
        probabilities = self._probabilities()
        finite = bool(np.isfinite(probabilities).all())
        score = information_maximisation(Judged(target_probabilities=probabilities)) if finite else -math.inf
        self.scores.append(score)
        return score

    def told(self, best_epoch: int | None) -> Mapping[str, Any]:
        """For the record: the scores of the last epoch and of the one that was kept."""
        if not self.scores or best_epoch is None:
            return {}
        kept = self.scores[min(best_epoch, len(self.scores)) - 1]
        return {"label_free_last": round(self.scores[-1], 6), "label_free_kept": round(kept, 6)}

    def _probabilities(self) -> np.ndarray:
        """(n, n_classes)"""
        parts = []
        with torch.inference_mode():
            for chosen in torch.split(torch.arange(len(self._inputs)), BATCH):
                features = self._model.features(moved(self._inputs[chosen], self._device))
                parts.append(parts_of(self._model.outputs(features))[0].float().softmax(dim=1).cpu())
        table: np.ndarray = torch.cat(parts).numpy()
        return table


def epoch_choice(model: Model, domains: Domains, run: Run) -> EpochChoice | None:
    """None where labelled target items decide, or where there are no classes whose probabilities could be looked at."""
    if domains.task.name != "classify" or len(domains.target.validation) >= LEAST_ITEMS:
        return None
    return EpochChoice(model, domains, run)
