"""Rows of two domains with labels, as estimators are given them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, validate_data

from transferkit.estimators.sample_domain import is_known, is_source, two_domains


def checked(
    estimator: Any, X: Any, y: Any, sample_domain: Any, *, numbers: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows (n, d), labels (n,), which are of a source (n,) and of which the label is known (n,). ValueError says what is wrong.

    Of a target row a label is not known where it is NaN or None, and for classes where it is -1.
    """
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None; an estimator learns from labels")
    rows = np.asarray(validate_data(estimator, X, dtype=np.float64))
    source = is_source(sample_domain, len(rows))
    labels = np.asarray(y if sample_domain is not None else _check_y(y, y_numeric=numbers, estimator=estimator))
    if len(labels) != len(rows):
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(rows), len(labels)]}")
    if labels.ndim != 1:
        raise ValueError(f"y has shape {labels.shape}; expected one label a row, {source.shape}")
    if sample_domain is not None:
        two_domains(source)
    if numbers:
        labels = labels.astype(np.float64)
        known = ~np.isnan(labels)
        if not known[source].all():
            row = int(np.flatnonzero(source & ~known)[0])
            raise ValueError(f"y of source row {row} is nan; every row of a source needs a number")
        return rows, labels, source, known
    known = is_known(labels, source)
    check_classification_targets(np.asarray(labels[known].tolist()))
    return rows, labels, source, known
