import json

import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method
from transferkit.core.source import Source
from transferkit.evaluate.trial import TrialResult
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.arms import Arm, named, read_arm
from transferkit.planner.tried import Tried, score

ARM = Arm("full < zoo:digits-cnn", Full(), (), "scratch")
FAST, SLOW = Full(learning_rate=1e-2), Full(learning_rate=1e-4)


def result(metric: float | None, loss: float | None = None, status: str = "done") -> TrialResult:
    return TrialResult(status, 1.0, metric, loss)


def test_the_better_validation_wins_and_ties_go_to_the_lower_loss() -> None:
    tried = Tried()
    tried.add(ARM, FAST, result(0.8, 0.5))
    tried.add(ARM, SLOW, result(0.8, 0.4))
    assert tried.best(ARM) == SLOW
    tried.add(ARM, FAST, result(0.9, 2.0))
    tried.add(ARM, SLOW, result(0.8, 0.1))
    assert tried.best(ARM) == FAST


def test_what_was_dropped_never_stands_before_what_went_on() -> None:
    """A lucky first fold against the mean of three."""
    arms = [Arm(f"m{i}", Full(), (), "scratch") for i in range(4)]
    tried = Tried()
    for arm, metric in zip(arms, (0.95, 0.94, 0.92, 0.91), strict=True):
        tried.add(arm, arm.method, result(metric))
    running = tried.survive({arm: [arm.method] for arm in arms})
    assert list(running) == arms[:2]
    for arm in arms[:2]:
        tried.add(arm, arm.method, result(0.80))
    assert [arm.name for arm in tried.in_order(arms)] == ["m0", "m1", "m2", "m3"]


def test_survivors_are_compared_on_the_folds_they_share() -> None:
    arms = [Arm(f"m{i}", Full(), (), "scratch") for i in range(2)]
    tried = Tried()
    for arm, metric in zip(arms, (0.90, 0.80), strict=True):
        tried.add(arm, arm.method, result(metric))
    tried.survive({arm: [arm.method] for arm in arms})
    tried.add(arms[0], arms[0].method, result(0.1))  # the budget ended before the other's second fold
    assert [arm.name for arm in tried.in_order(arms)] == ["m0", "m1"]


def test_what_loses_on_the_same_items_beyond_chance_cannot_win() -> None:
    arms = [Arm(f"m{i}", Full(), (), "scratch") for i in range(3)]
    tried = Tried()
    for arm, right in zip(arms, (50, 49, 20), strict=True):
        items = [1.0] * right + [0.0] * (60 - right)
        tried.add(arm, arm.method, TrialResult("done", 1.0, right / 60, per_item=items))
    assert list(tried.survive({arm: [arm.method] for arm in arms})) == arms[:2]
    assert "place 3 of 3" in tried.beaten["m2"]


def test_few_items_drop_nobody_but_by_half() -> None:
    arms = [Arm(f"m{i}", Full(), (), "scratch") for i in range(2)]
    tried = Tried()
    for arm, right in zip(arms, (10, 0), strict=True):
        tried.add(arm, arm.method, TrialResult("done", 1.0, right / 10, per_item=[1.0] * right + [0.0] * (10 - right)))
    assert list(tried.survive({arm: [arm.method] for arm in arms})) == arms


def test_a_pinned_arm_survives_every_round() -> None:
    arms = [Arm(f"m{i}", Full(), (), "scratch", pinned=i == 3) for i in range(4)]
    tried = Tried()
    for arm, metric in zip(arms, (0.9, 0.8, 0.7, 0.1), strict=True):
        tried.add(arm, arm.method, result(metric))
    assert list(tried.survive({arm: [arm.method] for arm in arms})) == [arms[0], arms[1], arms[3]]


def test_a_metric_that_is_better_low_is_turned_round() -> None:
    tried = Tried(sign=-1)
    tried.add(ARM, FAST, result(3.0))
    tried.add(ARM, SLOW, result(2.0))
    assert tried.best(ARM) == SLOW
    assert tried.validation(ARM) == 2.0


def test_settings_that_failed_once_are_out() -> None:
    assert score([result(0.9), result(None, status="failed")], 1) is None
    tried = Tried()
    tried.add(ARM, FAST, result(None, status="failed"))
    assert tried.best(ARM) is None
    assert tried.validation(ARM) is None


def test_candidates_are_the_settings_worth_trying_unless_one_was_named() -> None:
    assert [m.learning_rate for m in Arm("scratch", Scratch(), ()).candidates()] == list(Scratch.tunes["learning_rate"])
    by_hand = Scratch(learning_rate=0.123)
    assert Arm("scratch", by_hand, ()).candidates() == [by_hand]
    assert Arm("scratch", Scratch(), (), fixed=frozenset({"learning_rate"})).candidates() == [Scratch()]


def test_arms_can_be_written_down_and_read_back() -> None:
    source = Source("zoo:digits-cnn")
    for arm in named(
        [source], [(Full(learning_rate=1 / 3000), frozenset({"learning_rate"})), (LinearProbe(), frozenset())]
    ):
        assert read_arm(json.loads(json.dumps(arm.written())), [source]) == arm


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ([Scratch()], "is a baseline"),
        ([Scratch(), Scratch(epochs=3), Full()], "2 times"),
        ([Majority()], "is a baseline"),
    ],
)
def test_comparing_baselines_alone_or_with_two_scratches_is_refused(methods: list[Method], said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        named([Source("zoo:digits-cnn")], [(method, frozenset()) for method in methods])


def test_a_method_named_twice_is_one_arm() -> None:
    arms = named([Source("zoo:digits-cnn")], [(Full(), frozenset()), (Full(), frozenset())])
    assert [arm.name for arm in arms] == ["scratch", "majority", "full < zoo:digits-cnn"]
