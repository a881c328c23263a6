"""A study of texts: ranked against a floor, told of missing words, proven against scratch, saved."""

from pathlib import Path

import numpy as np
import pytest

import transferkit as tk
from transferkit.core.run import NoCache, Run
from transferkit.core.target import Target
from transferkit.methods.finetune.full import Full
from transferkit.planner.profile import profile
from transferkit.planner.ranking import floor
from transferkit.training.body import Body


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Made-up vectors whose first dimension says whether a word praises."""
    draw = np.random.default_rng(0)
    pleasure = {"good": 1, "fine": 1, "lovely": 1, "bad": -1, "dull": -1, "broken": -1}
    words = {**pleasure, **{f"word{i}": 0 for i in range(40)}}
    rows = [f"{word} {3 * sign} {' '.join(map(str, draw.normal(size=5)))}" for word, sign in words.items()]
    path = tmp_path_factory.mktemp("vectors") / "vectors.txt"
    path.write_text("\n".join(rows) + "\n")
    return f"words:{path}"


@pytest.fixture(scope="module")
def target() -> Target:
    draw = np.random.default_rng(1)
    said = {"pleased": ["good", "fine", "lovely"], "annoyed": ["bad", "dull", "broken"]}

    def remarks(n: int) -> tuple[list[str], list[str]]:
        labels = [("pleased", "annoyed")[i % 2] for i in range(n)]
        common = [" ".join(draw.choice([f"word{i}" for i in range(50)], 6)) for _ in labels]
        return [f"{text} {draw.choice(said[label])} ." for text, label in zip(common, labels, strict=True)], labels

    return Target.of(*remarks(24), test=remarks(60), name="remarks")


def test_a_source_that_knows_the_words_is_ranked_above_the_floor(vectors: str, target: Target) -> None:
    (row,) = tk.rank([vectors], target, cache=NoCache()).rows
    assert row.above_floor
    assert row.predicted is not None
    assert not target.test.openings


def test_the_words_that_the_source_lacks_are_told(vectors: str, target: Target) -> None:
    (row,) = tk.rank([vectors], target, cache=NoCache()).rows
    texts = " ".join(target.whole().train.items).split()
    words = [word for word in texts if word != "."]
    missing = sum(word in {f"word{i}" for i in range(40, 50)} for word in words) / len(words)
    assert f"{missing:.0%} of the words are not in its vocabulary" in row.note


def test_the_floor_is_near_chance_and_the_same_twice(target: Target) -> None:
    first, second = (floor(target, target.whole().train, Run()) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (24,)
    assert 0.2 < first.mean() <= 1


def test_scratch_learns_words_that_the_source_lacks(vectors: str, target: Target) -> None:
    lent = Body.pretrained(tk.Source(vectors), target)
    own = {word for text in target.whole().train.items for word in text.split()}
    assert own <= set(lent.processor.words)


def test_a_picture_network_is_left_out_in_one_line(vectors: str, target: Target) -> None:
    rows = tk.rank(["zoo:digits-cnn", vectors], target, cache=NoCache()).rows
    assert rows[1].name == "zoo:digits-cnn"
    assert "cannot take text" in rows[1].note
    assert "\n" not in rows[1].note


def test_the_shift_of_a_text_source_is_unknown_not_wrong(vectors: str, target: Target) -> None:
    assert profile(target, [tk.Source(vectors)], Run()).shifts == {vectors: None}


def test_the_last_stage_alone_can_move_on_cached_vectors(vectors: str, target: Target) -> None:
    fitted = Full(epochs=3, moving_stages=1).fit((tk.Source(f"{vectors}?network=text_cnn"),), target.fold(0), Run())
    source = tk.Source(vectors).network().stage("embedding").weight
    kept = fitted.model.network.stage("embedding").weight[: len(source)]
    np.testing.assert_array_equal(kept.detach(), source.detach())


def test_a_study_of_texts_ends_with_a_verdict_and_a_report(vectors: str, target: Target, tmp_path: Path) -> None:
    study = tk.compare(
        [vectors],
        target,
        ["linear_probe", "full:epochs=2", "scratch:epochs=4"],
        seeds=2,
        label_curve=False,
        cache=NoCache(),
        out=tmp_path / "run",
    )
    assert study.summary.verdict in ("helps", "hurts", "no_difference", "undecided")
    assert (tmp_path / "run" / "report.html").stat().st_size > 1000
    kept = tk.load(tmp_path / "run")
    assert kept.predict(["a good day"]).labels == study.best.predict(["a good day"]).labels
