"""Attention: many columns to many - each column of the target space attends over the columns of the source space.

    f_j(x) = b_j + sum_h g_hj sum_i a_hji x_i,   a_hj = softmax over i of (q_hj . e_hi)

with two heads h, one for what goes along and one for what goes against, of columns of mean 0 and variance 1. Queries
q and keys e are short vectors, so the (d, k) attention is of low rank in its logits: far fewer numbers than a matrix,
and each row of it says which source columns a target column is made of. Keys and queries begin at the singular
vectors of the columns' correlations, gains g at least squares; both are then trained. Attention does not depend on x,
so the map is linear and is written down as a matrix. After the idea of Vaswani et al. 2017, arXiv:1706.03762.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from transferkit.ops.mappings.by_steps import Problem, Trainable, trained
from transferkit.ops.mappings.pairs import checked_pairs, spread
from transferkit.ops.mappings.space_map import SpaceMap, linear

SHARPNESS = 8.0
"""Of the first softmax: a column with correlation 1 then has e^8 times the attention of one with 0."""
RANK = 16
RIDGE = 1e-2


@dataclass(frozen=True, eq=False)
class ColumnAttention(SpaceMap):
    """The map, with what each target column looks at."""

    attention: np.ndarray = None  # type: ignore[assignment]
    """(k, d) share of each source column in each target column, with its sign; magnitudes of a row sum to 1 where it
    looks at any."""


def attention(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, seed: int = 0) -> ColumnAttention:
    """The map in which each column of y (n, k) attends over the columns of x (n, d), row i of one belonging to row i
    of the other.

    Use where columns of both mean something, such as those of two tables, and pairs are few; `attention` of the
    result tells which belong together.

    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> attention(x, np.stack([x[:, 2], -x[:, 0]], axis=1)).attention.round(1) + 0.0
    array([[ 0.,  0.,  1.],
           [-1.,  0.,  0.]])
    """
    x, y, weights = checked_pairs(x, y, weights)
    centre, scale = spread(x, weights)
    y_centre, y_scale = spread(y, weights)
    problem = Problem.of((x - centre) / scale, (y - y_centre) / y_scale, weights)
    (keys, queries, gains), chosen = trained(_make, problem, seed)
    signed = (gains[:, :, None] * _attention(keys, queries)).sum(0).double().numpy()  # (k, d)
    total = np.abs(signed).sum(axis=1, keepdims=True)
    mapped = linear((signed / scale).T * y_scale, centre, y_centre)
    return ColumnAttention(
        mapped.maps,
        chosen,
        attention=np.divide(signed, total, out=np.zeros_like(signed), where=total > 0),
    )


def _make(problem: Problem) -> Trainable:
    """Keys (2, d, r), queries (2, k, r) and gains (2, k), and the function of x they make."""
    weighted = problem.x * problem.weights[:, None]
    correlations = (weighted.T @ problem.y / len(problem.x)).clamp(-1, 1)  # (d, k)
    left, values, right = torch.linalg.svd(correlations.double(), full_matrices=False)
    rank = min(RANK, len(values))
    root = (SHARPNESS * values[:rank]).sqrt()
    key, query = (left[:, :rank] * root).float(), (right[:rank].T * root).float()
    keys, queries = torch.stack([key, -key]), torch.stack([query, query])
    heads = torch.einsum("hkd,nd->nkh", _attention(keys, queries), problem.x)
    gram = torch.einsum("nkh,nkg,n->khg", heads, heads, problem.weights) / len(problem.x)
    moved = torch.einsum("nkh,nk,n->kh", heads, problem.y, problem.weights) / len(problem.x)
    gains = torch.linalg.solve(gram + RIDGE * torch.eye(2), moved).T.contiguous()  # (2, k)
    parameters = [keys, queries, gains]

    def function(rows: Tensor) -> Tensor:
        made: Tensor = rows @ (parameters[2][:, :, None] * _attention(parameters[0], parameters[1])).sum(0).T
        return made

    return parameters, function


def _attention(keys: Tensor, queries: Tensor) -> Tensor:
    """(2, k, d), each row sums to 1."""
    attended: Tensor = torch.softmax(queries @ keys.transpose(1, 2), dim=-1)
    return attended
