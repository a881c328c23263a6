"""Scoring: every transferability score of one source, from its features on the open labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.inputs import principal_axes
from transferkit.ops.scores.leave_one_out import LeaveOneOut, leave_one_out_classes
from transferkit.ops.scores.score import Score, find_scores


def score_classes(
    features: np.ndarray, labels: np.ndarray, n_classes: int, balanced: bool = False, outputs: np.ndarray | None = None
) -> tuple[dict[str, float], LeaveOneOut]:
    """The scores by name, and what leave-one-out predicts for each item, for features (n, d) and labels (n,).

    `outputs` (n, z): the logits of the source's own head on the same items; without them the scores `unavailable` names are
    missing. `balanced`: every class counts alike, in those scores that can. All share one decomposition of the features.
    Raises ValueError, with a short reason, where the features are constant or not finite.

    >>> scores, _ = score_classes(np.array([[0.0], [0.1], [1.0], [1.1]]), np.array([0, 0, 1, 1]), 2)
    >>> scores["leave_one_out"], scores["nearest_class_mean"], "leep" in scores
    (1.0, 1.0, False)
    """
    axes = principal_axes(features)
    balanced = (
        balanced and len(set(np.unique(labels, return_counts=True)[1])) > 1
    )  # else it changes nothing but the time
    left_out = leave_one_out_classes(axes, labels, n_classes=n_classes, balanced=balanced)
    given = _given(axes, labels, outputs)
    missing = unavailable(outputs)
    scores = {
        name: left_out.mean if name == "leave_one_out" else _value(score, given, balanced)
        for name, score in find_scores().items()
        if name not in missing
    }
    return scores, left_out


def score_of(
    name: str, features: np.ndarray, labels: np.ndarray, balanced: bool = False, outputs: np.ndarray | None = None
) -> float:
    """One score by name; arguments as in `score_classes`. Raises WrongUse where it is unknown or asks for a head."""
    known = find_scores()
    if name not in known:
        raise unknown_name("score", name, known)
    missing = unavailable(outputs)
    if name in missing:
        raise WrongUse(
            f"{name} cannot be had: {missing[name]}; ask for {', '.join(sorted(known.keys() - missing.keys()))}"
        )
    return _value(known[name], _given(principal_axes(features), labels, outputs), balanced)


def unavailable(outputs: np.ndarray | None) -> dict[str, str]:
    """Name -> why, of every score that a source with these logits (n, z) of its own head does not get.

    >>> unavailable(None)["leep"]
    'it reads what a head makes of the items, and this source has no head'
    """
    if outputs is None:
        reason = "it reads what a head makes of the items, and this source has no head"
    elif outputs.ndim != 2 or outputs.shape[1] < 2:
        reason = f"it reads a head of two classes or more, and this source's gives {outputs.shape[1:]} an item"
    else:
        return {}
    return {name: reason for name, score in find_scores().items() if score.needs_outputs}


def _given(axes: PrincipalAxes, labels: np.ndarray, outputs: np.ndarray | None) -> dict[str, Any]:
    """What scores ask for, by the names of `ops.scores.score.Need`."""
    given = {"features": axes.table, "axes": axes, "labels": labels}
    if outputs is None:
        return given
    if len(outputs) != len(axes) or not np.isfinite(outputs).all():
        raise ValueError("the head's outputs must be finite numbers, one row an item")
    return given | {"outputs": softmax(outputs.astype(np.float64), axis=1), "source_labels": outputs.argmax(axis=1)}


def _value(score: Score, given: dict[str, Any], balanced: bool) -> float:
    settings = {"balanced": balanced} if score.imbalance == "option" else {}
    return float(score.function(*(given[need] for need in score.needs), **settings))
