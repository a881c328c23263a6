"""Random features: what a network that has learned nothing would give. The floor under every source.

A random projection and a ReLU (Rahimi & Recht 2008; Huang, Zhu & Siew 2006): on small pictures a linear head on these
reads surprisingly much, so a source that does no better has nothing to transfer.
"""

from __future__ import annotations

import numpy as np


def random_features(inputs: np.ndarray, width: int, generator: np.random.Generator) -> np.ndarray:
    """Features (n, width) of inputs (n, p), such as pixels; float32.

    Inputs are brought to mean 0 and variance 1 over the whole table first, so that the unit of a pixel does not matter.

    >>> random_features(np.eye(3), 5, np.random.default_rng(0)).shape
    (3, 5)
    """
    inputs = np.asarray(inputs, dtype=np.float32).reshape(len(inputs), -1)
    if not np.isfinite(inputs).all():
        raise ValueError("the inputs hold a value that is not finite")
    scaled = inputs - inputs.mean(axis=0)
    scaled /= max(float(scaled.std()), 1e-12)
    directions = generator.standard_normal((inputs.shape[1], width), dtype=np.float32)
    directions /= np.float32(inputs.shape[1] ** 0.5)
    offsets = generator.standard_normal(width, dtype=np.float32)
    features: np.ndarray = np.maximum(scaled @ directions + offsets, 0)  # (n, width)
    return features
