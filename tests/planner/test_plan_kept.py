"""What became of a plan is told, above all of a promising source that was never tried."""

from transferkit.evaluate.planned import DroppedArm
from transferkit.evaluate.summary import RankedSource
from transferkit.planner.plan_kept import untried


def ranked(name: str, predicted: float | None) -> RankedSource:
    return RankedSource(name=name, predicted=predicted, low=None, high=None, scores={}, above_floor=True)


ROWS = (ranked("hf:large", 0.886), ranked("zoo:small", 0.746), ranked("zoo:worse", 0.5), ranked("hf:broken", None))
DROPPED = (
    DroppedArm("linear_probe < hf:large", "to try and prove it takes about 619 s"),
    DroppedArm("full < hf:large", "to try and prove it takes about 706 s"),
    DroppedArm("full < zoo:worse", "a chance of 1 % to be the best source"),
)


def test_a_better_source_that_the_budget_left_out_is_told_with_the_first_reason() -> None:
    assert untried(ROWS, {"zoo:small"}, DROPPED) == [
        "hf:large promised more than what was tried (predicted 0.89), but to try and prove it takes about 619 s"
    ]


def test_a_source_in_front_that_was_tried_leaves_nothing_to_tell() -> None:
    assert untried(ROWS, {"hf:large"}, DROPPED) == []


def test_what_a_person_dropped_is_not_told() -> None:
    assert untried(ROWS, {"zoo:small"}, [DroppedArm("full < hf:large", "you dropped it")]) == []
    assert untried(ROWS, {"zoo:small"}, []) == []
