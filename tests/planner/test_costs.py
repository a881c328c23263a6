import pytest

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.arms import Arm
from transferkit.planner.costs import CLOSED_FORM, Costs
from transferkit.training.schedule import steps_for

FULL = Arm("full < a", Full(epochs=4), (Source("zoo:digits-cnn"),), "scratch")
OTHER = Arm("full < b", Full(epochs=4), (Source("zoo:digits-cnn"),), "scratch")
PROBE = Arm("probe < a", LinearProbe(), (Source("zoo:digits-cnn"),), "scratch")


@pytest.fixture
def costs(tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> Costs:
    monkeypatch.setattr(Costs, "_seconds_a_step", lambda *_: 0.5)
    return Costs(tiny_target, Run())


def test_what_is_foretold_is_steps_times_the_cost_of_one(costs: Costs) -> None:
    assert costs.expected(FULL, FULL.method, 32) == pytest.approx(CLOSED_FORM + 0.5 * 4 * 2)
    assert costs.expected(PROBE, PROBE.method, 32) == CLOSED_FORM


def test_a_fit_that_was_made_is_believed_and_scaled_by_steps(costs: Costs) -> None:
    costs.learn(FULL, FULL.method, 32, 10.0)
    assert costs.expected(FULL, FULL.method, 32) == 10.0
    assert costs.expected(FULL, FULL.method, 64) == 20.0


def test_fits_correct_what_is_foretold_of_others(costs: Costs) -> None:
    before = costs.expected(OTHER, OTHER.method, 32)
    costs.learn(FULL, FULL.method, 32, 2 * before)
    assert costs.expected(OTHER, OTHER.method, 32) == pytest.approx(2 * before)


def test_the_first_batches_are_really_trained(tiny_target: Target) -> None:
    assert 0 < Costs(tiny_target, Run())._seconds_a_step(FULL, FULL.method) < 10


def test_a_schedule_counts_the_steps_the_loop_takes() -> None:
    assert steps_for(33, 16, 4, None) == 12
    assert steps_for(33, 16, 4, 2) == 6
    assert Full(epochs=4, batch_size=16).steps(33) == 12
