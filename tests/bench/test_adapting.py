"""Pairs of domains, worlds without a shift, and the counting of right and wrong verdicts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.adapting import outcome
from bench.domain_pairs import Domain, Drawn, Pair
from bench.experiment import named
from bench.shifted import NO_SHIFT, SHIFTS, world
from transferkit.evaluate.summary import Gain

SETTING = {"draws": 2, "methods": ["recolouring", "kmm"], "usual": ["recolouring"]}


def blobs(seed: int) -> Drawn:
    """Three classes; the target is moved aside."""
    draw = np.random.default_rng(seed)

    def of(n: int, moved: float) -> Domain:
        classes = np.arange(n) % 3
        items = 4 * np.eye(4)[classes] + draw.normal(size=(n, 4)) + moved
        return Domain(items.astype(np.float32), tuple(f"class {c}" for c in classes))

    return Drawn(f"blobs-{seed}", of(90, 0.0), of(60, 3.0), of(50, 3.0))


@pytest.fixture(scope="module")
def found():
    return outcome([Pair("blobs", blobs)], SETTING)


def test_a_mean_that_moved_is_moved_back(found):
    assert found.figures["recolouring"] > found.figures["source_probe"] + 10
    assert found.figures["target_only"] > 90


def test_regret_is_what_the_choice_lost_beside_the_best_method(found):
    rows, choices = found.details["rows"]["blobs"], found.details["choices"]["blobs"]
    assert {one["automatic"] for one in choices} <= {"source_probe", *SETTING["methods"]}
    assert found.figures["regret_source_probe"] == pytest.approx(
        found.figures["regret"] + rows["automatic"]["accuracy"] - rows["source_probe"]["accuracy"]
    )


def test_a_world_without_a_shift_has_one_distribution():
    made = world(NO_SHIFT, 3, n_unseen=4000)
    source, target = made.parts["learned"][0], made.parts["unseen"][0]
    reach = 5 * target.std(dim=0) / len(source) ** 0.5
    assert bool(((source.mean(dim=0) - target.mean(dim=0)).abs() < reach).all())


@pytest.mark.parametrize("shift", SHIFTS)
def test_more_unseen_items_leave_the_rest_of_a_world_as_it_is(shift):
    few, many = world(shift, 1), world(shift, 1, n_unseen=2000)
    assert len(many.parts["unseen"][0]) == 2000
    for part in ("learned", "held_out", "target"):
        assert torch.equal(few.parts[part][0], many.parts[part][0])


def test_shares_of_verdicts_count_only_the_cases_they_speak_of():
    (experiment,) = named("honesty")
    code = experiment.load().__globals__

    def claim(truth: float, word: str, mean: float):
        gain = Gain(mean, mean - 0.1, mean + 0.1, 0.95, 5, 100, 0.2)
        return code["Claim"]("none", "each", "kmm", 100, truth, gain, word)

    said = code["_said"](
        [
            claim(-0.02, "helps", 0.12),
            claim(-0.02, "hurts", -0.15),
            claim(0.05, "undecided", 0.05),
            claim(0.0, "undecided", 0),
        ]
    )
    assert said["false_helps"] == 0.5
    assert said["false_helps_clear"] == 0.5
    assert said["false_hurts"] == 0
    assert said["cases_that_hurt"] == said["cases_that_help"] == 1
    assert said["coverage"] == 0.5  # 0.12 and -0.15 are both too far off
    assert said["bias"] == pytest.approx(100 * (0.14 - 0.13) / 4)
