import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LinearRegression

from bench.oracle import rules
from bench.oracle.table import Problem
from transferkit.evaluate.forecast import UNKNOWN_SIZE, terms

N_LABELS = 100


def world(n_targets=10, n_sources=15, between=0.3, common=0.3, seed=0, useful="lda"):
    """Targets whose truth follows one reader in logits, with a shift for each target and each source."""
    generator = np.random.default_rng(seed)
    found = []
    for t in range(n_targets):
        ability = generator.normal(1.0, 1.2, n_sources)
        drawn = {name: generator.binomial(N_LABELS, expit(ability)) / N_LABELS for name in rules.SHARES}
        noise = {name: generator.random(n_sources) for name in rules.SHARES if name != useful}
        sizes = UNKNOWN_SIZE * 10 ** generator.uniform(-0.4, 0.8, n_sources)
        truth = expit(0.3 + 0.9 * ability + generator.normal(0, common) + generator.normal(0, between, n_sources))
        found.append(
            Problem(
                target=f"target {t}",
                sources=tuple(f"source {s}" for s in range(n_sources)),
                accuracies=truth[:, None],
                scores={useful: drawn[useful], **noise},
                n_labels=N_LABELS,
                n_classes=5,
                parameters=sizes,
                own_accuracy=np.full(n_sources, np.nan),
            )
        )
    return found


def test_the_line_is_least_squares_on_the_mean_of_the_readers():
    problems = world(3)
    names = ("lda", "knn", "size")
    seen = [terms(p.scores, N_LABELS, p.parameters.tolist()) for p in problems]
    design = np.concatenate([np.column_stack([(one["lda"] + one["knn"]) / 2, one["size"]]) for one in seen])
    wanted = np.concatenate([logit((1000 * p.truth + 0.5) / 1001) for p in problems])
    theirs = LinearRegression().fit(design, wanted)
    ours = rules.fitted(problems, names)
    assert ours.intercept == pytest.approx(theirs.intercept_)
    assert ours.coefficients == pytest.approx(
        {"lda": theirs.coef_[0] / 2, "knn": theirs.coef_[0] / 2, "size": theirs.coef_[1]}
    )


def test_a_target_is_judged_without_its_own_results():
    problems = world(4)
    before = rules.left_out(problems, ("lda",))[0].forecast.middle
    changed = problems[0].__class__(**{**vars(problems[0]), "accuracies": 1 - problems[0].accuracies})
    after = rules.left_out([changed, *problems[1:]], ("lda",))[0].forecast.middle
    assert after == pytest.approx(before)
    names, judged = rules.nested([changed, *problems[1:]])[0]
    assert names == rules.chosen(problems[1:])
    assert judged.rule == rules.fitted(problems[1:], names)


def test_the_useful_reader_is_chosen_from_the_family():
    assert "lda" in rules.chosen(world())
    assert "knn" in rules.chosen(world(useful="knn"))


def test_intervals_of_unseen_targets_hold_about_what_they_promise():
    covered = [judged.covered for seed in range(8) for judged in rules.left_out(world(seed=seed), ("lda",))]
    assert 0.92 < np.mean(covered) < 0.98


def test_chances_of_unseen_targets_come_true_as_often_as_they_say():
    """Brier's decomposition in one line: the mean chance of the pick is the share of picks that were the best."""
    hits, said = [], []
    for seed in range(12):
        for judged in rules.left_out(world(seed=seed, common=0.8), ("lda",)):
            chance = judged.forecast.chance
            said.append(chance.max())
            hits.append(chance.argmax() == judged.problem.truth.argmax())
    assert np.mean(said) == pytest.approx(np.mean(hits), abs=0.1)


def test_what_targets_share_is_in_the_spread_and_not_between_sources():
    rule = rules.fitted(world(30, common=1.0, between=0.2), ("lda",))
    assert rule.spread > 0.8
    assert rule.between < 0.4
