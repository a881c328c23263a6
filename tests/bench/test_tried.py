import numpy as np
import pytest
from scipy import linalg, stats
from scipy.special import expit

from bench.oracle import rules, tried
from bench.oracle.table import Problem, problems

NAMES = tuple(f"{kind}-{i}" for kind in ("small", "mobilenet", "cifar-resnet20", "cifar-resnet56") for i in range(4))
N_SOURCES = len(NAMES)


def world(n_targets=6, gift=0.0, n_labels=100, seed=0):
    """Targets whose truth follows the readers in logits; the first source always reaches `gift` more than it looks."""
    generator = np.random.default_rng(seed)
    found = []
    for t in range(n_targets):
        ability = generator.normal(0.5, 0.8, N_SOURCES)
        share = np.round(n_labels * expit(ability)) / n_labels
        extra = np.where(np.arange(N_SOURCES) == 0, gift, 0.0)
        truth = expit(ability + generator.normal() + extra + generator.normal(0, 0.05, N_SOURCES))
        found.append(
            Problem(
                target=f"target {t}",
                sources=NAMES,
                accuracies=truth[:, None],
                scores=dict.fromkeys(rules.SHARES, share) | {"logme": share},
                n_labels=n_labels,
                n_classes=4,
                parameters=generator.integers(80_000, 3_000_000, N_SOURCES),
                own_accuracy=np.full(N_SOURCES, np.nan),
            )
        )
    return found


def test_random_effects_solve_hendersons_equations():
    """Which penalise the effects of the kinds by the reciprocal of their ratio, and nothing else."""
    generator = np.random.default_rng(0)
    fixed, member = generator.normal(size=(40, 3)), np.eye(5)[generator.integers(0, 5, 40)]
    wanted = generator.normal(size=40)
    _, _, slopes, weighed = tried._restricted(wanted, fixed, [member], [0.4])
    both = np.hstack([fixed, member])
    penalty = np.diag([0.0] * 3 + [1 / 0.4] * 5)
    expected = np.linalg.solve(both.T @ both + penalty, both.T @ wanted)
    assert slopes == pytest.approx(expected[:3])
    assert 0.4 * member.T @ weighed == pytest.approx(expected[3:])


def test_the_restricted_likelihood_is_that_of_what_the_fixed_effects_do_not_touch():
    generator = np.random.default_rng(1)
    fixed, member = generator.normal(size=(30, 4)), np.eye(6)[generator.integers(0, 6, 30)]
    wanted = generator.normal(size=30)
    contrasts = linalg.null_space(fixed.T)  # (30, 26)
    gaps = []
    for ratio in (0.0, 0.3, 2.0):
        covariance = contrasts.T @ (np.eye(30) + ratio * member @ member.T) @ contrasts
        seen = contrasts.T @ wanted
        scale = seen @ np.linalg.solve(covariance, seen) / 26
        density = stats.multivariate_normal.logpdf(seen, np.zeros(26), scale * covariance)
        gaps.append(tried._restricted(wanted, fixed, [member], [ratio])[0] - density)
    assert gaps == pytest.approx([gaps[0]] * 3)


def test_experience_with_a_source_puts_it_up_by_what_it_has_given_elsewhere():
    *others, one = world(gift=2.0)
    plain, experienced = (
        tried.mixed(others, one, ("readers", "size"), kinds) - rules.logits_of(one) for kinds in ((), (tried.itself,))
    )
    missed = plain[1:].mean() - plain[0], experienced[1:].mean() - experienced[0]
    assert missed[0] == pytest.approx(2.0, abs=0.3)
    assert abs(missed[1]) < 0.3


def test_a_source_nobody_has_met_is_judged_by_its_terms_alone():
    *others, one = world(gift=2.0)
    renamed = one.__class__(**{**vars(one), "sources": tuple(f"new {i}" for i in range(N_SOURCES))})
    found = tried.mixed(others, renamed, ("readers", "size"), (tried.itself,))
    known = tried.mixed(others, one, ("readers", "size"), (tried.itself,))
    lent = known - found - (known - found)[1:].mean()
    assert lent[0] == pytest.approx(2.0, abs=0.3)
    assert lent[1:] == pytest.approx(0, abs=0.1)


def test_with_very_many_labels_evidence_is_not_shrunk():
    *others, one = world(n_labels=10**8)
    plain = tried.mixed(others, one, ("readers", "size"), ())
    shrunk = tried.weight_of_evidence(others, one)
    assert shrunk - shrunk.mean() == pytest.approx(plain - plain.mean(), abs=1e-4)


@pytest.mark.parametrize("name", tried.TRIED)
def test_every_rule_finds_the_order_where_the_readers_see_it(name):
    *others, one = world()
    found = tried.TRIED[name](others, one)
    assert stats.kendalltau(found, one.truth).statistic > 0.8


@pytest.mark.parametrize("name", tried.TRIED)
def test_no_rule_sees_the_truth_of_the_target_it_orders(name):
    table = world()
    first = table[0]
    lied = first.__class__(**{**vars(first), "accuracies": 1 - first.accuracies})
    before, after = (tried.TRIED[name](table[1:], one) for one in (first, lied))
    assert before.tolist() == after.tolist()


def test_the_probe_that_peeks_has_a_value_for_every_source():
    table = problems()
    assert all(not np.isnan(found).any() for found in tried.peeking(table))


def test_one_seed_is_judged_by_the_others():
    (one,) = world(1)
    first, second = np.zeros(N_SOURCES), np.zeros(N_SOURCES)
    first[0], second[:2] = (
        0.9,
        (0.5, 0.6),
    )  # picks the first, which the other seed puts 0.1 behind; and the second, 0.9 behind
    table = [one.__class__(**{**vars(one), "accuracies": np.stack([first, second], axis=1)})]
    assert tried.regrets_of_one_seed(table) == [pytest.approx((0.1 + 0.9) / 2)]
