"""Mistakes: what the returned predictor takes for what, and the test items it is most surely wrong about."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from transferkit.evaluate.summary import Mistake
from transferkit.planner.findings import Findings

MOST = 12
"""Items shown."""
THUMBNAIL = 96
"""Pixels."""


def on_the_test(findings: Findings, best: str) -> tuple[tuple[tuple[int, ...], ...] | None, tuple[Mistake, ...]]:
    """Confusion matrix of the returned predictor, and the items it is most surely wrong about."""
    proven, test = findings.evidence.get(best), findings.test
    scores = None if proven is None else proven.predictions.scores
    if proven is None or test is None or scores is None:
        return None, ()
    labels, predictions = test.labels or (), proven.predictions
    task = findings.trials.target.task
    truth, guess = task.strata(labels), task.strata(predictions.labels)
    n_classes = scores.shape[1]
    confusion = np.bincount(truth * n_classes + guess, minlength=n_classes**2).reshape(n_classes, n_classes)
    confidence = scores[np.arange(len(guess)), guess]
    wrong = np.flatnonzero(truth != guess)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST]
    mistakes = tuple(
        Mistake(
            name=test.names[i] if test.names else f"item {i}",
            truth=str(labels[i]),
            predicted=str(predictions.labels[i]),
            confidence=float(confidence[i]),
            thumbnail=_thumbnail(test.items[i]),
        )
        for i in surest.tolist()
    )
    return tuple(tuple(row) for row in confusion.tolist()), mistakes


def _thumbnail(item: Any) -> str | None:
    from PIL import Image

    if not isinstance(item, Image.Image):
        return None
    picture = item.convert("RGB")
    scale = THUMBNAIL / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
