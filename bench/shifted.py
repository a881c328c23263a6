"""Two domains whose truth is known, shifted in one of four ways or not, and small networks adapted to the second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from transferkit.core.network import seeded
from transferkit.ops.label_free.judged import Judged

WIDTH = 8
SHIFTS = ("covariate", "label", "conditional", "subspace")
NO_SHIFT = "none"
COUNTS = {"learned": 240, "held_out": 120, "target": 400, "unseen": 1500}
BATCH = 128
WARM_UP = 60
ARMS: tuple[tuple[str, float], ...] = (
    ("source_only", 0.0),
    *((name, weight) for name in ("coral", "dann", "mcc", "information", "entropy") for weight in (0.3, 2.0)),
    ("mmd", 0.5),
    ("mmd", 5.0),
    ("source_free", 1.0),
    ("pseudo_labels", 1.0),
    ("wrong_names", 1.0),
)
"""What adapts, and with which weight; `wrong_names` learns the target's classes permuted, surely and wrongly."""


@dataclass(frozen=True)
class World:
    """Items (n, 8) and classes (n,) by part: learned and held_out of the source, target and unseen of the target."""

    n_classes: int
    parts: dict[str, tuple[Tensor, Tensor]]


def world(shift: str, seed: int, n_unseen: int = COUNTS["unseen"]) -> World:
    """Two to five classes of two lumps each, and a shift of random strength; by `NO_SHIFT` two samples of one domain."""
    draw = np.random.default_rng([seed, (*SHIFTS, NO_SHIFT).index(shift)])
    n_classes, strength = int(draw.integers(2, 6)), draw.uniform(0.3, 1.5)
    lumps = draw.normal(size=(n_classes, 2, WIDTH)) * draw.uniform(1.4, 3.0) / 1.6
    lumps[:, 1] = lumps[:, 0] + 0.9 * draw.normal(size=(n_classes, WIDTH))
    even = np.full(n_classes, 1 / n_classes)
    uneven = draw.dirichlet(np.full(n_classes, 1 / strength)) + 0.02
    tilt = draw.normal(size=WIDTH)
    tilt /= np.linalg.norm(tilt)
    moved = strength * (1.2 * draw.normal(size=WIDTH) + 0.7 * draw.normal(size=(n_classes, WIDTH)))
    turned = np.linalg.qr(np.eye(WIDTH) + 0.45 * strength * draw.normal(size=(WIDTH, WIDTH)))[0]
    turned = turned * np.sign(np.diag(turned)) * np.exp(0.3 * strength * draw.normal(size=WIDTH))[:, None]
    offset = 0.8 * strength * draw.normal(size=WIDTH)

    def drawn(n: int, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        classes = draw.choice(n_classes, size=n, p=shares / shares.sum())
        return lumps[classes, draw.integers(0, 2, n)] + draw.normal(size=(n, WIDTH)), classes

    def leaning(n: int, sign: float) -> tuple[np.ndarray, np.ndarray]:
        items, classes = drawn(12 * n, even)
        chance = 1 / (1 + np.exp(-3 * sign * strength * (items - items.mean(axis=0)) @ tilt))
        kept = np.flatnonzero(draw.random(len(items)) < chance)[:n]
        return items[kept], classes[kept]

    def of(domain: str, n: int) -> tuple[np.ndarray, np.ndarray]:
        if shift == "covariate":
            return leaning(n, 1.0 if domain == "target" else -1.0)
        items, classes = drawn(n, uneven if (shift, domain) == ("label", "target") else even)
        if domain == "source" or shift == NO_SHIFT:
            return items, classes
        if shift == "label":
            return items + 0.25 * offset, classes
        return (items + moved[classes] if shift == "conditional" else items @ turned + offset), classes

    domains = {"learned": "source", "held_out": "source", "target": "target", "unseen": "target"}
    made = {part: of(domains[part], n) for part, n in (COUNTS | {"unseen": n_unseen}).items()}
    mean, deviation = made["learned"][0].mean(axis=0), made["learned"][0].std(axis=0)
    return World(
        n_classes,
        {
            part: (torch.tensor((items - mean) / deviation, dtype=torch.float32), torch.tensor(classes))
            for part, (items, classes) in made.items()
        },
    )


class Network(nn.Module):
    """Features (n, 16) and logits (n, C)."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.head = nn.Linear(16, n_classes)

    def forward(self, items: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body(items)
        return features, self.head(features)


def adapted(
    made: World, arm: str, weight: float, steps: Sequence[int], seed: int
) -> Iterator[tuple[int, Judged, float]]:
    """Step, what the network says, and its true accuracy on unseen target items, after each of `steps` of adaptation."""
    (items, classes), (target, _) = made.parts["learned"], made.parts["target"]
    with seeded(seed):
        network = Network(made.n_classes)
        critic = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam([*network.parameters(), *critic.parameters()], lr=0.01, weight_decay=1e-3)
    draw = torch.Generator().manual_seed(seed)
    names = torch.randperm(made.n_classes, generator=draw)
    renamed = torch.zeros(len(target), dtype=torch.long)
    for step in range(1, WARM_UP + max(steps) + 1):
        ours = torch.randint(len(items), (BATCH,), generator=draw)
        theirs = torch.randint(len(target), (BATCH,), generator=draw)
        features, logits = network(items[ours])
        loss = F.cross_entropy(logits, classes[ours])
        if step == WARM_UP + 1:
            renamed = names[network(target)[1].argmax(dim=1)]
        if step > WARM_UP and arm != "source_only":
            there, said = network(target[theirs])
            if arm == "wrong_names":
                added = F.cross_entropy(said, renamed[theirs])
            else:
                added = _domain_loss(arm, features, there, said, critic)
            loss = added if arm == "source_free" else loss + weight * added
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step - WARM_UP in steps:
            yield step - WARM_UP, _judged(network, made), _accuracy(network, made)


def _domain_loss(arm: str, features: Tensor, there: Tensor, said: Tensor, critic: nn.Module) -> Tensor:
    shares = said.softmax(dim=1)
    if arm == "coral":
        return (features.T.cov() - there.T.cov()).square().sum() / features.shape[1] + (
            features.mean(dim=0) - there.mean(dim=0)
        ).square().sum()
    if arm == "mmd":
        both = torch.cat([features, there])
        distances = torch.cdist(both, both).square()
        kernel = sum(torch.exp(-distances / (width * distances.detach().mean())) for width in (0.25, 1.0, 4.0))
        n = len(features)
        return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()
    if arm == "dann":
        both = torch.cat([features, there])
        both = 2 * both.detach() - both  # its gradient comes back reversed
        truth = torch.cat([torch.ones(len(features)), torch.zeros(len(there))])
        return F.binary_cross_entropy_with_logits(critic(both)[:, 0], truth)
    if arm == "mcc":
        soft = (said / 2).softmax(dim=1)
        weights = 1 + torch.exp(-_entropy(soft))
        confusion = (soft * (weights / weights.mean())[:, None]).T @ soft
        confusion = confusion / confusion.sum(dim=1, keepdim=True)
        return (confusion.sum() - confusion.trace()) / len(confusion)
    if arm == "pseudo_labels":
        sure, classes = shares.detach().max(dim=1)
        return (F.cross_entropy(said, classes, reduction="none") * (sure > 0.8)).mean()
    if arm == "entropy":
        return _entropy(shares).mean()
    return _entropy(shares).mean() - _entropy(shares.mean(dim=0))  # information, source_free


def _entropy(shares: Tensor) -> Tensor:
    return -(shares * (shares + 1e-8).log()).sum(dim=-1)


@torch.no_grad()
def _judged(network: Network, made: World) -> Judged:
    (source_features, source), (target_features, target) = (
        network(made.parts[part][0]) for part in ("held_out", "target")
    )
    return Judged(
        target_probabilities=target.double().softmax(dim=1).numpy(),
        target_features=target_features.numpy(),
        source_probabilities=source.double().softmax(dim=1).numpy(),
        source_labels=made.parts["held_out"][1].numpy(),
        source_features=source_features.numpy(),
    )


@torch.no_grad()
def _accuracy(network: Network, made: World) -> float:
    items, classes = made.parts["unseen"]
    return float((network(items)[1].argmax(dim=1) == classes).double().mean())
