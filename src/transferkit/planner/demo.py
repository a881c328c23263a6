"""The demo's target: real handwritten digits, three labels a class, everything else sealed as the test.

Data: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits (UCI Machine Learning Repository, CC BY 4.0), the
1797 pictures of 8x8 pixels and 17 grey levels that scikit-learn carries.
"""

from __future__ import annotations

import numpy as np

from transferkit.core.target import Target

SOURCES = ("zoo:digits-cnn", "zoo:objects-cnn", "zoo:letters-cnn", "zoo:shuffled-cnn")
"""Near, far, in between - and one that was trained on shuffled labels, which should not be recommended."""
LABELS_A_CLASS = 3
_GREYS = 16
"""The brightest value of a pixel."""


def demo_target(seed: int = 0) -> Target:
    """The digits as a target; which three of each class are labelled is drawn from `seed`."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    pictures = [Image.fromarray(grey) for grey in (digits.images * (255 / _GREYS)).round().astype(np.uint8)]
    labels = [str(label) for label in digits.target]
    random = np.random.default_rng(seed)
    drawn = {
        int(position)
        for digit in range(10)
        for position in random.choice(np.flatnonzero(digits.target == digit), LABELS_A_CLASS, replace=False)
    }
    labelled = sorted(drawn)
    sealed = [i for i in range(len(pictures)) if i not in drawn]
    return Target.of(
        [pictures[i] for i in labelled],
        [labels[i] for i in labelled],
        test=([pictures[i] for i in sealed], [labels[i] for i in sealed]),
        name="handwritten digits",
        seed=seed,
    )
