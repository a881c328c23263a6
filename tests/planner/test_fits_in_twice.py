"""On a budget of seconds an arm is tried only as far as leaves room to prove it, and claimed only where its proof fits in."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from transferkit.core.budget import Budget
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.evaluate.trial import TrialResult
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm
from transferkit.planner.costs import Costs
from transferkit.planner.proving import choose
from transferkit.planner.selection import LONGER, _Work
from transferkit.planner.settings import Settings
from transferkit.planner.trials import Trials
from transferkit.planner.tried import Tried

SOURCE = Source("zoo:digits-cnn")
SCRATCH = Arm("scratch", Scratch(), (SOURCE,))
DEAR = Arm("full < a", Full(), (SOURCE,), "scratch")
CHEAP = Arm("linear_probe < a", LinearProbe(), (SOURCE,), "scratch")
ARMS = (SCRATCH, DEAR, CHEAP)


class Facts(dict[str, Any]):
    """A journal's facts."""

    def note(self, name: str, value: Any) -> Any:
        return self.setdefault(name, value)


@pytest.fixture
def trials(tiny_target: Target) -> Trials:
    made = SimpleNamespace(target=tiny_target, allowance=Allowance(Budget.parse("100s")), journal=Facts())
    return cast(Trials, made)


@pytest.fixture
def costs() -> Costs:
    """A fit of scratch takes ten seconds, one of the dear arm ninety-five."""
    seconds = {"scratch": 10.0, "full < a": 95.0, "linear_probe < a": 1.0}
    return cast(Costs, SimpleNamespace(expected=lambda arm, *_: seconds[arm.name]))


def tried(leader: Arm) -> Tried:
    found = Tried()
    for arm in ARMS:
        result = TrialResult("done", 1.0, validation=0.9 if arm == leader else 0.5, validation_loss=0.1)
        found.add(arm, arm.method, result)
    return found


def test_a_trial_may_take_no_more_than_leaves_room_for_its_refit_and_its_baselines(
    trials: Trials, costs: Costs
) -> None:
    work = _Work(ARMS, trials, costs, Settings(), Tried(), False)
    n_fold, n_whole = len(trials.target.train), len(trials.target.whole().train)
    seconds = work._room(DEAR, n_fold, 0.0)
    assert seconds + 10.0 + LONGER * seconds * n_whole / n_fold == pytest.approx(trials.allowance.seconds_left, abs=0.1)
    assert work._room(DEAR, n_fold, 90.0) == pytest.approx(trials.allowance.seconds_left - 90.0, abs=0.1)
    assert work._room(SCRATCH, n_fold, 0.0) == pytest.approx(trials.allowance.seconds_left, abs=0.1)


def test_an_arm_whose_proof_does_not_fit_gives_way_to_the_next(trials: Trials, costs: Costs) -> None:
    found = tried(DEAR)
    (claim,) = choose(ARMS, found, trials, costs, every_arm=False)
    assert claim.arm == CHEAP
    (note,) = found.notes
    assert note.startswith("full < a is not claimed: its proof would take 6")
    assert note.endswith("s more than is left")


def test_where_no_proof_fits_the_first_is_begun_all_the_same(trials: Trials, costs: Costs) -> None:
    trials.allowance.budget = Budget.parse("5s")
    (claim,) = choose(ARMS, tried(DEAR), trials, costs, every_arm=False)
    assert claim.arm == DEAR


def test_what_a_person_named_is_claimed_whatever_it_costs(trials: Trials, costs: Costs) -> None:
    claims = choose(ARMS, tried(DEAR), trials, costs, every_arm=True)
    assert [claim.arm for claim in claims] == [DEAR, CHEAP]
