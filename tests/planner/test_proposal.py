from dataclasses import replace

import pytest

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.evaluate.summary import RankedSource
from transferkit.methods.finetune.full import Full
from transferkit.planner.costs import Costs
from transferkit.planner.proposal import MOST_PROMISING, propose
from transferkit.planner.ranking import Ranking
from transferkit.planner.wishes import Wishes

NAMES = ("zoo:digits-cnn", "zoo:letters-cnn", "zoo:clothes-cnn", "zoo:objects-cnn", "zoo:shuffled-cnn")


def row(name: str, low: float, high: float, chance: float = 0.2) -> RankedSource:
    return RankedSource(name, (low + high) / 2, low, high, {}, above_floor=True, chance=chance)


def proposed(target: Target, rows: list[RankedSource], wishes: Wishes | None = None, left: float = float("inf")):  # type: ignore[no-untyped-def]
    sources = [Source(r.name) for r in rows]
    return propose(Ranking(tuple(rows)), sources, target, Costs(target, Run()), wishes or Wishes(), left)


def test_only_sources_that_may_well_be_the_best_are_trained_on(tiny_target: Target) -> None:
    chances = (0.6, 0.01, 0.3, 0.02, 0.07)
    rows = [row(name, 0.5, 0.9, chance) for name, chance in zip(NAMES, chances, strict=True)]
    rows[4] = replace(rows[4], above_floor=False)
    proposal = proposed(tiny_target, rows)
    names = {arm.name for arm in proposal.arms}
    assert {f"linear_probe < {name}" for name in NAMES} <= names
    assert {name for name in names if name.startswith("full")} == {f"full < {NAMES[i]}" for i in (0, 1, 2)}
    why = {one.name: one.reason for one in proposal.dropped}
    assert why[f"full < {NAMES[3]}"] == "a chance of 2 % to be the best source"
    assert "random" in why[f"full < {NAMES[4]}"]


def test_no_more_sources_are_trained_on_than_pays(tiny_target: Target) -> None:
    proposal = proposed(tiny_target, [row(name, 0.8, 0.9) for name in NAMES])
    assert sum(isinstance(arm.method, Full) for arm in proposal.arms) == MOST_PROMISING


def test_a_person_adds_drops_and_pins(tiny_target: Target) -> None:
    spans = [(0.9, 1.0), (0.8, 0.95), (0.1, 0.2)]
    chances = (0.6, 0.39, 0.01)
    rows = [row(name, *span, chance) for name, span, chance in zip(NAMES[:3], spans, chances, strict=True)]
    wishes = Wishes(add=(f"full:epochs=3 < {NAMES[0]}",), drop=(f"full < {NAMES[1]}",), pin=(f"full < {NAMES[2]}",))
    proposal = proposed(tiny_target, rows, wishes)
    arms = {arm.name: arm for arm in proposal.arms}
    assert f"full:epochs=3 < {NAMES[0]}" in arms
    assert f"full < {NAMES[1]}" not in arms
    assert arms[f"full < {NAMES[2]}"].pinned
    assert ("you dropped it") in {one.reason for one in proposal.dropped}


def test_what_the_budget_cannot_prove_is_dropped_with_its_price(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Costs, "_seconds_a_step", lambda *_: 1.0)  # a second a step: minutes a fit
    monkeypatch.setattr("transferkit.methods.baseline.scratch.Scratch.steps", lambda *_: 1)
    proposal = proposed(tiny_target, [row(name, 0.8, 0.9) for name in NAMES[:2]], left=30.0)
    assert not [arm for arm in proposal.arms if isinstance(arm.method, Full)]
    assert {"30 s of the budget" in one.reason for one in proposal.dropped} == {True}


def test_the_cheapest_pair_stays_however_small_the_budget(tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Costs, "_seconds_a_step", lambda *_: 1.0)
    proposal = proposed(tiny_target, [row(NAMES[0], 0.8, 0.9)], left=1.0)
    assert [arm.name for arm in proposal.arms if arm.baseline] == [f"linear_probe < {NAMES[0]}"]
    assert "scratch" in {arm.name for arm in proposal.arms}


def test_an_added_arm_can_be_pinned_as_it_was_spelled_and_is_not_listed_as_dropped(tiny_target: Target) -> None:
    rows = [row(NAMES[0], 0.8, 0.9, 0.6), row(NAMES[1], 0.8, 0.9, 0.39), row(NAMES[2], 0.1, 0.2, 0.01)]
    wishes = Wishes(add=(f"full < {NAMES[2]}", f"full:epochs=2 < {NAMES[0]}"), pin=("full:epochs=2 < *",))
    proposal = proposed(tiny_target, rows, wishes)
    arms = {arm.name: arm for arm in proposal.arms}
    assert arms[f"full:epochs=2 < {NAMES[0]}"].pinned
    assert f"full < {NAMES[2]}" in arms
    assert f"full < {NAMES[2]}" not in {one.name for one in proposal.dropped}
