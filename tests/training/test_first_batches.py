import time

import pytest
import torch

from transferkit.core.errors import BudgetSpent
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.training import first_batches
from transferkit.training.body import Body
from transferkit.training.first_batches import seconds_a_step
from transferkit.training.model import Model


@pytest.fixture(scope="module")
def body(tiny_target: Target) -> Body:
    return Body.pretrained(Source("zoo:digits-cnn"), tiny_target)


def test_real_steps_are_timed_where_there_is_time(
    body: Body, tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(first_batches, "train", lambda *given: made.append(time.sleep(0.05)))
    assert 0.05 <= seconds_a_step(body, tiny_target, 16, Run()) < 0.2
    assert len(made) == 1 + first_batches.STEPS


def test_a_long_step_is_timed_once(body: Body, tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(first_batches, "ENOUGH", 0.01)
    monkeypatch.setattr(first_batches, "train", lambda *given: made.append(time.sleep(0.02)))
    assert seconds_a_step(body, tiny_target, 16, Run()) >= 0.02
    assert len(made) == 2


def test_with_little_time_a_step_is_guessed_from_one_pass(
    body: Body, tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = seconds_a_step(body, tiny_target, 16, Run())
    monkeypatch.setattr(first_batches, "train", lambda *given: pytest.fail("steps were trained"))
    monkeypatch.setattr(first_batches, "WORTH", 0.0)
    guessed = seconds_a_step(body, tiny_target, 16, Run(deadline=time.monotonic() + 60))
    assert 0 < guessed < 30 * measured  # a small network spends more on its optimizer than on any pass


def test_a_pass_has_as_many_cores_as_a_step(body: Body, tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is small: its steps have one core, and so has the pass that they are guessed from."""
    threads, before = [], torch.get_num_threads()
    features = Model.features

    def counted(model: Model, *given: object) -> object:
        threads.append(torch.get_num_threads())
        return features(model, *given)

    monkeypatch.setattr(Model, "features", counted)
    monkeypatch.setattr(first_batches, "WORTH", 0.0)
    torch.set_num_threads(2)
    try:
        seconds_a_step(body, tiny_target, 16, Run(deadline=time.monotonic() + 60))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert threads
    assert set(threads) == {1}


def test_no_time_at_all_is_said(body: Body, tiny_target: Target) -> None:
    with pytest.raises(BudgetSpent):
        seconds_a_step(body, tiny_target, 16, Run(deadline=time.monotonic() - 1))
