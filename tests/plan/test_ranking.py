import pytest

import transferkit as tk
from transferkit.core.errors import WrongUse
from transferkit.core.run import NoCache
from transferkit.core.target import Target


def test_a_source_that_knows_the_task_is_ranked_above_one_that_was_taught_nonsense() -> None:
    from transferkit.plan.demo import demo_target

    target = demo_target(0)
    ranking = tk.rank(["zoo:shuffled-cnn", "zoo:digits-cnn"], target, cache=NoCache())
    assert [row.name for row in ranking.rows] == ["zoo:digits-cnn", "zoo:shuffled-cnn"]
    good, poisoned = ranking.rows
    assert good.above_floor
    assert not poisoned.above_floor
    assert good.low <= good.predicted <= good.high
    assert not target.test.openings


def test_the_same_ranking_twice(tiny_target: Target) -> None:
    first, second = (tk.rank(["zoo:digits-cnn"], tiny_target, cache=NoCache()).rows[0] for _ in range(2))
    assert first.scores == second.scores
    assert first.predicted == second.predicted


def test_a_source_that_cannot_be_read_is_listed_last_with_the_reason(tiny_target: Target) -> None:
    rows = tk.rank(["zoo:digit-cnn", "zoo:digits-cnn"], tiny_target, cache=NoCache()).rows
    assert [row.name for row in rows] == ["zoo:digits-cnn", "zoo:digit-cnn"]
    assert "did you mean 'digits-cnn'" in rows[1].note
    assert rows[1].predicted is None


def test_no_usable_source_at_all_is_an_error_in_one_line(tiny_target: Target) -> None:
    with pytest.raises(WrongUse, match="did you mean 'digits-cnn'") as error:
        tk.rank(["zoo:digit-cnn"], tiny_target, cache=NoCache())
    assert "\n" not in str(error.value)
