"""Kernel sums: weighed sums of a kernel over all pairs of the items of two samples, and their gradient by formula.

    V = sum_ij C_ij K_ij,    K_ij = prod_l k_l(|z_i^l - z_j^l|^2),    C = left right^T, symmetric

over the items i, j of both samples together, whose states in layer l are z^l. The gradient is

    dV/dz_i^l = 4 (sum_j M^l_ij z_j^l - z_i^l sum_j M^l_ij),    M^l_ij = C_ij (-dk_l / d(d2))_ij prod_(m != l) k_m

Distances come from Gram products of states centred by their common mean, which changes no distance and keeps float32 exact
where the states lie far from the origin. Up to `TILE` items all pairs are one tile and M is kept for the gradient; of more
items no two tiles exist at a time, every pair is visited once, and the gradient computes each tile again: beyond the samples
and their gradients memory is O(TILE^2 + TILE d), whatever n is. On a GPU one layer of Gaussians is fused: `fused_sums.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from transferkit.ops.discrepancies.fused_sums import fused_sum, serves
from transferkit.ops.discrepancies.kernels import Kernel, squared_distances
from transferkit.ops.discrepancies.two_samples import working_dtype

TILE = 1024
"""Items a side: products of this size keep a processor busy, and a tile is 4 MB."""


def kernel_sum(
    layers: Sequence[tuple[Tensor, Tensor]], kernels: Sequence[Kernel], left: Tensor, right: Tensor
) -> Tensor:
    """V, a scalar in working precision, with its exact gradient to every state.

    layers: (x (n, d_l), y (m, d_l)) each. left, right: (n + m, r) in working precision, constants; the rows of x come first.
    """
    if len(layers) == 1 and serves(*layers[0], kernels[0], reference):
        return fused_sum(*layers[0], kernels[0], left, right)
    states = [state for layer in layers for state in layer]
    pairs = _Pairs(tuple(kernels), left, right)
    if torch.is_grad_enabled() and any(state.requires_grad for state in states):
        result: Tensor = _KernelSum.apply(pairs, *states)  # type: ignore[no-untyped-call]
        return result
    with torch.no_grad(), torch.autocast(states[0].device.type, enabled=False):
        return pairs.total(pairs.layers(states))


def reference(x: Tensor, y: Tensor, kernel: Kernel, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """V of one layer and its gradients to x and y, tiled."""
    with torch.enable_grad():
        x, y = x.detach().requires_grad_(), y.detach().requires_grad_()
        value: Tensor = _KernelSum.apply(_Pairs((kernel,), left, right), x, y)  # type: ignore[no-untyped-call]
        of_x, of_y = torch.autograd.grad(value, (x, y))
    return value.detach(), of_x, of_y


@dataclass(frozen=True, eq=False)
class _Layer:
    """The states of both samples in one layer."""

    x: Tensor
    y: Tensor

    @cached_property
    def centre(self) -> Tensor:
        """(d,) the mean of both samples' items together, in working precision."""
        dtype = working_dtype(self.x)
        return (self.x.sum(dim=0, dtype=dtype) + self.y.sum(dim=0, dtype=dtype)) / (len(self.x) + len(self.y))

    def rows(self, rows: slice) -> Tensor:
        """The centred states of some items (rows of x and y stacked), which lie in one sample or are all there are."""
        n = len(self.x)
        if rows.start < n < rows.stop:
            return torch.cat([self.x, self.y]).to(self.centre.dtype).sub_(self.centre)
        return (self.x[rows] if rows.stop <= n else self.y[rows.start - n : rows.stop - n]) - self.centre


