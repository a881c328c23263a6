from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from bench.oracle import second_stage
from bench.oracle.briefly import cross_fitted, likely, likely_sets
from bench.oracle.second_stage import Stage, stages
from bench.oracle.table import Problem, problems
from transferkit.core.errors import Failed
from transferkit.core.run import Run
from transferkit.core.task import Predictions

N_SOURCES = 6


def stage(truth, first, right, seconds=1.0):
    """A target of which every source but the last is likely."""
    truth, right = np.asarray(truth, float), np.asarray(right)
    problem = Problem(
        target="t",
        sources=tuple(f"s{i}" for i in range(len(truth))),
        accuracies=truth[:, None],
        scores={},
        n_labels=right.shape[1],
        n_classes=2,
        parameters=np.ones(len(truth)),
        own_accuracy=np.full(len(truth), np.nan),
    )
    return Stage(problem, list(range(len(right))), np.asarray(first, float), right, right * 0.8 + 0.1, seconds)


def drawn(seed, exact_first, n_labels=4000):
    """One of the two stages sees the truth (tuning up to the noise of many labels), the other one nothing."""
    generator = np.random.default_rng(seed)
    ability = generator.normal(0, 1, N_SOURCES)
    nonsense = generator.normal(0, 1, N_SOURCES)
    tuned = expit(nonsense if exact_first else ability)[:-1]
    right = generator.random((N_SOURCES - 1, n_labels)) < tuned[:, None]
    return stage(expit(ability), ability if exact_first else nonsense, right.astype(int))


@pytest.mark.parametrize("exact_first", [True, False])
def test_the_combination_trusts_the_stage_that_was_right_elsewhere(exact_first):
    one, *others = [drawn(seed, exact_first) for seed in range(6)]
    found = second_stage.combined(one, others)
    assert stats.kendalltau(found, one.problem.truth[one.chosen]).statistic > 0.9


def test_weights_are_the_inverse_square_errors_of_the_other_targets():
    right = [[1, 1, 1, 0], [1, 0, 0, 0]]
    other = stage([0.6, 0.6, 0.1], [1.0, -1.0, 0.0], right)  # first errs by -1 and 1, tuning by -log 7/3 and log 7/3
    errors = 2.0, 2 * np.log(7 / 3) ** 2
    one = stage([0.5, 0.5, 0.1], [0.2, 0.4, 0.0], right)
    tuned = np.log([3.5 / 1.5, 1.5 / 3.5])
    expected = (np.array([0.2, 0.4]) / errors[0] + tuned / errors[1]) / (1 / errors[0] + 1 / errors[1])
    assert second_stage.combined(one, [other]) == pytest.approx(expected)


def test_equal_accuracies_keep_the_order_of_the_first_stage():
    one = stage([0.5, 0.5, 0.5, 0.1], [0.1, 0.3, 0.2, 9.0], [[1, 0, 1], [1, 1, 0], [0, 1, 1]])
    assert np.argsort(-second_stage.by_accuracy(one, [])).tolist() == [1, 2, 0]


def test_what_was_not_tuned_stays_behind_in_the_order_of_the_first_stage():
    one = stage([0.5] * 4, [0.1, 0.3, 8.0, 9.0], [[0, 0], [1, 0]])
    (found,) = second_stage.values([one], "accuracy")
    assert np.argsort(-found).tolist() == [1, 0, 3, 2]


def test_label_noise_costs_the_gap_times_the_chance_to_be_misled():
    generator = np.random.default_rng(0)
    right = (generator.random((2, 400)) < 0.7).astype(int)
    one = stage([0.72, 0.70, 0.1], [0.0, 0.0, 0.0], right)
    deviation = np.std(right[0] - right[1]) / 20
    expected = 0.02 * stats.norm.sf(0.02 / deviation)
    assert second_stage.regret_of_label_noise([one]) == pytest.approx([expected], abs=0.001)
    assert second_stage.regret_of_label_noise([replace(one, right=np.ones((2, 50), int))]) == [0.0]


def test_the_table_holds_every_likely_source_with_an_answer_for_each_label():
    table = problems()
    for epochs in (4, 12):
        made = stages(table, epochs)
        assert [one.chosen for one in made] == likely_sets(table)
        assert all(one.right.shape == one.sure.shape == (len(one.chosen), one.problem.n_labels) for one in made)
        assert 0.6 < np.mean([one.right.mean() for one in made]) < 1
        assert 0 < second_stage.cost_share(made) < 1


def test_a_likely_source_that_was_not_tuned_is_named(tmp_path):
    (tmp_path / second_stage.FILE).write_text("target,source,epochs,folds,seconds,right,sure\n")
    with pytest.raises(Failed, match=r"briefly_tuned\.csv has no row for .* on .*; run bench\.oracle\.briefly again"):
        stages(problems(), 4, tmp_path)


def test_likely_positions_are_the_fewest_with_a_joint_chance_of_nine_tenths():
    assert likely(np.array([0.1, 0.55, 0.0, 0.35])) == [1, 3]
    assert likely(np.array([1.0])) == [0]


class _Recorder:
    """A method that is sure of the label it has seen most, and remembers what it was given."""

    name = "recorder"

    def __init__(self):
        self.parts = []

    def fit(self, sources, target, run):
        self.learned = set(target.train.ids)
        self.classes = target.task.describe()["classes"]
        assert len(target.validation) == 0
        return self

    def judge(self, data, run):
        self.parts.append((self.learned, tuple(data.ids)))
        scores = np.tile(np.arange(len(self.classes)) == 0, (len(data), 1)) * 0.9 + 0.05
        return Predictions((self.classes[0],) * len(data), scores)


def test_every_label_is_judged_once_by_what_was_fitted_without_it(tiny_target):
    method, whole = _Recorder(), tiny_target.whole()
    right, sure = cross_fitted(None, whole, method, 3, Run())
    assert all(learned.isdisjoint(judged) for learned, judged in method.parts)
    assert sorted(i for _, judged in method.parts for i in judged) == sorted(whole.train.ids)
    first = np.array(whole.train.labels) == method.classes[0]
    assert right.tolist() == first.astype(int).tolist()
    assert sure == pytest.approx(np.where(first, 0.95, 0.05))


def test_the_lead_on_the_labels_is_paired_by_item():
    one = stage([0.5, 0.7, 0.1], [0.0, 0.0, 0.0], [[1, 1, 1, 0], [1, 0, 0, 0]])
    error = stats.sem([0, 1, 1, 0])
    assert second_stage.leads([one]) == {
        "t": {"on_labels": 0.5, "standard_error": pytest.approx(error), "on_test": pytest.approx(-0.2)}
    }
