"""Reverse validation: learn from the target's predicted labels, and see whether that leads back to the source's true ones.

Circular validation of Bruzzone & Marconcini 2010 and Zhong et al. 2010; as in Ganin et al. 2016 (arXiv:1505.07818, sec. 5.1.2).
A second learner is fitted on target items with the labels the model gives them and judged on held-out source items. Wrong
names come back wrong; but a shift that the way back undoes goes unseen, and it costs a training a model. Not free of a
learner, so it takes one, and is no `SCORE`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transferkit.ops.label_free.judged import Judged


def reverse_validation(judged: Judged, learn: Callable[[np.ndarray], np.ndarray]) -> float:
    """Share of held-out source items that come back right, 0 to 1; higher is better.

    `learn(labels)` is given the target items' predicted classes (n_t,) int, learns from the target items with these labels
    as the model was learned from the source, and returns its classes (n_s,) int for the held-out source items. Where the
    model predicts a single class nothing can be learned, and that class is what comes back.

    >>> judged = Judged(target_probabilities=np.eye(2), source_probabilities=np.eye(2), source_labels=np.array([0, 1]))
    >>> reverse_validation(judged, lambda labels: 1 - labels)
    0.0
    """
    _, labels = judged.held_out()
    predicted = judged.target_classes
    back = np.full(len(labels), predicted[0]) if (predicted == predicted[0]).all() else np.asarray(learn(predicted))
    if back.shape != labels.shape:
        raise ValueError(f"the way back must give {len(labels)} classes, got shape {back.shape}")
    return float((back == labels).mean())
