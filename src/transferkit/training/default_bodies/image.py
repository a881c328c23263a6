"""The default network of pictures: a small convolutional one, with an input about as large as the pictures."""

from __future__ import annotations

import numpy as np

from transferkit.core.architecture import Architecture
from transferkit.core.target import Target
from transferkit.sources.processors.image import ImageProcessor
from transferkit.training.body import Body

SIDES = (32, 64, 96)
"""Input sides to choose from; a small network gains little from more."""
LOOKED_AT = 32
"""Pictures whose size is looked at."""


def default_body(target: Target, seed: int) -> Body:
    """A small convolutional network whose input is about as large as the target's pictures, freshly initialised."""
    typical = np.median([min(target.train.items[i].size) for i in range(min(LOOKED_AT, len(target.train)))])
    side = min((s for s in SIDES if s >= typical), default=SIDES[-1])
    processor = ImageProcessor(size=(side, side), mean=(0.5,) * 3, std=(0.25,) * 3)
    return Body.fresh(Architecture.of("small_cnn"), processor, seed)
