"""Content: the order that examples have by what they are, and a fingerprint of all of them.

Neither file names nor the order of reading change them, so they change no split and no fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from transferkit.core.compact import numbered, runs
from transferkit.core.examples import Examples


def content_order(examples: Examples) -> np.ndarray:
    """(n,) int: by the ids; examples of the same content by label, then by name."""
    contents = numbered(examples.ids)
    order = np.argsort(contents, kind="stable")
    labels, names = examples.labels, examples.names
    for begin, end in runs(np.diff(contents[order], prepend=-1) > 0):
        order[begin:end] = sorted(
            order[begin:end].tolist(), key=lambda i: (str(labels[i]) if labels else "", names[i] if names else "")
        )
    return order


def in_content_order(examples: Examples) -> Examples:
    """The same examples."""
    return examples.take(content_order(examples))


def fingerprint_of(modality: str, splits: Mapping[str, Examples]) -> str:
    """16 hex digits: of the contents, labels, weights and groups of every split."""
    digest = hashlib.sha256(modality.encode())
    for split, examples in splits.items():
        digest.update(f"\n{split}\n".encode())
        for i, item in enumerate(examples.ids):
            label = None if examples.labels is None else examples.labels[i]
            weight = None if examples.weights is None else float(examples.weights[i])
            group = None if examples.groups is None else examples.groups[i]
            digest.update(f"{(item, label, weight, group)!r}\n".encode())
    return digest.hexdigest()[:16]
