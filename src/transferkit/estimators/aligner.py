"""DomainAligner: scikit-learn's transformer habit over the methods that align features of a source and a target domain."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from transferkit.core import registry
from transferkit.core.errors import unknown_name
from transferkit.core.spelling import read_method
from transferkit.estimators.sample_domain import is_known, is_source, two_domains
from transferkit.ops.alignment.contract import Alignment, Sides, through
from transferkit.training.alignment_method import AlignmentMethod


class DomainAligner(TransformerMixin, BaseEstimator):
    """Rows of a source and a target domain in one space, in which they are alike.

    method: "recolouring", "linear_transport", "tca", "sstca", "tjm", "jda", "subspace_alignment", "gfk" or
    "optimal_transport", with settings as in "tca:n_components=5". standardise: features are first given mean 0 and
    variance 1 over both domains, which the methods' defaults are meant for. Which row is of which domain is told by
    `sample_domain`: 0 or above for a source, below 0 for a target; without it, `fit` takes all rows for the source's,
    has nothing to align, and rows stay as they are.

    >>> import numpy as np
    >>> from transferkit import DomainAligner
    >>> draw = np.random.default_rng(0)
    >>> X = np.concatenate([draw.normal(size=(60, 2)), draw.normal(5, [1, 3], size=(60, 2))])
    >>> domain = np.repeat([1, -1], 60)
    >>> aligned = DomainAligner("linear_transport", standardise=False).fit_transform(X, sample_domain=domain)
    >>> bool(np.allclose(aligned[:60].mean(0), aligned[60:].mean(0)))
    True
    """

    def __init__(self, method: str | AlignmentMethod = "recolouring", *, standardise: bool = True) -> None:
        self.method = method
        self.standardise = standardise

    def fit(self, X: Any, y: Any = None, sample_domain: Any = None) -> Self:
        """X (n, d) of both domains; y (n,), which only some methods look at, -1, NaN or None where a target label is hidden."""
        self._fit(X, y, sample_domain)
        return self

    def transform(self, X: Any, sample_domain: Any = None) -> np.ndarray:
        """(n, k) rows aligned; without `sample_domain` all rows are the target's."""
        check_is_fitted(self, "alignment_")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        source = np.zeros(len(rows), dtype=bool) if sample_domain is None else is_source(sample_domain, len(rows))
        rows = (rows - self.centre_) / self.scale_
        ways = (self.alignment_.target_maps, self.alignment_.source_maps)
        made = np.empty((len(rows), self.alignment_.target.shape[1]))
        for of, maps in zip((~source, source), ways, strict=True):
            if of.any():
                made[of] = through(rows[of], maps)
        return made

    def fit_transform(self, X: Any, y: Any = None, sample_domain: Any = None) -> np.ndarray:
        """(n, k) the rows it was fitted to, each as its own domain's; moved by the plan itself where the method makes one."""
        source = self._fit(X, y, sample_domain)
        made = np.empty((len(source), self.alignment_.target.shape[1]))
        made[source], made[~source] = self.alignment_.source, self.alignment_.target
        return made

    def _fit(self, X: Any, y: Any, sample_domain: Any) -> np.ndarray:
        rows = validate_data(self, X, dtype=np.float64)
        method = _method(self.method)
        source = is_source(sample_domain, len(rows))
        d = rows.shape[1]
        self.centre_, self.scale_ = np.zeros(d), np.ones(d)
        self.notes_: tuple[str, ...] = ()
        if sample_domain is None:
            self.alignment_ = Alignment(rows, rows[:0])
            return source
        two_domains(source)
        if self.standardise:
            deviation = rows.std(0)
            self.centre_ = rows.mean(0)
            self.scale_ = np.where(deviation > 1e-8 * (1 + np.abs(self.centre_)), deviation, 1.0)
        rows = (rows - self.centre_) / self.scale_
        ours, theirs = _classes(y, source)
        self.alignment_, self.notes_ = method.aligned(Sides(rows[source], rows[~source], ours, theirs))
        return source


def _method(named: str | AlignmentMethod) -> AlignmentMethod:
    method = read_method(named) if isinstance(named, str) else named
    if not isinstance(method, AlignmentMethod):
        known = [name for name, one in registry.find("methods").items() if issubclass(one, AlignmentMethod)]
        raise unknown_name("method that aligns features", str(named), known)
    return method


def _classes(y: Any, source: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Classes of source and target rows as numbers, -1 where hidden; None where there are none."""
    if y is None:
        return None, None
    labels, known = np.asarray(y), is_known(y, source)
    if type_of_target(labels[known].tolist()) not in ("binary", "multiclass"):
        return None, None
    numbers = np.full(len(labels), -1)
    numbers[known] = np.unique(labels[known], return_inverse=True)[1]
    return numbers[source], numbers[~source]
