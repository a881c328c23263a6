"""Choosing among models of numbers without target labels."""

import numpy as np
import pytest

from transferkit.evaluate.label_free_numbers import SHARE, BothDomains, NumbersCandidate, choose_numbers
from transferkit.ops.label_free.density_ratio import density_ratio
from transferkit.ops.label_free.joint_surplus import joint_surpluses

DRAW = np.random.default_rng(0)
SOURCE, TARGET, HELD = (
    DRAW.normal(size=(60, 2)),
    DRAW.normal(size=(50, 2)) + np.array([4, 0]),
    DRAW.normal(size=(30, 2)),
)
DOMAINS = BothDomains(
    source_features=SOURCE,
    source_labels=SOURCE.sum(1),
    target_features=TARGET,
    held_features=HELD,
    held_labels=HELD.sum(1),
)
TRUTH = TARGET.sum(1) - 4
"""The first feature reads 4 more in the target."""


def said(arm: str, off: float, noise: float = 0.3, is_baseline: bool = False) -> NumbersCandidate:
    draw = np.random.default_rng(len(arm))
    return NumbersCandidate(arm, TRUTH + off + noise * draw.normal(size=50), HELD.sum(1) + noise, is_baseline)


def test_a_model_that_source_and_target_can_agree_on_is_chosen() -> None:
    choice = choose_numbers([said("source_probe", 4, is_baseline=True), said("tca", 1), said("jdot", 0)], DOMAINS)
    assert choice.chosen == 2
    assert [row.arm for row in choice.rows] == ["jdot", "tca", "source_probe"]
    assert "jdot is chosen without target labels" in choice.reason


def test_the_baseline_is_kept_where_another_is_better_by_less_than_enough() -> None:
    choice = choose_numbers([said("source_probe", 1.5, is_baseline=True), said("tca", 1)], DOMAINS)
    assert choice.chosen == 0
    assert choice.rows[0].arm == "source_probe"
    assert choice.rows[0].combined < choice.rows[1].combined
    assert "not by enough" in choice.reason


def test_of_equals_the_baseline_is_kept() -> None:
    same = [said("a", 1), said("a", 1, is_baseline=True), said("a", 1)]
    choice = choose_numbers(same, DOMAINS)
    assert choice.chosen == 1
    assert "none agrees better" in choice.reason


def test_agreement_and_the_other_scores_are_what_they_are_said_to_be() -> None:
    candidates = [said("source_probe", 4, is_baseline=True), said("jdot", 0)]
    table = np.stack([one.target for one in candidates])
    surplus = joint_surpluses(SOURCE, SOURCE.sum(1), TARGET, table)
    errors = np.full(30, 0.3**2) / SOURCE.sum(1).var()
    weights = density_ratio(HELD, TARGET)
    for row in choose_numbers(candidates, DOMAINS).rows:
        assert row.combined == pytest.approx(1 / (1 + surplus[row.position]))
        assert row.scores["joint_agreement"] == row.combined
        assert row.scores["source_r2"] == pytest.approx(1 - errors.mean())
        assert row.scores["importance_weighted_r2"] == pytest.approx(1 - np.average(errors, weights=weights))
    assert surplus[1] < SHARE * surplus[0]


def test_without_held_out_items_the_choice_is_the_same() -> None:
    none = BothDomains(**{**vars(DOMAINS), "held_features": HELD[:0], "held_labels": HELD[:0, 0]})
    bare = [NumbersCandidate(n, said(n, off).target, np.zeros(0), n == "base") for n, off in (("base", 4), ("jdot", 0))]
    choice = choose_numbers(bare, none)
    assert choice.chosen == 1
    assert set(choice.alone) == {"joint_agreement"}


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        NumbersCandidate("jdot", np.array([1.0, np.nan]), np.zeros(0))
    with pytest.raises(ValueError, match="exactly one"):
        choose_numbers([said("tca", 1)], DOMAINS)
