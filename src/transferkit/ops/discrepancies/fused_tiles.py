"""Fused tiles: the tiles of `kernel_sums.py` as two Triton kernels, one for the sum over all pairs and one for its gradient.

For one layer and a Gaussian family whose widths differ by powers of two. Items are taken in blocks, none of which lies in both
samples. A program makes the Gram product of two blocks column by column from the centred states, its distances, one exponential
a pair, the family by repeated squaring, and its weighed sum or its pull on one of the blocks; nothing as large as a tile is
written to memory. Products, pulls and sums of a tile's row are in float32 (`ieee`: no shorter mantissa), V beyond in float64.
Every number is added to by one program, in one order: on one device the same samples give the same bits.

The pairs of an item with itself count, at distance 0: what the unbiased estimator leaves out, `mmd.py` takes off.

Without Triton this file can be read but nothing in it can be launched; `fused_sums.py` sees to that.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

if find_spec("triton") is not None:
    import triton
    import triton.language as tl


def compiled(function: Callable[..., Any]) -> Any:
    """The kernel of a function; without Triton the function itself, which nothing calls."""
    return function if find_spec("triton") is None else triton.jit(function)


@compiled
def sum_over_pairs(
    x: tl.tensor,
    y: tl.tensor,
    centre: tl.tensor,
    left: tl.tensor,
    right: tl.tensor,
    sums: tl.tensor,
    rate: float,
    n: int,
    m: int,
    d: int,
    rank: int,
    x_stride: int,
    y_stride: int,
    x_blocks: int,
    blocks: int,
    SQUARINGS: tl.constexpr,
    MEMBERS: tl.constexpr,
    BLOCK: tl.constexpr,
    WIDTH: tl.constexpr,
) -> None:
    """sums (programs,): each program's share of sum_ij C_ij K_ij, over tiles on and above the diagonal, dealt out in turn.

    x (n, d) and y (m, d) in rows of `x_stride` and `y_stride`, centre (d,), left and right (n + m, rank).
    """
    total = tl.full((), 0.0, tl.float64)
    for tile in range(tl.program_id(0), blocks * (blocks + 1) // 2, tl.num_programs(0)):
        # the triangle folded to blocks + 1 tiles a line: row `line`, and what is left of it row `blocks - 1 - line`
        line = tile // (blocks + 1)
        place = tile % (blocks + 1)
        unfolded = place < blocks - line
        row = tl.where(unfolded, line, blocks - 1 - line)
        column = tl.where(unfolded, line + place, place - 1)
        rows, row_here, row_item = _items(x, y, x_stride, y_stride, n, m, x_blocks, row, BLOCK)
        columns, column_here, column_item = _items(x, y, x_stride, y_stride, n, m, x_blocks, column, BLOCK)
        squares = _squares(rows, row_here, row_item, columns, column_here, column_item, centre, d, BLOCK, WIDTH)
        values, _ = _family(squares, rate, SQUARINGS, MEMBERS)
        values *= _coefficients(left, right, rank, row_here, row_item, column_here, column_item, BLOCK)
        share = tl.sum(tl.sum(values, axis=1).to(tl.float64), axis=0)
        total += tl.where(row == column, share, 2 * share)
    tl.store(sums + tl.program_id(0), total)


@compiled
def pulls(
    x: tl.tensor,
    y: tl.tensor,
    centre: tl.tensor,
    left: tl.tensor,
    right: tl.tensor,
    grad: tl.tensor,
    gradients: tl.tensor,
    rate: float,
    n: int,
    m: int,
    d: int,
    rank: int,
    x_stride: int,
    y_stride: int,
    x_blocks: int,
    blocks: int,
    SQUARINGS: tl.constexpr,
    MEMBERS: tl.constexpr,
    BLOCK: tl.constexpr,
    WIDTH: tl.constexpr,
) -> None:
    """gradients (parts, n + m, d), all 0: part p gets 4 grad sum_j M_ij (z_j - z_i), over every parts-th block of j from p on.

    Program (row, part) alone adds to its rows of its part.
    """
    row = tl.program_id(0)
    rows, row_here, row_item = _items(x, y, x_stride, y_stride, n, m, x_blocks, row, BLOCK)
    part = tl.program_id(1).to(tl.int64) * (n + m) * d
    gradient_rows = gradients + part + row_item.to(tl.int64) * d
    scale = 4 * tl.load(grad)
    moved = tl.zeros((BLOCK,), tl.float32)
    for column in range(tl.program_id(1), blocks, tl.num_programs(1)):
        columns, column_here, column_item = _items(x, y, x_stride, y_stride, n, m, x_blocks, column, BLOCK)
        squares = _squares(rows, row_here, row_item, columns, column_here, column_item, centre, d, BLOCK, WIDTH)
        _, move = _family(squares, rate, SQUARINGS, MEMBERS)
        move *= _coefficients(left, right, rank, row_here, row_item, column_here, column_item, BLOCK) * scale
        # an item does not pull on itself, nor may rounding
        move = tl.where(row_item[:, None] == column_item[None, :], 0.0, move)
        moved += tl.sum(move, axis=1)
        for start in range(0, d, WIDTH):
            width = start + tl.arange(0, WIDTH)
            pull = tl.dot(move, _centred(columns, column_here, centre, width, d), input_precision="ieee")
            here = row_here[:, None] & (width < d)[None, :]
            tl.atomic_add(gradient_rows[:, None] + width[None, :], pull, mask=here, sem="relaxed")
    for start in range(0, d, WIDTH):
        width = start + tl.arange(0, WIDTH)
        back = -moved[:, None] * _centred(rows, row_here, centre, width, d)
        here = row_here[:, None] & (width < d)[None, :]
        tl.atomic_add(gradient_rows[:, None] + width[None, :], back, mask=here, sem="relaxed")


@compiled
def _items(
    x: tl.tensor,
    y: tl.tensor,
    x_stride: int,
    y_stride: int,
    n: int,
    m: int,
    x_blocks: int,
    block: int,
    BLOCK: tl.constexpr,
) -> tl.tensor:
    """Of a block: where its rows begin, which of them are there, and their numbers among the items of x and y together."""
    in_y = block >= x_blocks
    own = (block - tl.where(in_y, x_blocks, 0)) * BLOCK + tl.arange(0, BLOCK)
    rows = tl.where(in_y, y, x) + own.to(tl.int64) * tl.where(in_y, y_stride, x_stride)
    return rows, own < tl.where(in_y, m, n), own + tl.where(in_y, n, 0)


@compiled
def _centred(rows: tl.tensor, here: tl.tensor, centre: tl.tensor, width: tl.tensor, d: int) -> tl.tensor:
    """(BLOCK, WIDTH) columns `width` of the rows, less the centre, in float32; of rows that are not there anything finite."""
    inside = width < d
    values = tl.load(rows[:, None] + width[None, :], mask=here[:, None] & inside[None, :], other=0.0).to(tl.float32)
    return values - tl.load(centre + width, mask=inside, other=0.0)[None, :]


@compiled
def _squares(
    rows: tl.tensor,
    row_here: tl.tensor,
    row_item: tl.tensor,
    columns: tl.tensor,
    column_here: tl.tensor,
    column_item: tl.tensor,
    centre: tl.tensor,
    d: int,
    BLOCK: tl.constexpr,
    WIDTH: tl.constexpr,
) -> tl.tensor:
    """(BLOCK, BLOCK) squared distances, 0 of an item and itself."""
    products = tl.zeros((BLOCK, BLOCK), tl.float32)
    row_norms = tl.zeros((BLOCK,), tl.float32)
    column_norms = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, d, WIDTH):
        width = start + tl.arange(0, WIDTH)
        of_rows = _centred(rows, row_here, centre, width, d)
        of_columns = _centred(columns, column_here, centre, width, d)
        products = tl.dot(of_rows, tl.trans(of_columns), products, input_precision="ieee")
        row_norms += tl.sum(of_rows * of_rows, axis=1)
        column_norms += tl.sum(of_columns * of_columns, axis=1)
    squares = row_norms[:, None] + column_norms[None, :] - 2 * products
    # not a maximum with 0, which may pass a 0 for what is not a number
    return tl.where((squares < 0) | (row_item[:, None] == column_item[None, :]), 0.0, squares)


@compiled
def _family(squares: tl.tensor, rate: float, SQUARINGS: tl.constexpr, MEMBERS: tl.constexpr) -> tl.tensor:
    """Values and slopes of the sum of exp(-rate 2^k d2) over the k whose bit is set in MEMBERS; 0 is, SQUARINGS is the last."""
    power = tl.exp(-rate * squares)
    values = power
    slopes = rate * power
    for k in tl.static_range(SQUARINGS):
        power = power * power
        rate = 2 * rate
        if (MEMBERS >> (k + 1)) & 1:
            values += power
            slopes += rate * power
    return values, slopes


@compiled
def _coefficients(
    left: tl.tensor,
    right: tl.tensor,
    rank: int,
    row_here: tl.tensor,
    row_item: tl.tensor,
    column_here: tl.tensor,
    column_item: tl.tensor,
    BLOCK: tl.constexpr,
) -> tl.tensor:
    """(BLOCK, BLOCK) of C = left right^T, 0 for items that are not there."""
    total = tl.zeros((BLOCK, BLOCK), tl.float32)
    of_rows = left + row_item.to(tl.int64) * rank
    of_columns = right + column_item.to(tl.int64) * rank
    for k in range(rank):
        of_row = tl.load(of_rows + k, mask=row_here, other=0.0)
        of_column = tl.load(of_columns + k, mask=column_here, other=0.0)
        total += of_row[:, None] * of_column[None, :]
    return total
