from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import transferkit as tk
from transferkit.artifact.journal import Journal
from transferkit.core.budget import Budget
from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.predictor import Predictor
from transferkit.core.run import NoCache, silent
from transferkit.core.sealing import outer_folds
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.core.task import Predictions, Task
from transferkit.evaluate.cross_fitted import CrossFitting
from transferkit.evaluate.gain import paired_gain
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm
from transferkit.planner.costs import Costs
from transferkit.planner.cross_fitting import (
    PARTS,
    PROCEDURE,
    REPEATS,
    Chosen,
    OuterFold,
    Pair,
    cross_fit,
    share,
    shared_among,
)
from transferkit.planner.study import _check_claims
from transferkit.planner.summarise import _why_not
from transferkit.planner.tried import Tried


class Brightness(Predictor):
    """Gives a picture the class whose mean brightness is nearest; `turned` the farthest."""

    def __init__(self, task: Task, items: Sequence[Any], labels: Sequence[str], turned: bool = False) -> None:
        self.task, self.turned = task, turned
        grey = np.array([np.asarray(item).mean() for item in items])
        self.classes = task.describe()["classes"]
        self.means = [grey[[label == c for label in labels]].mean() for c in self.classes]

    def predict(self, items: Sequence[Any], progress: Any = None) -> Predictions:
        distance = np.abs([[np.asarray(item).mean() - mean for mean in self.means] for item in items])
        near = (-distance if self.turned else distance).argmin(axis=1)
        scores = np.exp(-distance) / np.exp(-distance).sum(axis=1, keepdims=True)
        return Predictions(tuple(self.classes[i] for i in near), scores)

    def describe(self) -> dict[str, Any]:
        return {}

    def tensors(self) -> dict[str, Any]:
        return {}

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Any]) -> Predictor:
        raise NotImplementedError


def grey_target(n: int = 30, seed: int = 0) -> Target:
    """n grey pictures of three classes that brightness nearly tells apart; every label open."""
    draw = np.random.default_rng(seed)
    labels = ["abc"[i % 3] for i in range(n)]
    levels = [60 + 60 * "abc".index(label) + draw.normal(0, 25) for label in labels]
    pictures = [Image.fromarray(np.clip(draw.normal(level, 10, (8, 8)), 0, 255).astype(np.uint8)) for level in levels]
    return Target.of(pictures, labels, name="greys").opened("a test")


class Study:
    """A study of an outer fold that learns brightness; counts, and may fail at a given call."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.seen: list[OuterFold] = []
        self.fails_at = fails_at

    def __call__(self, outer: OuterFold) -> Chosen:
        assert not outer.target.test.openings
        if len(self.seen) == self.fails_at:
            raise Failed("the network melted")
        self.seen.append(outer)
        outer.directory.mkdir()
        outer.progress("learning", 1, 1)
        train = outer.target.whole().train
        good, bad = (Brightness(outer.target.task, train.items, train.labels, turned) for turned in (False, True))
        return Chosen({PROCEDURE: Pair("by brightness", good, bad)}, n_fits=2)


def stopped(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still but for what is added to it."""
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return clock


class TenSeconds(Study):
    """Of which each fold takes ten seconds of such a clock."""

    def __init__(self, clock: list[float], fails_at: int | None = None) -> None:
        super().__init__(fails_at)
        self.clock = clock

    def __call__(self, outer: OuterFold) -> Chosen:
        self.clock[0] += 10
        return super().__call__(outer)


