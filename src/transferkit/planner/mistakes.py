"""Mistakes: what the returned predictor takes for what, and the test items it is most surely wrong about."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from transferkit.core.examples import Examples
from transferkit.core.task import Predictions
from transferkit.evaluate.summary import Mistake
from transferkit.planner.findings import Findings
from transferkit.tasks.tag import Tag

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
    if isinstance(task, Tag):
        errors = np.abs(scores - task.encode(labels).numpy())  # (n, C) above one half where a tag was decided wrongly
        surest = np.argsort(-errors.max(axis=1), kind="stable")[:MOST]
        wrong = surest[errors.max(axis=1)[surest] > 0.5]
        return None, tuple(_mistake(test, predictions, i, errors[i].max()) for i in wrong.tolist())
    truth, guess = task.strata(labels), task.strata(predictions.labels)
    n_classes = scores.shape[1]
    confusion = np.bincount(truth * n_classes + guess, minlength=n_classes**2).reshape(n_classes, n_classes)
    confidence = scores[np.arange(len(guess)), guess]
    wrong = np.flatnonzero(truth != guess)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST]
    mistakes = tuple(_mistake(test, predictions, i, confidence[i]) for i in surest.tolist())
    return tuple(tuple(row) for row in confusion.tolist()), mistakes


def _mistake(test: Examples, predictions: Predictions, i: int, confidence: float) -> Mistake:
    return Mistake(
        name=test.names[i] if test.names else f"item {i}",
        truth=_said((test.labels or ())[i]),
        predicted=_said(predictions.labels[i]),
        confidence=float(confidence),
        thumbnail=_thumbnail(test.items[i]),
    )


def _said(label: Any) -> str:
    """A class as it is, tags one after the other."""
    return (", ".join(label) or "no tag") if isinstance(label, tuple) else str(label)


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
