"""Source accuracy: the share of held-out source items the model gets right.

The oldest way to choose and, over a thousand networks in Musgrave, Belongie & Lim 2022 (arXiv:2208.07360), one of the
hardest to beat: adaptation that ruins the source has mostly ruined the target as well. Says nothing of the shift. Cost O(n C).
"""

from __future__ import annotations

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore


def source_accuracy(judged: Judged) -> float:
    """Accuracy on held-out source items, 0 to 1; higher is better.

    >>> import numpy as np
    >>> judged = Judged(target_probabilities=np.eye(2), source_probabilities=np.eye(2), source_labels=np.array([0, 0]))
    >>> source_accuracy(judged)
    0.5
    """
    table, labels = judged.held_out()
    return float((table.argmax(axis=1) == labels).mean())


SCORE = LabelFreeScore(function=source_accuracy, needs=frozenset({"source"}), low="0", high="1", is_accuracy=True)
