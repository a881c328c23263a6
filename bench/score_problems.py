"""Score problems: features like a network's, and the evidence of LogME by brute force."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize


@dataclass(frozen=True, eq=False)
class Problem:
    """Items as a source sees them, and their labels."""

    features: np.ndarray
    """(n, d) float32 as a network gives them."""
    labels: np.ndarray
    """(n,) class numbers, or numbers (n, k)."""
    outputs: np.ndarray
    """(n, z) probabilities of the source's own classes."""

    def written(self, folder: Path) -> dict[str, str]:
        """The paths of .npy files of it, by name; the features in float64, which is what the released codes want."""
        wide = {"features": self.features.astype(np.float64), "labels": self.labels, "outputs": self.outputs}
        paths = {name: folder / f"{name}.npy" for name in wide}
        for name, values in wide.items():
            np.save(paths[name], values)
        return {name: str(path) for name, path in paths.items()}


def network_like(n: int, d: int, classes: int, source_classes: int, *, apart: float = 1.0, seed: int = 0) -> Problem:
    """Rectified features with a spectrum that falls off and class means `apart` times the noise; every class occurs."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(n) % classes)
    rank = min(64, d)
    shared = generator.normal(size=(n, rank)) @ generator.normal(size=(rank, d)) / 4
    features = apart * generator.normal(size=(classes, d))[labels] + shared + generator.normal(size=(n, d))
    features = np.maximum(features, 0).astype(np.float32)
    logits = features @ generator.normal(size=(d, source_classes)) * (3 / d**0.5)
    logits = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Problem(features, labels, logits / logits.sum(axis=1, keepdims=True))


def brute_force_evidence(features: np.ndarray, targets: np.ndarray) -> float:
    """The largest log density of N(0, I / beta + F F' / alpha) per item, mean over the columns of targets (n, k)."""
    squares, vectors = np.linalg.eigh(features @ features.T)
    squares = np.maximum(squares, 0)

    def smallest_loss(target: np.ndarray) -> float:
        entries = np.square(vectors.T @ target)  # independent once turned

        def loss(logs: np.ndarray) -> np.ndarray:
            alpha, beta = np.exp(np.clip(logs, -40, 40))
            variances = (1 / beta)[..., None] + np.multiply.outer(1 / alpha, squares)
            return (np.log(2 * np.pi * variances) + entries / variances).mean(axis=-1) / 2  # type: ignore[no-any-return]

        alphas, betas = np.linspace(-25, 25, 101), np.linspace(-10, 30, 81)
        losses = np.stack([loss(np.array([alphas, np.full_like(alphas, beta)], dtype=float)) for beta in betas])
        best = losses.min(axis=0)
        valleys = [i for i in range(len(alphas)) if best[i] == best[max(i - 2, 0) : i + 3].min()]
        simplices = [np.add((alphas[i], betas[losses[:, i].argmin()]), [(0, 0), (0.25, 0), (0, 0.25)]) for i in valleys]
        options = {"xatol": 1e-9, "fatol": 1e-14, "maxiter": 2000}
        found = [
            minimize(loss, simplex[0], method="Nelder-Mead", options=options | {"initial_simplex": simplex})
            for simplex in simplices
        ]
        return min(float(one.fun) for one in found)

    return -float(np.mean([smallest_loss(column) for column in targets.T]))
