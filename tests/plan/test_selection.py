from transferkit.evaluate.trial import TrialResult
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.plan.arms import Arm
from transferkit.plan.selection import Tried, score

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


def test_settings_seen_on_more_folds_go_before_a_lucky_first_fold() -> None:
    tried = Tried()
    tried.add(ARM, FAST, result(0.99))
    for _ in range(2):
        tried.add(ARM, SLOW, result(0.8))
    assert tried.best(ARM) == SLOW


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
    assert tried.standing(ARM) is None


def test_candidates_are_the_settings_worth_trying_unless_one_was_named() -> None:
    assert [m.learning_rate for m in Arm("scratch", Scratch(), ()).candidates()] == list(Scratch.tunes["learning_rate"])
    by_hand = Scratch(learning_rate=0.123)
    assert Arm("scratch", by_hand, ()).candidates() == [by_hand]