class InMemory(Journal):
    """Remembers facts without a disk, which may be slow."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.facts: dict[str, str] = {}

    def note(self, name: str, value: Any) -> Any:
        return json.loads(self.facts.setdefault(name, json.dumps(value)))

    def get(self, name: str, default: Any = None) -> Any:
        return json.loads(self.facts[name]) if name in self.facts else default

    def spend(self) -> None:
        """It has no clock."""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return InMemory(tmp_path)


def found(target: Target, study: Study, journal: Journal, budget: str | None = None) -> CrossFitting:
    return cross_fit(target, study, journal, Allowance(Budget.parse(budget)), 0, silent)


def test_the_gain_is_that_of_refitting_by_hand(journal: Journal) -> None:
    """The oracle: three deals, every fold, every item, one at a time."""
    target = grey_target()
    claim = found(target, Study(), journal)
    tables = np.zeros((2, REPEATS, 30))
    for repeat in range(REPEATS):
        deal = outer_folds(target.train, target.task, repeat)
        for i, label in enumerate(target.train.labels):
            others = target.train.take(np.flatnonzero(deal != deal[i]))
            for side, turned in enumerate((False, True)):
                guess = Brightness(target.task, others.items, others.labels, turned).predict([target.train.items[i]])
                tables[side, repeat, i] = guess.labels[0] == label
    arm, baseline = claim.claims[PROCEDURE].proven(claim.examples, target.task)
    assert np.array_equal(arm.per_item, tables[0])
    assert np.array_equal(baseline.per_item, tables[1])
    gain = claim.claims[PROCEDURE].gain(claim.examples, target.task)
    assert gain.mean == pytest.approx(paired_gain(*tables).mean)
    assert gain.low > 0
    assert arm.predictions.scores.shape == (30, 3)
    right = arm.predictions.scores.argmax(axis=1) == target.task.strata(claim.examples.labels)
    assert np.array_equal(right, tables[0, 0] == 1)


def test_every_seal_is_opened_once_after_the_study_and_its_folder_is_gone(journal: Journal) -> None:
    study = Study()
    result = found(grey_target(), study, journal)
    assert (result.n_folds, result.n_repeats) == (5, 3)
    assert [len(outer.target.test.openings) for outer in study.seen] == [1] * 15
    assert not any(outer.directory.exists() for outer in study.seen)
    assert result.as_extra()["chosen"] == {PROCEDURE: {"by brightness": 15}}
    assert result.n_fits == 30
    assert not (journal.directory / PARTS).exists()


def test_an_interrupted_one_goes_on_with_the_fold_it_stopped_in(tmp_path: Path) -> None:
    target, first, second = grey_target(), Study(fails_at=7), Study()
    with Journal.open(tmp_path / "run", {"study": "a test"}) as journal:
        stopped = found(target, first, journal)
    assert stopped.n_repeats == 1
    assert stopped.notes == ("cross-fitting ended in repeat 2, fold 3 of 5: the network melted",)
    with Journal.open(tmp_path / "run", {"study": "a test"}) as journal:
        whole = found(target, second, journal)
        again = found(target, Study(fails_at=0), journal)
    assert len(second.seen) == 8
    assert whole.n_repeats == 3
    assert again.claims[PROCEDURE].gain(again.examples, target.task) == whole.claims[PROCEDURE].gain(
        whole.examples, target.task
    )
    assert again.seconds == whole.seconds


def test_a_first_repeat_that_is_not_whole_proves_nothing_and_says_why(journal: Journal) -> None:
    result = found(grey_target(), Study(fails_at=3), journal)
    assert result.claims == {}
    assert result.n_repeats == 0
    assert result.notes == ("cross-fitting ended in repeat 1, fold 4 of 5: the network melted",)


def test_a_budget_in_seconds_gives_fewer_repeats(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = stopped(monkeypatch)

    study, allowance = TenSeconds(clock), Allowance(Budget.parse("90s"), begun=0.0)
    result = cross_fit(grey_target(), study, journal, allowance, 0, silent)
    assert result.n_repeats == 1
    assert result.seconds == 50
    assert result.notes == ("the budget ended cross-fitting in repeat 2, after 0 of 5 folds",)
    assert [outer.budget.seconds for outer in study.seen] == [15.0] * 5  # six studies of 90 s


def test_a_budget_in_trials_is_kept_and_shared_evenly(journal: Journal) -> None:
    study = Study()
    result = found(grey_target(), study, journal, "24 trials")
    assert result.n_repeats == 2
    assert {outer.budget.trials for outer in study.seen} <= {2, 3, 4}
    assert 2 * len(study.seen) <= 24


def test_a_class_with_one_label_is_left_out_of_the_judged_items(journal: Journal) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (11, 8, 8), dtype=np.uint8)
    target = Target.of(pictures, list("aaaaabbbbbc")).opened("a test")
    result = found(target, Study(), journal)
    assert "c" not in result.examples.labels
    assert len(result.examples) == 10
    assert any("class 'c' is learned from and never judged" in note for note in result.notes)


def test_an_arm_that_failed_in_one_fold_is_not_judged(journal: Journal) -> None:
    class Sometimes(Study):
        def __call__(self, outer: OuterFold) -> Chosen:
            chosen = super().__call__(outer)
            pair = chosen.pairs[PROCEDURE]
            return Chosen({"always": pair} if len(self.seen) == 8 else {"always": pair, "sometimes": pair})

    result = found(grey_target(), Sometimes(), journal)
    assert len(result.claims["always"].predictions) == 3
    assert "sometimes" not in result.claims
    assert "sometimes has no result in some outer folds, and is not judged" in result.notes


def test_the_share_of_a_small_budget_is_explained() -> None:
    assert shared_among(grey_target(), Budget.parse("12 trials")) == (
        "30 labels are too few for a sealed test, and cross-fitting shares the budget of 12 trials among 6 studies"
    )


def test_the_shares_of_a_budget_keep_it_together() -> None:
    assert share(Budget.parse(None)) == Budget()
    assert 6 * share(Budget.parse("90s")).seconds == pytest.approx(90)
    assert share(Budget.parse("3 trials")).trials == 1


class Tagged(Predictor):
    """Says the same tags of every item."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def predict(self, items: Sequence[Any], progress: Any = None) -> Predictions:
        return Predictions((("x", "y"),) * len(items), np.tile([0.9, 0.8], (len(items), 1)))

    def describe(self) -> dict[str, Any]:
        return {}

    def tensors(self) -> dict[str, Any]:
        return {}

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Any]) -> Predictor:
        raise NotImplementedError


