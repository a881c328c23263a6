"""Weights of items, `balance` and `label_smoothing` mean the same in every deep method of adaptation, for source and target."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from transferkit.core import registry
from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.sources.memory import keep
from transferkit.tasks.classify import Classify
from transferkit.training.adapting_method import DomainMethod

METHODS = sorted(name for name, cls in registry.find("methods").items() if issubclass(cls, DomainMethod))
OF_FEW = {"epochs": 1, "batch_size": 8}


def pictures(n: int, seed: int, light: int) -> tuple[np.ndarray, list[str]]:
    """n pictures of 8 x 8, every sixth of them of the rare class."""
    draw = np.random.default_rng(seed)
    rare = np.arange(n) % 6 == 0
    rows = np.where(rare[:, None, None], np.arange(8)[:, None], np.arange(8)) % 4 < 2
    grey = 90 * rows + light + draw.normal(0, 10, (n, 8, 8))
    return grey.clip(0, 255).astype(np.uint8), np.where(rare, "rare", "usual").tolist()


def domains(change: Callable[[Examples], Examples] = lambda examples: examples) -> tuple[Source, Target]:
    """Both with labels; `change` is what is done to those that are learned from."""
    dark, light = (
        Target.of(*pictures(48, seed, light), test=pictures(8, 9, light), name=name)
        for seed, light, name in ((0, 20, "dark"), (1, 120, "light"))
    )
    dark, light = (replace(one, train=change(one.train)) for one in (dark, light))
    return keep("dark pictures", dark), light


@pytest.fixture(name="calls")
def _calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Tensor, Tensor | None, Tensor | None]]:
    """Each loss that is learned from: its name, outputs, targets and weights."""
    seen: list[tuple[str, Tensor, Tensor | None, Tensor | None]] = []
    loss, even_loss = Classify.loss, Classify.even_loss

    def watched(self, outputs, targets, item_weights=None):
        if torch.is_grad_enabled():
            seen.append(("loss", outputs.detach(), targets, item_weights))
        return loss(self, outputs, targets, item_weights)

    def watched_even(self, outputs, item_weights=None):
        if torch.is_grad_enabled():
            seen.append(("even", outputs.detach(), None, item_weights))
        return even_loss(self, outputs, item_weights)

    monkeypatch.setattr(Classify, "loss", watched)
    monkeypatch.setattr(Classify, "even_loss", watched_even)
    return seen


@pytest.mark.parametrize("name", METHODS)
def test_labels_of_items_that_weigh_nothing_are_not_learned_from(name: str) -> None:
    def weightless(turned: bool) -> Callable[[Examples], Examples]:
        def change(examples: Examples) -> Examples:
            n = len(examples)
            labels = [("rare" if label == "usual" else "usual") if turned else label for label in examples.labels[:12]]
            weights = np.where(np.arange(n) < 12, 0.0, 1.0)
            return replace(examples, labels=(*labels, *examples.labels[12:]), weights=weights)

        return change

    method = registry.get("methods", name)(balance="none", **OF_FEW)
    first, second = (
        method.fit((source,), target, Run(seed=1)).tensors()
        for source, target in (domains(weightless(turned)) for turned in (False, True))
    )
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("name", METHODS)
def test_rare_classes_count_more_and_labels_are_smoothed_wherever_they_are_learned_from(name: str, calls) -> None:
    source, target = domains()
    registry.get("methods", name)(balance="weights", label_smoothing=0.2, **OF_FEW).fit((source,), target, Run(seed=1))
    losses, evens = ([call for call in calls if call[0] == what] for what in ("loss", "even"))
    assert len(losses) == len(evens) > 0
    for _, _, targets, weights in losses:
        assert weights is not None
        assert (weights[targets == 0] > 1).all()


@pytest.mark.parametrize("name", METHODS)
def test_logits_are_adjusted_wherever_labels_are_learned_from(
    name: str, calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prior(self: Classify, labels: object) -> Tensor:
        return torch.tensor([50.0, *[0.0] * (len(self.classes) - 1)])

    monkeypatch.setattr(Classify, "prior_logits", prior)
    source, target = domains()
    registry.get("methods", name)(balance="logits", **OF_FEW).fit((source,), target, Run(seed=1))
    assert calls
    assert all((outputs[:, 0] - outputs[:, 1] > 20).all() for _, outputs, _, _ in calls)


@pytest.mark.parametrize("name", METHODS)
def test_rare_classes_are_drawn_as_often_wherever_labels_are_learned_from(name: str, calls) -> None:
    source, target = domains()
    method = registry.get("methods", name)(balance="sampling", epochs=3, batch_size=8)
    method.fit((source,), target, Run(seed=1))
    targets = torch.cat([targets for what, _, targets, _ in calls if what == "loss"])
    assert 0.4 < float((targets == 0).float().mean()) < 0.6
