"""With a handful of labels the arm that is usually best is proven without a trial, where an architecture says which."""

from pathlib import Path

import pytest

import transferkit as tk
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.planner.costs import Costs
from transferkit.planner.proposal import Proposal, propose
from transferkit.planner.ranking import rank_sources
from transferkit.planner.study import Study
from transferkit.planner.wishes import Wishes
from transferkit.sources.architectures import transformers_text
from transferkit.training.schedule import LENGTHS, Length

SMALL = "full:epochs=2"
"""What the tests say of such networks: the network is tiny, and so is its schedule."""


@pytest.fixture
def encoder(text_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setattr(transformers_text, "WITH_FEW_LABELS", ((24, SMALL), (30, "bitfit:epochs=1")))
    monkeypatch.setitem(LENGTHS, "long", Length(steps=4, least=1, most=2))
    return Source(f"hf:{text_folder}")


def films(n: int) -> Target:
    texts = [f"{'good' if i % 2 else 'bad'} film , {'fine' if i % 3 else 'dull'} plot {i}" for i in range(n)]
    labels = ["yes" if i % 2 else "no" for i in range(n)]
    sealed = [f"a {text}" for text in texts[:30]]
    return Target.of(texts, labels, test=(sealed, labels[:30]), name="films", modality="text")


def proposed(encoder: Source, target: Target, wishes: Wishes | None = None, left: float = float("inf")) -> Proposal:
    ranking = rank_sources([encoder], target, Run())
    return propose(ranking, [encoder], target, Costs(target, Run()), wishes or Wishes(), left)


def names(proposal: Proposal) -> set[str]:
    return {arm.method.name for arm in proposal.arms}


def test_with_a_handful_of_labels_what_is_usually_best_is_the_only_arm(encoder: Source) -> None:
    proposal = proposed(encoder, films(24))
    baseline, arm = proposal.arms
    assert (str(arm.method), arm.taken, arm.baseline) == (
        "full:learning_rate=0.0001,layer_decay=1.0,epochs=2,schedule=short",
        True,
        baseline.name,
    )
    assert baseline.method.is_baseline
    assert "24 labels are too few to choose by trials" in proposal.reasons[arm.name]
    why = {one.name.partition(" ")[0]: one.reason for one in proposal.dropped}
    assert {"linear_probe", "prototypes", "full"} <= set(why)
    assert why["linear_probe"] == f"24 labels are too few to choose by trials; {arm.name} is taken"


def test_the_first_row_that_holds_as_many_labels_counts_and_beyond_the_last_trials_decide(encoder: Source) -> None:
    several = proposed(encoder, films(30))
    assert [arm.method.name for arm in several.arms if arm.taken] == ["bitfit"]
    many = proposed(encoder, films(40))
    assert not any(arm.taken for arm in many.arms)
    assert {"linear_probe", "prototypes", "full"} <= names(many)
    assert "bitfit" not in names(many)


@pytest.mark.parametrize("wishes", [{"drop": ("full < *",)}, {"pin": ("linear_probe < *",)}, {"add": "norm_tuning"}])
def test_a_person_who_wants_a_comparison_gets_one(encoder: Source, wishes: dict[str, object]) -> None:
    if "add" in wishes:
        wishes = {"add": (f"norm_tuning:epochs=1 < {encoder.name}",)}
    proposal = proposed(encoder, films(24), Wishes(**wishes))
    assert not any(arm.taken for arm in proposal.arms)
    assert {"linear_probe", "prototypes"} <= names(proposal)


def test_an_added_baseline_changes_nothing_but_the_baseline(encoder: Source) -> None:
    proposal = proposed(encoder, films(24), Wishes(add=(f"scratch:epochs=1 < {encoder.name}",)))
    assert proposal.arms[0].method.epochs == 1
    assert [arm.taken for arm in proposal.arms] == [False, True]


def test_what_does_not_fit_the_budget_is_not_taken(encoder: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Costs, "_seconds_a_step", lambda *_: 1.0)
    proposal = proposed(encoder, films(24), left=5.0)
    assert not any(arm.taken for arm in proposal.arms)
    assert "linear_probe" in names(proposal)


@pytest.mark.parametrize(
    ("n_labels", "method"),
    [
        (32, "full:learning_rate=0.0001,layer_decay=1.0,schedule=short"),
        (128, "contrastive_tuning:learning_rate=5e-05,layer_decay=1.0,epochs=20,schedule=short"),
    ],
)
def test_text_encoders_are_fine_tuned_with_up_to_128_labels(text_folder: Path, n_labels: int, method: str) -> None:
    (arm,) = [arm for arm in proposed(Source(f"hf:{text_folder}"), films(n_labels)).arms if arm.taken]
    assert str(arm.method) == method


def test_with_more_labels_trials_decide(text_folder: Path) -> None:
    assert not any(arm.taken for arm in proposed(Source(f"hf:{text_folder}"), films(129)).arms)


def test_networks_of_which_nothing_is_known_are_tried_as_ever(tiny_target: Target) -> None:
    source = Source("zoo:digits-cnn")
    ranking = rank_sources([source], tiny_target, Run())
    proposal = propose(ranking, [source], tiny_target, Costs(tiny_target, Run()), Wishes())
    assert not any(arm.taken for arm in proposal.arms)
    assert len(proposal.arms) > 3


def test_a_study_proves_it_without_a_trial_says_so_and_comes_back(encoder: Source, tmp_path: Path) -> None:
    def study() -> Study:
        return tk.transfer([encoder], films(24), seeds=2, out=tmp_path / "run", label_curve=False)

    found = study()
    (chosen,) = [arm for arm in found.summary.arms if arm.status == "chosen"]
    assert chosen.method.startswith("full:")
    assert chosen.trials == 2
    assert chosen.validation is None
    assert chosen.gain is not None
    assert chosen.trainable_parameters
    assert found.summary.cost["try"] == 0.0
    assert any("taken without a trial" in note for note in found.summary.notes)
    (kept,) = [row for row in found.summary.extra["plan"] if row["arm"] == chosen.name]
    assert kept["status"] == "proven"
    assert study().summary.sentence == found.summary.sentence


def test_the_plan_shows_one_arm_and_no_trials(encoder: Source) -> None:
    plan = tk.plan([encoder], films(24))
    assert plan.trying == 0.0
    assert [arm.n_settings for arm in plan.arms] == [1, 1]
    assert "taken without a trial" in str(plan).replace("\n", " ")


def test_too_few_labels_for_a_sealed_test_are_cross_fitted_with_it(encoder: Source) -> None:
    texts = list(films(12).whole().train.items)
    target = Target.of(texts, ["yes" if "good" in text else "no" for text in texts], name="films", modality="text")
    assert target.too_small_to_seal
    study = tk.transfer([encoder], target)
    assert study.summary.extra["cross_fitting"]
    assert [arm.method.partition(":")[0] for arm in study.summary.arms if arm.status == "chosen"] == ["full"]
