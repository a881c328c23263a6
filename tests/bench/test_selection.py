"""The committed oracle, and what is made of it."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bench.experiment import Outcome, find
from bench.oracle import rules
from bench.oracle.second_stage import ORDERS
from bench.oracle.table import problems
from transferkit.evaluate.forecast import RULE, SMALLEST, UNKNOWN_SIZE
from transferkit.ops.scores.score import find_scores


def test_the_library_keeps_the_rule_that_the_oracle_gives() -> None:
    table = problems(fewest_seeds=2)
    names = rules.chosen(table)
    made = rules.fitted(table, names)
    assert set(RULE.coefficients) == set(names)
    assert RULE.coefficients == pytest.approx(made.coefficients, abs=1e-4)
    kept = (RULE.intercept, RULE.spread, RULE.quantile, RULE.between)
    assert kept == pytest.approx((made.intercept, made.spread, made.quantile, made.between), abs=1e-4)


def test_the_oracle_is_as_large_as_its_readme_says() -> None:
    table, everything = problems(), problems(fewest_seeds=2)
    assert len(table) == len(everything) == 10
    assert {len(one.sources) for one in table} == {16}
    assert {len(one.sources) for one in everything} == {19}
    assert {one.accuracies.shape for one in table} == {(16, 5)}
    assert all(60 <= one.n_labels <= 120 for one in table)
    assert not any(np.isnan(one.accuracies).any() for one in table)


def test_sizes_the_library_knows_are_those_of_the_oracle() -> None:
    sizes = problems(fewest_seeds=2)[0].parameters
    assert sizes.min() == SMALLEST
    assert np.median(sizes) == UNKNOWN_SIZE


def test_every_score_in_the_table_is_one_there_is() -> None:
    assert set(problems()[0].scores) <= set(find_scores())


@cache
def measured(setting: str) -> Outcome:
    """It reads the committed tables only."""
    (experiment,) = [e for e in find() if e.full_name == f"selection/{setting}"]
    return experiment.run(Path("no data are needed"))


@pytest.mark.parametrize("setting", ["oracle", "all-sources"])
def test_the_ranking_is_far_better_than_facts_alone_and_no_worse_than_a_single_score(setting: str) -> None:
    outcome = measured(setting)
    figures = outcome.figures
    assert figures["regret_at_1"] < figures["static_regret_at_1"] / 5
    assert figures["regret_at_1"] < figures["leave_one_out_regret_at_1"]
    assert figures["likely_set_regret"] < 0.5
    assert 0.9 < figures["coverage"] < 0.99
    assert figures["one_seed_regret_at_1"] < figures["peeking_regret_at_1"] < figures["regret_at_1"]
    rule = outcome.details["rules"]["rule"]
    assert figures["regret_at_1"] == pytest.approx(np.mean(list(rule["regrets_at_1"].values())))
    assert (
        outcome.details["agreement_with_own_accuracy"]["with"]
        < outcome.details["agreement_with_own_accuracy"]["without"]
    )


def test_a_second_stage_is_not_worth_its_cost_as_the_page_on_ranking_says() -> None:
    outcome = measured("oracle")
    figures, tuned = outcome.figures, outcome.details["tuned"]
    assert figures["regret_at_1_tuned"] == tuned["4 epochs"]["combined"]["regret_at_1"]
    assert figures["regret_at_1_tuned_12_epochs"] == tuned["12 epochs"]["combined"]["regret_at_1"]
    for stage in tuned.values():
        lowest = min(stage[name]["regret_at_1"] for name in ORDERS)
        assert lowest > figures["regret_at_1"]
    assert 0.5 < figures["label_noise_regret_at_1_12_epochs"] < figures["regret_at_1"]


def test_no_other_rule_that_was_tried_is_better() -> None:
    outcome = measured("oracle")
    found = [one["regret_at_1"] for one in outcome.details["tried"].values()]
    assert min(found) == outcome.figures["tried_lowest_regret_at_1"]
    assert min(found) >= outcome.figures["regret_at_1"]
    assert outcome.figures["tried_rules"] == 30 + len(found)
