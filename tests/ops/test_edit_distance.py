"""The edit distance against the plain table of Wagner & Fischer 1974."""

from hypothesis import given, settings
from hypothesis import strategies as st

from transferkit.ops.edit_distance import edit_distance

SOME = st.lists(st.sampled_from("abc"), max_size=12)


def by_table(first, second):
    row = list(range(len(second) + 1))
    for i, left in enumerate(first, start=1):
        above, row = row, [i]
        for j, right in enumerate(second, start=1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right)))
    return row[-1]


@given(first=SOME, second=SOME)
@settings(max_examples=200, deadline=None)
def test_distance_is_that_of_the_whole_table(first, second):
    assert edit_distance(first, second) == by_table(first, second)


@given(first=SOME, second=SOME, third=SOME)
@settings(max_examples=100, deadline=None)
def test_it_is_a_distance(first, second, third):
    assert edit_distance(first, first) == 0
    assert edit_distance(first, second) == edit_distance(second, first)
    assert edit_distance(first, third) <= edit_distance(first, second) + edit_distance(second, third)
    assert abs(len(first) - len(second)) <= edit_distance(first, second) <= max(len(first), len(second))


def test_long_texts_of_any_members_take_no_table():
    assert edit_distance("word " * 4000, "ward " * 4000) == 4000
    assert edit_distance([1, None, "x"], ["x"]) == 2
