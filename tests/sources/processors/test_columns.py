"""Columns: what a table teaches the processor, and how it reads rows of another one."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from transferkit.core.errors import WrongUse
from transferkit.sources import processors
from transferkit.sources.processors.columns import ABSENT, UNSEEN, fitted

ROWS = [
    {
        "age": float(30 + i),
        "sex": "mf"[i % 2],
        "town": f"town {i}" if i > 5 else "Ulm",
        "seen": f"2011-01-{i + 1:02d}",
        "gone": None,
    }
    for i in range(20)
]
PROCESSOR = fitted(ROWS)


def test_it_is_rebuilt_from_what_it_describes() -> None:
    written = json.loads(json.dumps(PROCESSOR.describe()))
    assert processors.build(written) == PROCESSOR


def test_numbers_come_robustly_scaled_and_never_beyond_three() -> None:
    ages = np.array([row["age"] for row in ROWS])
    spread = np.subtract(*np.quantile(ages, [0.75, 0.25])) / 1.349
    z = (ages - np.median(ages)) / spread
    values, there, _ = PROCESSOR(ROWS)
    np.testing.assert_allclose(values[:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-5)
    assert there.all()
    far = PROCESSOR([{"age": 1e9}])[0][0, 0]
    assert 2.99 < float(far) <= 3


def test_missing_cells_are_marked_and_count_as_the_median() -> None:
    values, there, words = PROCESSOR([{"age": "?", "sex": None}])
    assert values.eq(0).all()
    assert there.eq(0).all()
    assert words.eq(ABSENT).all()


def test_words_not_known_are_told_from_no_word() -> None:
    _, _, words = PROCESSOR([{"sex": "m", "town": "Ulm"}, {"sex": "x", "town": "town 7"}])
    assert words.tolist() == [[3, 2], [UNSEEN, UNSEEN]]


def test_dates_come_round_with_the_year_and_the_week() -> None:
    column = next(column for column in PROCESSOR.numbers if column.name == "seen")
    assert column.width == 5
    day, *circles = column.values(column.read("2011-01-11") or 0)
    assert math.isfinite(day)
    for sine, cosine in zip(circles[::2], circles[1::2], strict=True):
        assert sine**2 + cosine**2 == pytest.approx(1)
    week_later = column.values(column.read("2011-01-18") or 0)
    assert week_later[3:5] == pytest.approx(circles[2:4])


def test_a_row_gives_the_same_whatever_batch_it_comes_in() -> None:
    together, alone = PROCESSOR(ROWS), PROCESSOR(ROWS[4:5])
    for many, one in zip(together, alone, strict=True):
        assert torch.equal(many[4:5], one)


def test_other_columns_are_left_aside_and_can_be_grown() -> None:
    other = [{"age": 40.0, "sex": "f", "chol": 200.0 + i, "thal": "ab"[i % 2]} for i in range(10)]
    grown = PROCESSOR.grown(other)
    assert grown.column_names == ("age", "seen", "chol", "sex", "town", "thal")
    before, after = PROCESSOR(other), grown(other)
    for old, new in zip(before, after, strict=True):
        assert torch.equal(new[:, : old.shape[1]], old)
    assert PROCESSOR.grown(ROWS) == PROCESSOR


def test_a_table_that_shares_no_column_is_refused_with_the_columns_of_both() -> None:
    with pytest.raises(WrongUse) as refused:
        PROCESSOR.grown([{"width": 1.0, "colour": "red"}] * 3)
    said = str(refused.value)
    assert "'age'" in said
    assert "'width', 'colour'" in said
    assert "rename" in said
    assert "\n" not in said


def test_words_that_only_another_table_has_can_be_grown() -> None:
    grown = PROCESSOR.grown([{"sex": "x"}, {"sex": "x"}, {"sex": "m"}, {"sex": "once"}])
    before, after = (
        one([{"sex": "f"}, {"sex": "m"}, {"sex": "x"}, {"sex": "once"}])[2][:, 0] for one in (PROCESSOR, grown)
    )
    assert before.tolist() == [2, 3, UNSEEN, UNSEEN]
    assert after.tolist() == [2, 3, 4, UNSEEN]


def test_columns_that_another_table_lacks_are_told() -> None:
    assert PROCESSOR.remarks([{**ROWS[0], "town": "Ulm"}] * 2) == ()
    (line,) = PROCESSOR.remarks([{"age": 40.0, "town": None, "sex": "m"}] * 3)
    assert line == "2 of its 4 columns say nothing in this table: 'seen', 'town'"


def test_values_not_seen_in_training_are_told_one_line_a_column() -> None:
    new = [{**ROWS[0], "sex": sex} for sex in ["x"] * 8 + ["y", "z", "v", " m ", None, "f"]]
    (line,) = PROCESSOR.remarks(new)
    assert line == (
        "column 'sex': 11 of 14 rows hold values not seen in training, or too rarely ('x', 'v', 'y', ...); all that is "
        "unknown counts as the same value"
    )
    (_, _, positions), (_, _, one) = PROCESSOR(new), PROCESSOR([{"sex": "q"}])
    assert (positions[:, 0] == UNSEEN).sum() == 11
    assert one[0, 0] == UNSEEN


def test_a_value_that_training_had_once_is_told_as_too_rare() -> None:
    (line,) = PROCESSOR.remarks([ROWS[0], ROWS[7]])
    assert line.startswith("column 'town': 1 of 2 rows holds a value not seen in training, or too rarely ('town 7'); ")


def test_items_that_are_no_rows_are_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match="takes rows such as"):
        PROCESSOR(["63"])


@given(
    some.lists(
        some.dictionaries(some.sampled_from("abc"), some.one_of(some.none(), some.floats(), some.text(max_size=3))),
        min_size=1,
    )
)
def test_whatever_rows_hold_the_network_gets_finite_numbers(rows: list[dict[str, object]]) -> None:
    values, there, words = fitted(rows)(rows)
    assert torch.isfinite(values).all()
    assert ((there == 0) | (there == 1)).all()
    assert (words >= 0).all()
