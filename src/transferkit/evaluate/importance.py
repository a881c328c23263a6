"""Importance: how much worse a predictor judges rows whose one column was shuffled (Breiman 2001, section 10).

The metric of the rows as they are, minus that of rows in which a column was dealt anew, positive where the column matters. It
tells what this predictor looks at, not what causes what; of two columns that say the same each may look unimportant.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.evaluate.summary import Importance

REPEATS = 5
MOST_ROWS = 300
"""Rows that are looked at; more would only make it slower."""


def importances(
    predictor: Predictor, examples: Examples, seed: int = 0, repeats: int = REPEATS
) -> tuple[Importance, ...]:
    """One a column, the most important first; none where items are no rows of columns."""
    some = examples.take(range(min(MOST_ROWS, len(examples))))
    rows = list(some.items)
    if not rows or some.labels is None or not all(isinstance(row, Mapping) for row in rows):
        return ()
    metric, labels = predictor.task.metric, some.labels
    sign = 1.0 if metric.higher_is_better else -1.0
    whole = metric.value(predictor.predict(rows), labels)
    random = np.random.default_rng(seed)
    found = []
    for name in rows[0]:
        lost = []
        for _ in range(repeats):
            order = random.permutation(len(rows))
            shuffled = [{**row, name: rows[i].get(name)} for row, i in zip(rows, order, strict=True)]
            lost.append(sign * (whole - metric.value(predictor.predict(shuffled), labels)))
        found.append(Importance(name, float(np.mean(lost)), float(np.std(lost))))
    return tuple(sorted(found, key=lambda one: (-one.mean, one.column)))
