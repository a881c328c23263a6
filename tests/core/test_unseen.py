"""Values of the test rows that the training rows lack are told, one line a column."""

import pytest

from transferkit.core.target import Target
from transferkit.core.unseen import told_of, unseen_in_test, values_not_in

ROWS = [{"age": i / 3, "town": "pqr"[i % 3]} for i in range(60)]
LABELS = ["old", "new"] * 30


def test_columns_of_words_are_told_with_how_many_rows_and_not_what_the_sealed_ones_hold() -> None:
    test = [{"age": 900.5, "town": town} for town in ["x"] * 3 + ["y", "z", "w", "p", "p", None]]
    assert unseen_in_test(ROWS, test) == [
        "column 'town': 6 of 9 test rows hold values that no row to learn from has; "
        "a network of tables takes them for one unknown value, unless its source has them"
    ]


@pytest.mark.parametrize("test", [[], ROWS[:3], [{"town": "?"}, {}], [{"age": "x", "shop": "new"}]])
def test_nothing_is_told_where_no_known_column_holds_a_value_that_is_new(test: list[dict[str, object]]) -> None:
    assert unseen_in_test(ROWS, test) == []


def test_a_rare_value_among_many_test_rows_is_not_worth_a_line() -> None:
    assert unseen_in_test(ROWS, [{"town": "x"}] + [{"town": "p"}] * 20) == []
    assert len(unseen_in_test(ROWS, [{"town": "x"}] + [{"town": "p"}] * 19)) == 1


def test_what_is_not_sealed_is_named_short_and_on_one_line() -> None:
    unseen = {"town": values_not_in(["p"], [{"town": "by\nthe sea " * 9}], "town")}
    (line,) = told_of(unseen, 1, "row", "not seen in training", "it counts as unknown")
    assert line.startswith(r"column 'town': 1 of 1 row holds a value not seen in training ('by\nthe sea by")
    assert len(line) < 220
    assert "\n" not in line


def test_many_columns_are_told_in_few_lines_those_with_most_rows_first() -> None:
    columns = [f"c{i}" for i in range(8)]
    learned = [dict.fromkeys(columns, "p")]
    told = unseen_in_test(learned, [{c: "x" if i <= row else "p" for i, c in enumerate(columns)} for row in range(8)])
    assert [line.split()[:3] for line in told[:2]] == [["column", "'c0':", "8"], ["column", "'c1':", "7"]]
    assert told[5:] == ["3 more columns hold values that no row to learn from has: 'c5', 'c6', 'c7'"]


def test_a_target_warns_of_them_and_no_longer_once_its_test_is_opened() -> None:
    unseen = [{"age": 1.5, "town": "x"}] * 4
    given = Target.of(ROWS, LABELS, test=(unseen, ["old", "new"] * 2), modality="tabular")
    assert [line for line in given.warnings if "town" in line] == [
        "column 'town': 4 of 4 test rows hold a value that no row to learn from has; "
        "a network of tables takes it for one unknown value, unless its source has it"
    ]
    each_once = [{"age": i / 3, "town": f"town {i}"} for i in range(40)]
    drawn = Target.of(each_once, LABELS[:40], modality="tabular")
    assert any("column 'town'" in line for line in drawn.warnings)
    assert not any("column 'town'" in line for line in drawn.opened("cross-fitting").warnings)
    assert not any("column" in line for line in Target.of(ROWS, LABELS, modality="tabular").warnings)
