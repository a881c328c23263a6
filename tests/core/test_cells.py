"""Cells: numbers, dates, words and nothing, as a spreadsheet, pandas or a person writes them."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from transferkit.core.cells import day, is_day_first, is_missing, kind_of, number, word


@pytest.mark.parametrize(
    "cell", ["", " ? ", "NA", "n/a", "null", "None", "NaN", None, float("nan"), np.nan, pd.NA, pd.NaT]
)
def test_what_says_nothing_is_missing(cell: object) -> None:
    assert is_missing(cell)
    assert word(cell) is None
    assert number(cell) is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", 1.0), ("-2.5e-3", -0.0025), (".5", 0.5), ("7.", 7.0), (np.float32(0.5), 0.5), (np.int64(3), 3.0)],
)
def test_numbers_are_read_as_python_reads_them(cell: object, value: float) -> None:
    assert number(cell) == value


@pytest.mark.parametrize("cell", ["1,5", "0x10", "inf", "1_000", "one", True, np.True_, "infinity", float("inf")])
def test_what_is_no_finite_number_is_none(cell: object) -> None:
    assert number(cell) is None


def test_the_same_word_is_said_in_several_ways() -> None:
    assert {word(cell) for cell in ("1", 1, 1.0, np.int32(1), " 1 ")} == {"1"}
    assert word(True) == word(np.True_) == "true"


@pytest.mark.parametrize(
    "cell",
    ["2011-01-31", "31.1.2011", "1/31/11", date(2011, 1, 31), datetime(2011, 1, 31), pd.Timestamp("2011-01-31")],
)
def test_a_day_may_be_written_in_many_ways(cell: object) -> None:
    assert day(cell, day_first=True) == (date(2011, 1, 31) - date(1970, 1, 1)).days


def test_the_time_of_day_is_a_fraction_and_zones_are_brought_to_one() -> None:
    assert day("2011-01-31T12:00:00+02:00") == pytest.approx(day("2011-01-31 10:00"))
    assert day("1/31/11 6:00") == pytest.approx((day("2011-01-31") or 0) + 0.25)


def test_day_or_month_first_is_told_by_the_column() -> None:
    assert is_day_first(["1/2/2011", "25/2/2011"])
    assert not is_day_first(["1/2/2011", "2/25/2011"])
    assert is_day_first(["1.2.2011"])
    assert not is_day_first(["1/2/2011"])


def test_impossible_dates_are_none() -> None:
    assert day("2011-02-30") is None
    assert day("32/13/2011") is None
    assert kind_of(["2011-02-30", "2011-01-01"]) == "word"


def test_a_few_slips_do_not_make_words_of_numbers() -> None:
    assert kind_of([*map(str, range(40)), "unknown"]) == "number"
    assert kind_of([*map(str, range(4)), "unknown"]) == "word"
    assert kind_of([True, False]) == "word"


def test_a_separator_around_a_number_is_white_space() -> None:
    assert number("0\x1f") == 0.0
