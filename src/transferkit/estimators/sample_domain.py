"""sample_domain: which domain each row comes from, in the convention of scikit-learn's neighbours: 0 or above is a
source, below 0 a target; and which labels are known, for those of the target may be hidden."""

from __future__ import annotations

from typing import Any

import numpy as np

HIDDEN = -1
"""Label of a target row that says nothing, beside NaN and None."""


def is_source(sample_domain: Any, n: int) -> np.ndarray:
    """(n,) bool: True where a row is of a source. None: every row is.

    >>> is_source([1, 2, -3], 3).tolist()
    [True, True, False]
    """
    if sample_domain is None:
        return np.ones(n, dtype=bool)
    domains = np.asarray(sample_domain)
    if domains.shape != (n,):
        raise ValueError(f"sample_domain has shape {domains.shape}; expected one number a row, ({n},)")
    if domains.dtype.kind not in "iub" and not (domains.dtype.kind == "f" and np.all(domains == domains.round())):
        raise ValueError(
            "sample_domain holds what is no whole number; expected 0 or above for a source, below 0 for a target"
        )
    made: np.ndarray = domains.astype(np.int64) >= 0
    return made


def two_domains(source: np.ndarray, least: int = 2) -> None:
    """Refuse, in one line, rows that are not of two domains."""
    for name, count in (("source", int(source.sum())), ("target", int((~source).sum()))):
        if count < least:
            raise ValueError(
                f"sample_domain names {count} {name} rows, expected at least {least}: sources are 0 or above, targets below 0"
            )


def is_known(y: Any, source: np.ndarray) -> np.ndarray:
    """(n,) bool: True where a label is known; those of target rows are not where they are -1, NaN or None.

    >>> is_known(np.array([0, 1, -1, 1]), np.array([True, True, False, False])).tolist()
    [True, True, False, True]
    """
    labels = np.asarray(y)
    if labels.shape != source.shape:
        raise ValueError(f"y has shape {labels.shape}; expected one label a row, {source.shape}")
    if labels.dtype.kind in "iu":
        empty, marked = np.zeros(labels.shape, dtype=bool), labels == HIDDEN
    else:
        listed = labels.tolist()
        empty = np.array([label is None or label != label for label in listed], dtype=bool)
        # beside words numpy makes a word of it
        marked = np.array([label in (HIDDEN, str(HIDDEN)) for label in listed], dtype=bool)
    if (empty & source).any():
        row = int(np.flatnonzero(empty & source)[0])
        raise ValueError(f"y of source row {row} is {labels[row]}; every row of a source needs a label")
    if (marked & source).any() and (marked & ~source).any():
        raise ValueError("label -1 is a class of the source and hides labels of the target; name that class otherwise")
    known: np.ndarray = ~(empty | (marked & ~source))
    return known
