"""Importance: how much worse a predictor judges rows whose one column was shuffled (Breiman 2001, section 10).

The metric of the rows as they are, minus that of rows in which a column was dealt anew, positive where the column matters. It
tells what this predictor looks at, not what causes what; of two columns that say the same each may look unimportant.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.evaluate.summary import Importance

REPEATS = 5
MOST_ROWS = 300
"""Rows that are looked at; more would only make it slower."""
FEWEST_ROWS = 50
"""Rows below which a shuffle says more of itself than of the column."""
SECONDS = 10.0


def importances(
    predictor: Predictor, examples: Examples, seed: int = 0, repeats: int = REPEATS, seconds: float = SECONDS
) -> tuple[Importance, ...]:
    """One a column, the most important first; none where items are no rows of columns.

    `seconds`: about what it may take. Where columns are many or predictions slow, each column is shuffled less often, then
    fewer rows are looked at; where even that would take longer there are none.
    """
    some = examples.take(range(min(MOST_ROWS, len(examples))))
    rows, labels = list(some.items), some.labels
    if not rows or labels is None or not all(isinstance(row, Mapping) for row in rows):
        return ()
    metric = predictor.task.metric
    sign = 1.0 if metric.higher_is_better else -1.0
    begun = time.monotonic()
    predictions = predictor.predict(rows)
    shuffles = seconds / max(time.monotonic() - begun, 1e-9) / len(rows[0])  # of each column that there is time for
    repeats = max(1, min(repeats, int(shuffles)))
    if shuffles < 1:
        kept = int(shuffles * len(rows))
        if kept < FEWEST_ROWS:
            return ()
        rows, labels, predictions = rows[:kept], labels[:kept], predictions.take(range(kept))
    whole = metric.value(predictions, labels)
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