def test_tags_are_tags_again_when_the_journal_gives_them_back(journal: Journal) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    target = Target.of(pictures, [("x",), ("x", "y"), ()] * 10).opened("a test")

    def study_on(outer: OuterFold) -> Chosen:
        outer.directory.mkdir()
        return Chosen({PROCEDURE: Pair("the same", Tagged(outer.target.task), Tagged(outer.target.task))})

    said = found(target, study_on, journal).claims[PROCEDURE].predictions[0].labels
    assert set(said) == {("x", "y")}


def test_the_seconds_of_a_fold_count_once_when_an_interrupted_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = stopped(monkeypatch)

    def spent_after(fails_at: int | None) -> float:
        with Journal.open(tmp_path / "run", {"study": "a test"}) as journal:
            allowance = Allowance(Budget.parse("1000s"), journal.spent_seconds, begun=clock[0])
            cross_fit(grey_target(), TenSeconds(clock, fails_at), journal, allowance, 0, silent)
            journal.spend()  # as Ctrl-C does
            return allowance.seconds_used

    assert spent_after(fails_at=3) == 40
    assert spent_after(fails_at=None) == 40 + 120
    assert spent_after(fails_at=None) == 40 + 120


def few_bars(n: int = 15) -> Target:
    pictures = np.random.default_rng(0).integers(0, 256, (n, 8, 8), dtype=np.uint8)
    return Target.of(pictures, ["a", "b", "c"] * (n // 3), name="few")


@pytest.mark.parametrize("verb", [tk.plan, tk.transfer])
def test_a_budget_too_small_to_rank_is_told_as_the_person_named_it(verb: Any) -> None:
    with pytest.raises(BudgetSpent) as spent:
        verb(["zoo:digits-cnn"], few_bars(), budget="0.01s", cache=NoCache())
    assert str(spent.value) == (
        "15 labels are too few for a sealed test, and cross-fitting shares the budget of 0.01s among 6 studies: "
        "a share of less than 1 s ended while sources were ranked and a few batches timed; give a larger --budget"
    )


def test_a_share_too_small_for_a_trial_names_a_budget_that_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Costs, "expected", lambda *_: 100.0)
    with pytest.raises(Failed) as failed:
        tk.transfer(["zoo:digits-cnn"], few_bars(), budget="100s", cache=NoCache())
    said = str(failed.value)
    assert "shares the budget of 100s among 6 studies: a share of 17 s is too small for one trial" in said
    takes, gives = re.findall(r"about (\d+) min", said)
    assert 7 >= int(takes) >= 6
    assert 60 >= int(gives) > 6 * 400 / 60  # with a margin


def checked(expected: float, budget: float, share: float, used: float) -> str:
    """What is said of a share of a budget in which so much was used, and of which every fit is expected to take so long."""
    scratch, arm = Arm("scratch", read_method("scratch"), (), None), Arm("probe", read_method("full"), (), "scratch")
    allowance = Allowance(Budget(share), begun=time.monotonic() - used, whole=Budget(budget))
    target = few_bars().opened("a test")
    findings: Any = SimpleNamespace(
        claims=[],
        arms=[arm, scratch],
        tried=Tried(sign=1),
        trials=SimpleNamespace(target=target, allowance=allowance),
        costs=SimpleNamespace(expected=lambda *_: expected),
    )
    with pytest.raises(Failed) as failed:
        _check_claims(findings)
    return str(failed.value)


@pytest.mark.parametrize(("budget", "share"), [(40.0, 40 / 6), (36.0, 5.0), (400.0, 400 / 6)])
@pytest.mark.parametrize("expected", [0.1, 1.5, 20.0])
def test_the_budget_that_is_advised_is_more_and_enough(budget: float, share: float, expected: float) -> None:
    """Of a fold too, whose share is the less the more the study of all labels has taken."""
    used = 1.5
    said = checked(expected, budget, share, used)
    advised = seconds_advised(said)
    assert advised > budget
    assert advised - 6 * (budget / 6 - share) >= 6 * (used + 4 * expected)
    takes = re.search(r"which take about ([^;]*) here", said)
    assert (takes is not None) == (
        used + 4 * expected > share
    ) or expected == 1.5  # there room for a slower refit decides
    assert takes is None or seconds_of(takes[1]) >= share - 0.5


def seconds_of(said: str) -> float:
    return sum(float(n) * {"h": 3600, "min": 60, "s": 1}[unit] for n, unit in re.findall(r"([\d.]+) (h|min|s)", said))


def seconds_advised(said: str) -> float:
    return seconds_of(said.rpartition("give a --budget of about")[2])


@pytest.mark.parametrize("n_judged", [0, 3])
def test_a_budget_that_ends_in_the_first_repeat_says_what_would_do(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, n_judged: int
) -> None:
    clock = stopped(monkeypatch)

    allowance = Allowance(Budget(20.0 + 10 * n_judged), used_seconds=20.0, begun=0.0)
    (note,) = cross_fit(grey_target(), TenSeconds(clock), journal, allowance, 0, silent).notes
    assert note.startswith(f"the budget ended cross-fitting in repeat 1, after {n_judged} of 5 folds; give a --budget")
    assert seconds_advised(note) > 20 + 50


def test_a_fold_that_the_budget_cut_short_says_what_would_do(journal: Journal) -> None:
    def study_on(outer: OuterFold) -> Chosen:
        raise BudgetSpent("a share of 6 s ended while sources were ranked; give a larger --budget")

    result = cross_fit(grey_target(), study_on, journal, Allowance(Budget(36.0)), 0, silent)
    (note,) = result.notes
    assert "repeat 1, fold 1 of 5: a share of 6 s ended while sources were ranked; give a --budget of about" in note
    assert note.count("--budget") == 1
    assert seconds_advised(note) >= 2 * 36 * 5 / 6


def unproven(found: CrossFitting) -> Any:
    """Findings of a study whose own refit the budget cut short."""
    refits = SimpleNamespace(notes=["the budget cut the proof of probe short, in seed 0"], cut_short=True)
    trials = SimpleNamespace(allowance=Allowance(Budget(100.0)))
    return SimpleNamespace(cross_fitting=found, refits=refits, trials=trials)


def test_why_nothing_is_proven_is_told_of_what_failed(journal: Journal) -> None:
    target = grey_target()
    (said,) = _why_not(unproven(found(target, Study(), journal)))
    assert said == "the budget cut the proof of probe short, in seed 0; give a --budget of about 4 min 10 s"
    nothing = CrossFitting({}, target.train.take([]), 0, 0, notes=("the network melted",))
    assert list(_why_not(unproven(nothing))) == ["the network melted"]


def test_labels_too_few_to_seal_are_not_told_of_a_test_that_nobody_makes() -> None:
    (line,) = (note for note in few_bars().warnings if "test" in note)
    assert (
        line
        == "15 labels are too few to seal some for a test: a study that learns from them judges each by cross-fitting"
    )
    assert few_bars().opened("a test").warnings.count(line) == 1


def test_a_plan_of_a_share_names_the_whole_budget() -> None:
    assert tk.plan(["zoo:digits-cnn"], few_bars(), budget="100s", cache=NoCache()).budget == "100s"