@dataclass(frozen=True, eq=False)
class _Pairs:
    """What is summed: kernels, one a layer, and coefficients."""

    kernels: tuple[Kernel, ...]
    left: Tensor
    right: Tensor

    @staticmethod
    def layers(states: Sequence[Tensor]) -> list[_Layer]:
        return [_Layer(x, y) for x, y in zip(states[::2], states[1::2], strict=True)]

    def tiles(self, n: int) -> Iterator[tuple[slice, slice]]:
        """Pairs of rows: every pair of items is in one of them, or in its mirror image where the two rows differ."""
        total = len(self.left)
        if total <= TILE:
            yield slice(0, total), slice(0, total)
            return
        starts = [*range(0, n, TILE), *range(n, total, TILE)]
        parts = [slice(a, b) for a, b in zip(starts, [*starts[1:], total], strict=True)]
        for i, rows in enumerate(parts):
            for columns in parts[i:]:
                yield rows, columns

    def total(self, layers: Sequence[_Layer]) -> Tensor:
        """V alone."""
        total = torch.zeros((), dtype=torch.float64, device=self.left.device)
        for rows, columns in self.tiles(len(layers[0].x)):
            total += self.tile(layers, rows, columns, slopes=False)[0]
        return total.to(self.left.dtype)

    def tile(
        self, layers: Sequence[_Layer], rows: slice, columns: slice, *, slopes: bool
    ) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor]]:
        """The tile's share of V (its mirror image included); M^l, and the states of rows and of columns, one a layer."""
        of_rows, of_columns, values, steepness = [], [], [], []
        for layer, kernel in zip(layers, self.kernels, strict=True):
            of_rows.append(layer.rows(rows))
            of_columns.append(of_rows[-1] if rows == columns else layer.rows(columns))
            value, slope = kernel(squared_distances(of_rows[-1], of_columns[-1], floor=kernel.steep), slopes)
            values.append(value)
            steepness.append(slope)
        coefficients = self.left[rows] @ self.right[columns].mT
        moves = []
        for i, slope in enumerate(steepness):
            if slope is not None:
                for factor in (coefficients, *values[:i], *values[i + 1 :]):
                    slope.mul_(factor)
                if rows == columns:  # an item does not pull on itself, nor may rounding
                    slope.fill_diagonal_(0)
                moves.append(slope)
        for value in values:
            coefficients.mul_(value)
        return coefficients.sum().double() * (1 if rows == columns else 2), moves, of_rows, of_columns


class _KernelSum(torch.autograd.Function):
    """V with its gradient; the gradient itself has none."""

    @staticmethod
    def forward(ctx: Any, pairs: _Pairs, *states: Tensor) -> Tensor:
        ctx.pairs, layers = pairs, pairs.layers(states)
        ctx.n, ctx.dtypes = len(states[0]), [state.dtype for state in states]
        ctx.whole = len(pairs.left) <= TILE
        with torch.autocast(states[0].device.type, enabled=False):
            if not ctx.whole:
                ctx.save_for_backward(*states)
                return pairs.total(layers)
            everything = slice(0, len(pairs.left))
            total, moves, of_rows, _ = pairs.tile(layers, everything, everything, slopes=True)
            ctx.save_for_backward(*moves, *of_rows)
            return total.to(pairs.left.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        with torch.autocast(grad.device.type, enabled=False):
            gradients = _whole(ctx, grad) if ctx.whole else _tiled(ctx, grad)
        wanted = zip(gradients, ctx.dtypes, ctx.needs_input_grad[1:], strict=True)
        return None, *(gradient.to(dtype) if needed else None for gradient, dtype, needed in wanted)


def _whole(ctx: Any, grad: Tensor) -> list[Tensor]:
    """Gradients to x and y of every layer from the M that was kept."""
    n_layers, gradients = len(ctx.saved_tensors) // 2, []
    for move, states in zip(ctx.saved_tensors[:n_layers], ctx.saved_tensors[n_layers:], strict=True):
        both = (move @ states).addcmul_(states, move.sum(dim=1, keepdim=True), value=-1).mul_(4 * grad)
        gradients += [both[: ctx.n], both[ctx.n :]]
    return gradients


def _tiled(ctx: Any, grad: Tensor) -> list[Tensor]:
    """Gradients to x and y of every layer, tile by tile; a tile off the diagonal serves its mirror image too."""
    layers = ctx.pairs.layers(ctx.saved_tensors)
    gradients = [torch.zeros_like(state, dtype=working_dtype(state)) for state in ctx.saved_tensors]

    def add(layer: int, rows: slice, move: Tensor, own: Tensor, others: Tensor) -> None:
        second = rows.start >= ctx.n
        start = rows.start - second * ctx.n
        part = gradients[2 * layer + second][start : start + len(own)]
        part.addmm_(move, others).addcmul_(own, move.sum(dim=1, keepdim=True), value=-1)

    for rows, columns in ctx.pairs.tiles(ctx.n):
        _, moves, of_rows, of_columns = ctx.pairs.tile(layers, rows, columns, slopes=True)
        for i, move in enumerate(moves):
            add(i, rows, move, of_rows[i], of_columns[i])
            if rows != columns:
                add(i, columns, move.mT, of_columns[i], of_rows[i])
    return [gradient.mul_(4 * grad) for gradient in gradients]
