"""Labels as people write them are read by one rule."""

import numpy as np
import pandas as pd
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.labels import read_labels


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["cat", " dog ", "cat"], ["cat", "dog", "cat"]),
        (["1", "02", "3"], ["1", "02", "3"]),
        ([1, 2, 3], ["1", "2", "3"]),
        (np.array([1, 2]), ["1", "2"]),
        (np.array([1.0, np.nan]), ["1", None]),
        (["1.0", "2.", "3"], ["1", "2", "3"]),
        (["0.5", "2", "1e3"], [0.5, 2.0, 1000.0]),
        ([True, False], ["true", "false"]),
        ([None, "", "nan", "NaN", float("nan"), "x"], [None, None, None, None, None, "x"]),
        (["NA", "None", "inf"], ["NA", "None", "inf"]),
        (["-1", "+1"], ["-1", "+1"]),
        (["1_2", "10_4"], ["1_2", "10_4"]),
        (pd.array([1, None], dtype="Int64"), ["1", None]),
        ([[1], [2, 3]], [[1], [2, 3]]),
        ([], []),
    ],
)
def test_every_kind_of_label_is_read(values, expected):
    assert read_labels(values, where=str) == expected


@pytest.mark.parametrize("values", [["cat", 3], [0.5, "unknown"], [["a"], "a"], [{"x": 1}, 2]])
def test_a_mixture_is_refused_with_one_of_each(values):
    with pytest.raises(WrongUse, match=r"labels mix .* \(place 0\) and .* \(place 1\); make them all of one kind"):
        read_labels(values, where=lambda i: f"place {i}")
