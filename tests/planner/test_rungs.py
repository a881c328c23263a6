"""The order in which arms are tried, with made-up results."""

from collections.abc import Mapping

from transferkit.evaluate.trial import TrialResult
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.arms import Arm
from transferkit.planner.rungs import Rung, rungs
from transferkit.planner.tried import Tried

A, B = Arm("scratch (a)", Scratch(), ()), Arm("scratch (b)", Scratch(), ())
FLOOR = Arm("majority", Majority(), ())
PROBE_A, PROBE_B = Arm("probe < a", LinearProbe(), (), A.name), Arm("probe < b", LinearProbe(), (), B.name)
FULL_A, FULL_B = Arm("full < a", Full(), (), A.name), Arm("full < b", Full(), (), B.name)
ARMS = (A, B, FLOOR, PROBE_A, PROBE_B, FULL_A, FULL_B)


def climb(metrics: Mapping[str, float], arms: tuple[Arm, ...] = ARMS, folds: tuple[int, ...] = (0, 1, 2)) -> list[Rung]:
    """Every rung, each arm having the metric named for it on every fold and at all settings."""
    tried, seen = Tried(), []
    for rung in rungs(arms, folds, tried):
        seen.append(rung)
        for arm, method in rung.fits:
            tried.add(arm, method, TrialResult("done", 1.0, metrics[arm.name]), rung.fold)
    return seen


METRICS = {
    A.name: 0.5,
    B.name: 0.5,
    FLOOR.name: 0.3,
    PROBE_A.name: 0.9,
    PROBE_B.name: 0.4,
    FULL_A.name: 0.8,
    FULL_B.name: 0.3,
}


def test_closed_forms_come_before_training_and_the_leaders_baseline_first_of_that() -> None:
    first, second, *_ = climb(METRICS)
    assert {arm for arm, _ in first.fits} == {PROBE_A, PROBE_B}
    assert [arm for arm, _ in second.fits] == [A, FULL_A, FULL_B, FLOOR]


def test_a_baseline_nobody_in_front_is_compared_with_is_never_fitted() -> None:
    assert B not in {arm for rung in climb(METRICS) for arm, _ in rung.fits}


def test_a_pinned_arm_and_its_baseline_stay_to_the_last_rung() -> None:
    pinned = Arm(FULL_B.name, Full(), (), B.name, pinned=True)
    last = climb(METRICS, (A, B, FLOOR, PROBE_A, PROBE_B, FULL_A, pinned))[-1]
    assert last.fold == 2
    assert {pinned, B} <= {arm for arm, _ in last.fits}


def test_no_arm_gets_its_next_settings_before_its_baseline() -> None:
    settings: dict[str, int] = {}
    for rung in climb(METRICS, folds=(0,)):
        for arm, _ in rung.fits:
            settings[arm.name] = settings.get(arm.name, 0) + 1
            if arm.baseline and settings[arm.name] > 1:
                assert settings[arm.baseline] >= settings[arm.name]
    assert settings[A.name] == 3  # every learning rate it tunes


def test_no_fit_is_asked_for_twice() -> None:
    fits = [(arm.name, str(method), rung.fold) for rung in climb(METRICS) for arm, method in rung.fits]
    assert len(fits) == len(set(fits))


def test_one_arm_with_one_settings_leaves_no_question_open() -> None:
    alone = Arm("full < a", Full(), (), A.name, fixed=frozenset({"learning_rate"}))
    last = climb(METRICS, (A, alone))[-1]
    assert last.fold == 0


def test_where_every_arm_is_proven_every_baseline_is_tuned() -> None:
    tried = Tried()
    for rung in rungs(ARMS, (0,), tried, every_baseline=True):
        for arm, method in rung.fits:
            tried.add(arm, method, TrialResult("done", 1.0, METRICS[arm.name]), rung.fold)
    for arm in (PROBE_A, PROBE_B, FULL_A, FULL_B):
        assert tried.tuned_alike(arm, A if arm.baseline == A.name else B)


def test_a_baseline_with_nothing_left_to_learn_is_not_fitted_on_another_fold() -> None:
    whole = {"best_epoch": 3, "curve": {"training_loss": [1.0, 0.5, 0.2]}}
    early = whole | {"best_epoch": 2}
    for record, folds in ((whole, {0}), (early, {0, 1, 2})):
        tried, seen = Tried(), set()
        for rung in rungs(ARMS, (0, 1, 2), tried):
            for arm, method in rung.fits:
                tried.add(arm, method, TrialResult("done", 1.0, METRICS[arm.name], record=record), rung.fold)
                if arm == A:
                    seen.add(rung.fold)
        assert seen == folds
