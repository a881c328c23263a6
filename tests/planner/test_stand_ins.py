"""Where scratch on a source's own architecture does not fit the budget, the default network is the baseline, and said to be."""

import time
from pathlib import Path

import numpy as np
import pytest

import transferkit as tk
from transferkit.artifact.report_json import read_summary
from transferkit.core.errors import WrongUse
from transferkit.core.run import NoCache, Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.arms import Arm, named, with_baselines
from transferkit.planner.costs import Costs
from transferkit.planner.stand_ins import LEAST_SEEDS, grouped, stand_ins
from transferkit.planner.study import Study
from transferkit.sources.architectures.text_cnn import Convolutions

WANTED = [(LinearProbe(), frozenset[str](), (Source(name),)) for name in ("zoo:digits-cnn", "zoo:letters-cnn")]


@pytest.fixture(scope="module")
def target() -> Target:
    draw = np.random.default_rng(1)

    def remarks(n: int) -> tuple[list[str], list[str]]:
        labels = [("pleased", "annoyed")[i % 2] for i in range(n)]
        common = [" ".join(draw.choice([f"word{i}" for i in range(40)], 6)) for _ in labels]
        return [
            f"{text} {'good' if label == 'pleased' else 'bad'}" for text, label in zip(common, labels, strict=True)
        ], labels

    return Target.of(*remarks(24), test=remarks(40), name="remarks")


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> str:
    draw = np.random.default_rng(0)
    rows = [
        f"{word} {' '.join(map(str, draw.normal(size=6)))}"
        for word in ("good", "bad", *(f"word{i}" for i in range(40)))
    ]
    path = tmp_path_factory.mktemp("vectors") / "vectors.txt"
    path.write_text("\n".join(rows) + "\n")
    return f"words:{path}?network=text_cnn"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of the source's network takes a fifth of a second more; one of the default network does not."""
    forward = Convolutions.forward

    def slower(self: Convolutions, state: object) -> object:
        time.sleep(0.2 * self.training)
        return forward(self, state)

    monkeypatch.setattr(Convolutions, "forward", slower)


def study(vectors: str, target: Target, **more: object) -> Study:
    arguments = {"drop": ["full*"], "seeds": 2, "label_curve": False, "cache": NoCache()} | more
    return tk.transfer([vectors], target, **arguments)


def test_a_study_whose_own_scratch_is_too_slow_ends_in_time_with_a_verdict(
    slow: None, vectors: str, target: Target, tmp_path: Path
) -> None:
    begun = time.monotonic()
    summary = study(vectors, target, budget="60s", out=tmp_path / "run").summary
    assert time.monotonic() - begun < 60
    assert summary.gain is not None
    assert summary.gain.n_seeds == 2
    assert "training the default network from scratch" in summary.sentence
    assert {arm.baseline for arm in summary.arms if arm.gain} == {"scratch (default network)"}
    (said,) = (note for note in summary.notes if "default network" in note)
    assert said.startswith(f"{vectors} is compared with the default network")
    assert "larger --budget" in said
    kept = read_summary(tmp_path / "run" / "report.json")
    assert kept.extra["stand_ins"][vectors] in said
    assert any(
        "own network" in row["reason"] for row in kept.extra["plan"] if row["arm"] == "scratch (default network)"
    )
    assert "is compared with the default network" in (tmp_path / "run" / "report.html").read_text()


def test_the_plan_says_which_baseline_and_why(slow: None, vectors: str, target: Target) -> None:
    plan = tk.plan([vectors], target, budget="60s", cache=NoCache())
    (baseline,) = (arm for arm in plan.arms if arm.name == "scratch (default network)")
    assert baseline.reason.startswith(f"in place of {vectors}'s own network: to try its own network from scratch")


def test_with_enough_budget_it_is_compared_with_its_own_architecture(slow: None, vectors: str, target: Target) -> None:
    plan = tk.plan([vectors], target, budget="2h", cache=NoCache())
    assert "scratch" in {arm.name for arm in plan.arms}
    assert not any("default network" in arm.name for arm in plan.arms)


def test_named_methods_are_compared_with_the_default_network_too(slow: None, vectors: str, target: Target) -> None:
    summary = tk.compare(
        [vectors], target, ["linear_probe"], budget="60s", seeds=1, label_curve=False, cache=NoCache()
    ).summary
    assert summary.gain is not None
    assert {arm.baseline for arm in summary.arms if arm.gain} == {"scratch (default network)"}
    assert vectors in summary.extra["stand_ins"]


@pytest.fixture
def costs(tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> Costs:
    """A step of a source's network takes a second, of the default network a tenth."""
    monkeypatch.setattr(Costs, "_seconds_a_step", lambda _, arm, __: 1.0 if arm.sources else 0.1)
    return Costs(tiny_target, Run())


def test_a_baseline_fits_where_it_is_tried_once_and_proven_with_three_seeds(tiny_target: Target, costs: Costs) -> None:
    arms = with_baselines(WANTED)
    n_fold, n_whole = len(tiny_target.train), len(tiny_target.whole().train)
    sizes = [n_fold, *[n_whole] * LEAST_SEEDS]
    own = sum(costs.expected(arms[0], Scratch(), n) for n in sizes)
    probe = 2 * costs.expected(arms[-1], LinearProbe(), n_whole)
    enough = (own + probe) / 0.8
    assert stand_ins(arms, tiny_target, costs, enough + 1) == {}
    assert set(stand_ins(arms, tiny_target, costs, enough - 1)) == {"zoo:digits-cnn", "zoo:letters-cnn"}
    assert stand_ins(arms, tiny_target, costs, float("inf")) == {}


@pytest.mark.parametrize("default", [2.0, 0.7])
def test_a_network_of_its_own_stays_where_the_default_one_is_hardly_cheaper(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch, default: float
) -> None:
    monkeypatch.setattr(Costs, "_seconds_a_step", lambda _, arm, __: 1.0 if arm.sources else default)
    assert stand_ins(with_baselines(WANTED), tiny_target, Costs(tiny_target, Run()), 1.0) == {}


def test_a_task_without_a_default_network_keeps_its_own(
    tiny_target: Target, costs: Costs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def there_is_none(target: Target, seed: int) -> None:
        raise WrongUse("there is no default network")

    monkeypatch.setattr("transferkit.planner.stand_ins.default_body", there_is_none)
    assert stand_ins(with_baselines(WANTED), tiny_target, costs, 1.0) == {}


def test_only_the_sources_that_are_named_are_compared_with_the_default_network() -> None:
    sources = [Source("zoo:digits-cnn"), Source("zoo:objects-cnn")]
    arms = named(sources, [(LinearProbe(), frozenset())], "image", {"zoo:digits-cnn": "it is slow"})
    baselines = {arm.source_names: arm.baseline for arm in arms if arm.baseline}
    assert baselines[("zoo:digits-cnn",)] == "scratch (default network)"
    assert baselines[("zoo:objects-cnn",)] == "scratch (zoo:objects-cnn)"
    assert {arm.name: arm.source_names for arm in arms}["scratch (default network)"] == ()


def test_sources_of_one_reason_are_told_in_one_line() -> None:
    assert grouped({"a": "slow", "b": "dear", "c": "slow"}) == {"a and c": "slow", "b": "dear"}


def test_a_default_network_costs_what_its_steps_cost(tiny_target: Target) -> None:
    costs, scratch = Costs(tiny_target, Run()), Arm("scratch", Scratch(), ())
    a_step = costs._seconds_a_step(scratch, Scratch())
    assert 0 < a_step < 10
    assert costs.expected(scratch, Scratch(), 32) > Scratch().steps(32) * a_step
