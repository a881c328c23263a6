import numpy as np
import pytest
from scipy.special import softmax

from transferkit.evaluate.label_free import MARGIN, Candidate, choose, regret, scored
from transferkit.ops.label_free.batch_nuclear_norm import batch_nuclear_norm
from transferkit.ops.label_free.class_clustering import class_clustering
from transferkit.ops.label_free.consensus import consensus
from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import find_label_free_scores

CLASSES = np.arange(60) % 3
CHEAP = ("entropy", "information_maximisation", "soft_neighbourhood_density")


def model(right=0.8, sure=4.0, seed=0, says=None):
    """A model that gives a share of 60 target items its true class and the rest another; its features say what it says."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(60)
    classes = np.where(order < round(right * 60), CLASSES, (CLASSES + draw.integers(1, 3, 60)) % 3)
    classes = classes if says is None else np.full(60, says)
    logits = sure * np.eye(3)[classes] + 0.3 * draw.normal(size=(60, 3))
    truth = np.eye(3)[CLASSES] * 3 + np.random.default_rng(99).normal(size=(60, 3))
    return Judged(target_probabilities=softmax(logits, axis=1), target_features=truth)


def candidates(*better, baseline=None):
    rest = [Candidate(arm, judged, epoch) for arm, judged, epoch in better]
    return [Candidate("source_only", baseline or model(0.6), is_baseline=True), *rest]


def test_a_better_model_is_chosen_over_the_baseline():
    choice = choose(candidates(("mmd", model(0.95, seed=1), 3), ("dann", model(0.9, seed=2), 2)), names=CHEAP)
    assert choice.chosen == 1
    assert "mmd after epoch 3 is chosen" in choice.reason
    assert choice.rows[0].position == 1
    assert choice.rows[0].combined - choice.rows[-1].combined > MARGIN


def with_source(judged, right=0.9):
    """The same, with 40 held-out source items of which a share is right."""
    labels = np.arange(40) % 3
    table = softmax(4 * np.eye(3)[np.where(np.arange(40) < right * 40, labels, (labels + 1) % 3)], axis=1)
    return Judged(
        target_probabilities=judged.target_probabilities, target_features=judged.target_features,
        source_probabilities=table, source_labels=labels, source_features=np.eye(3)[labels],
    )  # fmt: skip


def test_the_combined_number_is_the_geometric_mean_of_its_factors():
    several = [
        Candidate("source_only", with_source(model(0.6), 0.95), is_baseline=True),
        Candidate("mmd", with_source(model(0.9, seed=1), 0.9)),
    ]
    agreement = consensus([c.judged.target_probabilities for c in several])
    for row in choose(several, names=()).rows:
        terms = {"consensus", "class_clustering", "batch_nuclear_norm", "source_kept"}
        assert set(row.scores) == {*terms, "source_accuracy"}
        judged = several[row.position].judged
        clustering, norm = class_clustering(judged), batch_nuclear_norm(judged)
        assert row.combined == pytest.approx((agreement[row.position] * clustering * norm) ** (1 / 3), abs=1e-8)
        accuracy = (0.95, 0.9)[row.position]
        assert row.scores["source_kept"] == pytest.approx((accuracy - 1 / 3) / (0.95 - 1 / 3))  # of three classes


def test_to_get_half_of_two_classes_right_is_to_have_lost_the_task():
    draw = np.random.default_rng(0)
    labels = np.tile([0, 1], 50)
    knows = np.eye(2)[labels] * 0.8 + 0.1
    coin = np.eye(2)[np.r_[labels[:50], 1 - labels[50:]]] * 0.8 + 0.1
    sure = np.eye(2)[np.repeat([0, 1], 40)] * 0.9 + 0.05
    features = draw.normal(size=(80, 2)) + 9 * np.repeat([0, 1], 40)[:, None]

    def judged(target, source):
        return Judged(
            target_probabilities=target, target_features=features, source_probabilities=source, source_labels=labels
        )

    baseline = Candidate("source_only", judged(0.7 * sure + 0.15, knows), is_baseline=True)
    found = choose([baseline, Candidate("mmd", judged(sure, coin))], names=())
    lost = next(row for row in found.rows if row.arm == "mmd")
    assert (lost.scores["source_accuracy"], lost.scores["source_kept"], lost.combined) == (0.5, 0, 0)
    assert choose([baseline, Candidate("mmd", judged(sure, knows))], names=()).chosen == 1


def test_where_the_baseline_knows_nothing_of_the_source_there_is_nothing_to_keep():
    several = [
        Candidate("source_only", with_source(model(0.6), 0.2), is_baseline=True),
        Candidate("mmd", with_source(model(0.9, seed=1), 0.1)),
    ]
    found = choose(several, names=())
    assert found.chosen == 1
    assert all("source_kept" not in row.scores for row in found.rows)


def test_a_model_that_has_forgotten_the_source_is_not_chosen():
    better = model(0.85, seed=1)
    several = [
        Candidate("source_only", with_source(model(0.8), 0.95), is_baseline=True),
        Candidate("dann", with_source(better, 0.3)),
    ]
    kept = choose(several, names=())
    assert kept.chosen == 0
    assert kept.reason.endswith("; dann lost the source's task on the way")
    found = choose([several[0], Candidate("dann", with_source(better, 0.9))], names=())
    assert found.chosen == 1
    assert "lost" not in found.reason


@pytest.mark.parametrize("number", [1, 3])
def test_models_that_have_collapsed_to_one_class_are_not_chosen(number):
    collapsed = [("entropy", model(sure=20.0, says=1, seed=s), s) for s in range(number)]
    choice = choose(candidates(*collapsed))
    assert choice.chosen == 0
    assert choice.alone["entropy"] != 0
    assert choice.alone["soft_neighbourhood_density"] != 0
    assert "source_only is kept" in choice.reason


def test_sure_clusters_with_wrong_names_are_not_chosen():
    right = model(0.9, seed=1)
    swapped = Judged(
        target_probabilities=softmax(8 * np.eye(3)[(CLASSES + 1) % 3], axis=1), target_features=right.target_features
    )
    choice = choose(candidates(("mmd", right, None), ("wrong", swapped, None)))
    assert choice.chosen == 1
    assert choice.alone["information_maximisation"] == 2


def test_without_a_clear_lead_the_baseline_is_kept():
    several = candidates(("mmd", model(0.8 + 1 / 60), None), baseline=model(0.8))
    choice = choose(several, margin=0.1)
    assert choice.chosen == 0
    assert "not by enough" in choice.reason
    assert choice.rows[0].is_baseline
    assert choose(several, margin=0.0, names=()).chosen == 1


def test_the_baseline_alone_is_kept():
    choice = choose(candidates())
    assert (choice.chosen, choice.last) == (0, 0)
    assert "none looks better" in choice.reason


def test_an_arm_of_many_epochs_has_one_vote():
    several = candidates(
        *(("mmd", model(0.5, seed=9), epoch) for epoch in range(6)), ("dann", model(0.9, seed=2), None)
    )
    tables = [c.judged.target_probabilities for c in several]
    rows = {row.position: row for row in choose(several, names=()).rows}
    once = consensus([tables[0], tables[1], tables[7]])
    assert [rows[i].scores["consensus"] for i in (0, 1, 7)] == pytest.approx(list(once))


def test_the_last_epoch_of_the_chosen_arm_is_told():
    choice = choose(candidates(("mmd", model(0.97, seed=1), 5), ("mmd", model(0.7, seed=2), 9), ("mmd", model(0.7), 2)))
    assert (choice.chosen, choice.last) == (1, 2)


def test_without_features_what_is_left_decides():
    bare = [
        Candidate(c.arm, Judged(target_probabilities=c.judged.target_probabilities), is_baseline=c.is_baseline)
        for c in candidates(("mmd", model(0.95, seed=1), None), ("dann", model(0.95, seed=2), None))
    ]
    choice = choose(bare)
    assert choice.chosen in (1, 2)
    for row in choice.rows:
        assert row.combined == pytest.approx(
            (row.scores["consensus"] * row.scores["batch_nuclear_norm"]) ** 0.5, abs=1e-8
        )
    assert "(consensus x batch nuclear norm, 0 to 1)" in choice.reason


def test_features_of_some_candidates_only_do_not_favour_them():
    several = candidates(("mmd", model(0.95, seed=1), None))
    bare = Candidate("shot", Judged(target_probabilities=model(0.95, seed=3).target_probabilities))
    for row in choose([*several, bare], names=()).rows:
        assert row.combined == pytest.approx(
            (row.scores["consensus"] * row.scores["batch_nuclear_norm"]) ** 0.5, abs=1e-8
        )


def test_the_same_candidates_give_the_same_choice_twice():
    several = candidates(*((f"arm{s}", model(0.7 + 0.05 * s, seed=s), s) for s in range(4)))
    assert choose(several) == choose(several)


def test_the_table_holds_every_score_there_is():
    judged = model()
    full = Judged(
        target_probabilities=judged.target_probabilities, target_features=judged.target_features,
        source_probabilities=judged.target_probabilities, source_labels=CLASSES, source_features=judged.target_features,
    )  # fmt: skip
    assert set(scored(full)) == set(find_label_free_scores())
    assert set(scored(judged)).isdisjoint({"source_accuracy", "deep_embedded_validation"})


@pytest.mark.parametrize(("marked", "count"), [((), 0), ((0, 1), 2)])
def test_anything_but_one_baseline_is_refused(marked, count):
    several = [Candidate("a", model(), is_baseline=i in marked) for i in range(2)]
    with pytest.raises(ValueError, match=f"exactly one candidate must be the baseline, got {count} of 2"):
        choose(several)


def test_candidates_judged_on_other_items_are_refused():
    fewer = Judged(target_probabilities=model().target_probabilities[:40])
    with pytest.raises(ValueError, match="same target items"):
        choose(candidates(("mmd", fewer, None)))


def test_regret_is_what_the_choice_cost_and_never_negative():
    assert regret(0.8, [0.8, 0.6]) == 0
    assert regret(12.0, [10.0, 14.0], higher_is_better=False) == pytest.approx(2.0)
    assert regret(0.9, [0.8, 0.6]) == 0


def test_in_simulated_shifts_the_choice_costs_less_than_the_baseline_and_than_single_scores():
    """Linear heads on a path from one that is wrong for the target to one that is right, and some that have gone astray."""
    costs = {name: [] for name in ("combined", "source_only", "entropy", "soft_neighbourhood_density")}
    for seed in range(20):
        draw = np.random.default_rng([7, seed])
        n_classes = int(draw.integers(2, 6))
        middles = 2.2 * draw.normal(size=(n_classes, 6))
        moved = middles + draw.normal(size=6) + draw.normal(size=middles.shape)
        labels = draw.integers(0, n_classes, 300)
        items = moved[labels] + draw.normal(size=(300, 6))
        several, truths = [], []

        def add(arm, heads, sharp=1.0, items=items, labels=labels, several=several, truths=truths):
            logits = -0.5 * sharp * np.square(items[:, None, :] - heads).sum(axis=2)
            table = softmax(logits, axis=1)
            judged = Judged(target_probabilities=table, target_features=items)
            several.append(Candidate(arm, judged, is_baseline=arm == "source_only"))
            truths.append((table.argmax(axis=1) == labels).mean())

        add("source_only", middles, 0.3)
        for step in (0.3, 0.6, 0.9):
            add(f"near{step}", middles + step * (moved - middles))
        add("collapsed", middles + 8.0 * np.eye(n_classes)[:, :1], 9.0)
        add("renamed", np.roll(moved, 1, axis=0), 3.0)
        choice = choose(several, names=CHEAP)
        costs["combined"].append(regret(truths[choice.chosen], truths))
        costs["source_only"].append(regret(truths[0], truths))
        for name in ("entropy", "soft_neighbourhood_density"):
            costs[name].append(regret(truths[choice.alone[name]], truths))
    mean = {name: np.mean(values) for name, values in costs.items()}
    assert mean["combined"] < 0.03
    assert mean["combined"] < 0.5 * min(mean[name] for name in mean if name != "combined")
