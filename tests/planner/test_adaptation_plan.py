"""Plans for targets without labels to learn from."""

from typing import Any

import numpy as np
import pytest

import transferkit as tk
from transferkit.core.errors import WrongUse
from transferkit.core.run import NoCache
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.planner.adaptation_plan import DomainPlan
from transferkit.sources.memory import source_of


def _rows(n: int, seed: int, shift: float = 0.0) -> tuple[list[dict[str, float]], list[str]]:
    draw = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    values = draw.normal(size=(n, 2)) * [0.5, 2.0] + np.c_[2.0 * classes, np.zeros(n)] + shift
    return [{"a": float(a), "b": float(b)} for a, b in values], [f"class {c}" for c in classes]


@pytest.fixture(name="source", scope="module")
def _source() -> Source:
    return source_of(*_rows(120, 0), name="old to plan from")


def _planned(sources: list[Any], target: Target, **more: Any) -> DomainPlan:
    found = tk.plan(sources, target, cache=NoCache(), **more)
    assert isinstance(found, DomainPlan)
    return found


def _target(seed: int = 1) -> Target:
    return Target.of(*_rows(160, seed, shift=3.0), name="new")


def test_the_plan_lists_the_arms_that_transfer_begins_with(source: Source) -> None:
    plan = _planned([source], _target(), target_labels="evidence")
    study = tk.transfer([source], _target(), target_labels="evidence", cache=NoCache(), seeds=1, budget="2 trials")
    assert [arm.name for arm in plan.arms] == [arm.name for arm in study.summary.arms]


def test_what_is_not_tried_is_told_with_its_reason(source: Source) -> None:
    plan = _planned([source], _target(), target_labels="evidence")
    reasons = {name: one.reason for one in plan.dropped for name in one.name.split(", ")}
    assert "needs some labels of the target" in reasons["tradaboost"]
    assert "only where you name it" in reasons["mmd"]
    tried = {arm.name.partition(" < ")[0] for arm in plan.arms}
    assert not tried & reasons.keys()


def test_networks_cost_by_their_steps_and_closed_forms_next_to_nothing(source: Source) -> None:
    plan = _planned([source], _target(), target_labels="evidence")
    seconds = {arm.name.partition(" < ")[0]: arm.seconds for arm in plan.arms}
    assert seconds["recolouring"] < seconds["source_only"] < seconds["mcc"]
    assert plan.trying == pytest.approx(sum(seconds.values()))
    assert plan.proving > 0


def test_without_labels_there_is_no_proof_and_the_plan_says_what_is_said_instead(source: Source) -> None:
    plan = _planned([source], _unlabelled(source))
    assert not plan.is_proven
    assert plan.proving == 0.0
    said = str(plan)
    assert "Then no verdict" in said
    assert "30 items are named" in said
    assert "Proxy A-distance 1." in said
    assert plan.as_dict()["distance"] == plan.distance


def _unlabelled(source: Source) -> Target:
    from transferkit.core.beside import with_few_labels
    from transferkit.core.format import Reading
    from transferkit.core.recognise import recognise_in_memory

    kind, examples = recognise_in_memory(_rows(60, 1, shift=3.0)[0], None)
    return with_few_labels("new", Reading(kind, examples.take([]), examples), source.data(), "")


def test_a_task_of_numbers_is_chosen_by_its_own_scores() -> None:
    from transferkit.planner.unlabelled_choice import label_free_terms

    rows, _ = _rows(160, 1, shift=1.0)
    old = source_of(_rows(160, 0)[0], [row["a"] + 0.37 for row in _rows(160, 0)[0]], name="numbers to plan from")
    plan = _planned([old], Target.of(rows, [row["a"] + 0.37 for row in rows], name="new"), target_labels="evidence")
    assert plan.profile.task == "regress"
    assert plan.chosen_by == label_free_terms(old.data().task)
    assert plan.classes == ()


def test_a_budget_that_does_not_reach_is_foretold(source: Source) -> None:
    plan = _planned([source], _target(), target_labels="evidence", budget="1s")
    assert not plan.within
    assert "more than the budget of 1s gives" in str(plan)
    assert _planned([source], _target(), target_labels="evidence", budget="2h").within
    assert not _planned([source], _target(), target_labels="evidence", budget="5 trials").within


def test_what_transfer_would_refuse_the_plan_refuses(source: Source) -> None:
    colours = source_of(_rows(60, 3)[0], ["red", "blue"] * 30, name="colours to plan")
    with pytest.raises(WrongUse, match="share no class"):
        _planned([colours], _target(), target_labels="evidence")
    with pytest.raises(WrongUse, match="auto, evidence, learn"):
        _planned([source], _target(), target_labels="all")
