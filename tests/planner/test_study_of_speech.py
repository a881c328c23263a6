"""A whole study of a task without feature vectors: compared, proven, written down."""

import json
from pathlib import Path

import numpy as np
import pytest

import transferkit as tk
from transferkit.artifact import saved
from transferkit.core.errors import WrongUse
from transferkit.core.run import NoCache, Run
from transferkit.core.sound import Sound
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch

RATE = 8000
PITCHES = {"do": 400.0, "re": 900.0, "mi": 2000.0}


def melodies(n: int, seed: int) -> tuple[list[Sound], list[str]]:
    draw = np.random.default_rng(seed)
    sounds, words = [], []
    for _ in range(n):
        named = draw.choice(list(PITCHES), size=draw.integers(1, 3)).tolist()
        tones = [np.sin(2 * np.pi * PITCHES[name] * np.arange(RATE // 6) / RATE) for name in named]
        samples = np.concatenate(tones) + draw.normal(0, 0.01, len(named) * (RATE // 6))
        sounds.append(Sound(samples[:, None].astype(np.float32), RATE))
        words.append(" ".join(named))
    return sounds, words


@pytest.fixture(scope="module", name="target")
def _target() -> Target:
    return Target.of(*melodies(16, seed=0), test=melodies(26, seed=1), task="transcribe", name="melodies")


@pytest.fixture(scope="module", name="source")
def _source(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("learned") / "model"
    other = Target.of(*melodies(20, seed=5), task="transcribe")
    saved.save(Scratch(epochs=2).fit((), other, Run()), folder)
    return str(folder)


def test_arms_are_compared_and_proven_without_a_ranking(source: str, target: Target, tmp_path: Path) -> None:
    methods = ["full:epochs=1,learning_rate=0.001", "scratch:epochs=1,learning_rate=0.001"]
    study = tk.compare(
        [source, "zoo:digits-cnn"], target, methods, seeds=2, label_curve=False, out=tmp_path / "run", cache=NoCache()
    )
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["metric"]["name"] == "wer"
    assert report["target"]["task"] == "transcribe"
    assert {metric["name"] for metric in report["metrics"]} == {"wer", "cer"}
    assert report["gain"]["n_items"] == 26
    assert any("not ranked: task transcribe" in note for note in report["notes"])
    assert any("needs one a moment" in note for note in report["notes"])
    assert "wer points" in report["sentence"]
    assert (tmp_path / "run" / "report.html").stat().st_size > 1000
    kept = tk.load(tmp_path / "run")
    assert kept.predict(target.train.items).labels == study.best.predict(target.train.items).labels


def test_a_plan_names_the_sources_in_the_order_given(source: str, target: Target) -> None:
    plan = tk.plan([source], target, budget="1h", cache=NoCache())
    said = json.dumps(plan.as_dict())
    assert "place 1 of the sources, which were not ranked" in said
    assert "linear_probe" not in said


def test_ranking_is_refused_in_one_line(source: str, target: Target) -> None:
    with pytest.raises(WrongUse, match="sources cannot be ranked for task transcribe"):
        tk.rank([source], target)
