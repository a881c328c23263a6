"""The worker's side is a pure function of its job."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from transferkit.core.errors import Failed
from transferkit.core.method import Method, Needs
from transferkit.core.predictor import Predictor
from transferkit.core.run import NoCache, Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.planner.executor.contract import Job
from transferkit.planner.executor.parcel import packed
from transferkit.planner.executor.worker import fit_trial


def job(target: Target, **more: object) -> Job:
    return Job(
        **{
            "arm": "scratch",
            "method": Scratch(epochs=2),
            "sources": (Source("zoo:digits-cnn"),),
            "target": target,
            "phase": "try",
            "seed": 1,
            "cache": NoCache(),
        }
        | more
    )


@pytest.mark.parametrize("phase", ["try", "prove"])
def test_a_packed_target_gives_the_same_outcome(tiny_target: Target, phase: str) -> None:
    here = fit_trial(job(tiny_target, phase=phase))
    there = fit_trial(job(packed(tiny_target), phase=phase))
    assert here.result is not None
    assert there.result is not None
    assert (there.result.validation, there.result.validation_loss) == (
        here.result.validation,
        here.result.validation_loss,
    )
    assert there.result.per_item == here.result.per_item
    assert there.predictor == here.predictor
    assert (here.predictor is None) == (phase == "try")


def test_a_refit_that_was_cut_short_has_no_result_and_a_trial_has_what_it_reached(tiny_target: Target) -> None:
    endless = Scratch(epochs=100_000)
    assert fit_trial(job(tiny_target, method=endless, phase="prove", seconds=0.5)).result is None
    tried = fit_trial(job(tiny_target, method=endless, seconds=0.5)).result
    assert tried is not None
    assert tried.record["cut_short"]
    assert tried.seconds < 5


def test_a_trial_says_how_much_memory_was_held(tiny_target: Target) -> None:
    result = fit_trial(job(tiny_target)).result
    assert result is not None
    assert result.peak_bytes > 10_000_000


def test_no_time_at_all_is_no_result(tiny_target: Target) -> None:
    assert fit_trial(job(tiny_target, seconds=0.0)).result is None
    assert fit_trial(job(tiny_target, seconds=-3.0)).result is None


def test_a_refusal_is_a_result_and_a_mistake_of_ours_is_not_hidden(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise Failed("no room")

    monkeypatch.setattr(Scratch, "fit", refuses)
    result = fit_trial(job(tiny_target)).result
    assert result is not None
    assert (result.status, result.message) == ("failed", "no room")
    monkeypatch.setattr(Scratch, "fit", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fit_trial(job(tiny_target))


@dataclass(frozen=True, kw_only=True)
class Fails(Method):
    """Fails in a given way."""

    needs = Needs(models=(0, 1))
    how: str = "memory"

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        if self.how == "memory":
            np.empty(2**55)
        if self.how == "torch":
            torch.empty(2**55)
        raise RuntimeError("a mistake of ours")


@pytest.mark.parametrize("how", ["memory", "torch"])
def test_a_lack_of_memory_is_the_failure_of_one_arm(tiny_target: Target, how: str) -> None:
    result = fit_trial(job(tiny_target, method=Fails(how=how))).result
    assert result is not None
    assert result.status == "failed"
    assert "more memory than there is" in result.message


def test_a_mistake_of_ours_is_not_hidden(tiny_target: Target) -> None:
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        fit_trial(job(tiny_target, method=Fails(how="other")))
