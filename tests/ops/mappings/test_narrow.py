"""Wide spaces on few axes: rows come back as they were, and Procrustes finds there what it finds in the whole space."""

import numpy as np

from transferkit.ops.mappings.narrow import MOST_AXES, WIDE, Narrow
from transferkit.ops.mappings.procrustes import procrustes


def test_rows_that_are_fewer_than_columns_come_back_as_they_were():
    rows = np.random.default_rng(0).normal(size=(20, WIDE + 10)) + 3
    narrow = Narrow.of(rows)
    assert narrow.axes.shape == (WIDE + 10, 19)  # twenty points span nineteen directions
    np.testing.assert_allclose(narrow.back(narrow.there(rows)), rows, atol=1e-9)


def test_many_rows_keep_the_axes_along_which_they_vary_most():
    draw = np.random.default_rng(1)
    deviations = np.linspace(2, 0.1, WIDE + 1)
    rows = draw.normal(size=(MOST_AXES + 200, WIDE + 1)) * deviations
    narrow = Narrow.of(rows)
    assert narrow.axes.shape[1] == MOST_AXES
    centred = rows - rows.mean(0)
    kept = np.square(centred @ narrow.axes).sum() / np.square(centred).sum()
    assert kept > 0.85


def test_procrustes_finds_on_the_axes_what_it_finds_in_the_whole_space():
    draw = np.random.default_rng(2)
    x, y = draw.normal(size=(15, WIDE + 3)), draw.normal(size=(15, WIDE + 5))
    ours, theirs = Narrow.of(x), Narrow.of(y)
    mapped = theirs.back(procrustes(ours.there(x), theirs.there(y))(ours.there(x)))
    np.testing.assert_allclose(mapped, procrustes(x, y)(x), atol=1e-8)


def test_a_space_that_does_not_vary_has_an_axis_all_the_same():
    narrow = Narrow.of(np.ones((4, WIDE + 1)))
    np.testing.assert_allclose(narrow.back(narrow.there(np.ones((1, WIDE + 1)))), np.ones((1, WIDE + 1)))
