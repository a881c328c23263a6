"""Tags: how they are written, weighed, split and predicted."""

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

import transferkit as tk
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import ReadOptions
from transferkit.core.labels import are_tags, read_tags
from transferkit.core.run import NoCache, Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.core.task import Predictions
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.tasks.indicator_head import indicator_head, log_odds_lines
from transferkit.tasks.tag import MOST_WEIGHT, Tag


def recognised(*labels):
    return Tag.recognise(Examples(items=labels, ids=tuple(map(str, range(len(labels)))), labels=labels))


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        (["red|round", "red", "|"], (("red", "round"), ("red",), ())),
        (["red; round", "flat;", ";"], (("red", "round"), ("flat",), ())),
        (["a;b|c", "a;b"], (("a;b", "c"), ("a;b",))),
        ([["red", "round"], []], (("red", "round"), ())),
        ([("b", "a", "a"), {"c"}], (("a", "b"), ("c",))),
        ([[1, 2]], (("1", "2"),)),
    ],
)
def test_tags_are_lists_or_words_with_one_separator(written, tags):
    assert read_tags(written) == tags


@pytest.mark.parametrize(
    "labels", [["cat", "dog"] * 5, ["a long story; it ends well", "another one; it ends"], [1.5], [[{}]]]
)
def test_classes_sentences_and_numbers_are_no_tags(labels):
    assert recognised(*labels) is None


def test_words_with_bars_or_semicolons_are_tags_where_the_parts_recur():
    assert are_tags(["a|b", "b|c", "a", "c"])
    assert are_tags(["a;b", "b;c", "a", "c"])
    assert not are_tags(["a long story; it ends well", "another one; it ends"])
    assert not are_tags(["and|or", "xor", "not", "nand", "nor"])
    assert not are_tags([("a", "b")])


def test_data_without_a_difference_is_refused_in_one_line():
    with pytest.raises(WrongUse, match="not one of the labelled items bears a tag"):
        recognised((), ())
    with pytest.raises(WrongUse, match="bears the same tags"):
        recognised(("a", "b"), ("a", "b"))


def test_a_table_of_tags_is_read_and_an_empty_list_is_a_label(tmp_path):
    draw = np.random.default_rng(0)
    rows = []
    for i in range(60):
        Image.fromarray(draw.integers(0, 255, (8, 8), dtype=np.uint8)).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,{['red|round', 'red', '|', 'round', ''][i % 5]}")
    table = tmp_path / "labels.csv"
    table.write_text("image,tags\n" + "\n".join(rows))
    target = Target.read(table, options=ReadOptions(label_column="tags"))
    assert target.task.name == "tag"
    assert target.task.classes == ("red", "round")
    assert len(target.unlabelled) == 12
    assert any(line.startswith("12 items without a label are taken for not yet labelled") for line in target.warnings)
    every = (*target.train.labels, *target.validation.labels)
    assert set(every) == {("red", "round"), ("red",), (), ("round",)}
    assert target.task.shares == tuple(np.mean([tag in tags for tags in every]) for tag in ("red", "round"))
    assert any("for classes say --task classify" in line for line in target.warnings)
    as_classes = Target.read(table, task="classify", options=ReadOptions(label_column="tags"))
    assert as_classes.task.classes == ("red", "red|round", "round", "|")


def test_every_tag_that_can_be_is_on_both_sides_of_a_split():
    draw = np.random.default_rng(1)
    shares = (0.6, 0.3, 0.1, 0.04)
    labels = [tuple(t for t, share in zip("abcd", shares, strict=True) if draw.random() < share) for _ in range(200)]
    pictures = draw.integers(0, 255, (200, 4, 4), dtype=np.uint8)
    target = Target.of(pictures, labels)
    open_, sealed = target.whole().train, target.test.open("this test")
    for tag in "abcd":
        share = [np.mean([tag in tags for tags in part.labels]) for part in (open_, sealed)]
        assert share[1] > 0
        assert abs(share[0] - share[1]) < 0.12


def test_the_loss_is_that_of_each_side_of_a_tag_weighed_alike():
    task = Tag(("a", "b"), shares=(0.25, 0.5))
    np.testing.assert_allclose(task.weights(), [3.0, 1.0])
    targets = torch.tensor([[1.0, 1], [0, 0], [0, 1], [0, 0]])
    by_hand = (3 * np.log(2) + 3 * np.log(2) + 4 * np.log(2)) / 8
    assert float(task.loss(torch.zeros(4, 2), targets)) == pytest.approx(by_hand)
    ones = task.loss(torch.randn(4, 2, generator=torch.Generator().manual_seed(0)), targets, torch.ones(4))
    assert ones == pytest.approx(
        float(task.loss(torch.randn(4, 2, generator=torch.Generator().manual_seed(0)), targets))
    )
    assert Tag(("a",), shares=(0.0,)).weights().tolist() == [MOST_WEIGHT]


def test_decoding_gives_the_tags_above_one_half():
    found = Tag(("a", "b")).decode(torch.tensor([[2.0, -1], [-1, -1], [0.5, 3]]))
    assert found.labels == (("a",), (), ("a", "b"))
    np.testing.assert_allclose(found.scores[0], [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(1))])


def test_the_blind_guess_says_the_shares():
    task = Tag(("a", "b"))
    scores = task.decode(task.blind([("a",), (), ("a", "b"), ("a",)])).scores
    np.testing.assert_allclose(scores, [[0.75, 0.25]], atol=1e-6)
    assert np.isfinite(task.blind([("a",), ("a",)]).numpy()).all()


def test_log_loss_is_the_mean_over_all_decisions():
    task = Tag(("a", "b"))
    predictions = Predictions((("a",), ()), np.array([[0.8, 0.3], [0.4, 0.0]]))
    by_hand = -np.mean(np.log([0.8, 0.7, 0.6, 1.0]))
    assert task.log_loss(predictions, [("a",), ()]) == pytest.approx(by_hand)


def test_lines_of_log_odds_are_those_of_logistic_regression():
    draw = np.random.default_rng(0)
    outputs = draw.normal(size=(400, 2))
    borne = draw.random((400, 2)) < 1 / (1 + np.exp(-(np.array([2.0, -1.0]) * outputs + np.array([0.5, -1.0]))))
    scale, shift = log_odds_lines(outputs, borne, np.ones((400, 2)))
    for k in range(2):
        oracle = LogisticRegression(C=1e6, tol=1e-10).fit(outputs[:, k : k + 1], borne[:, k])
        assert scale[k] == pytest.approx(oracle.coef_[0, 0], rel=0.03)  # smoothed targets are a little less sure
        assert shift[k] == pytest.approx(oracle.intercept_[0], abs=0.03)


def test_a_head_in_closed_form_finds_what_is_linear():
    draw = np.random.default_rng(0)
    features = draw.normal(size=(300, 6))
    borne = np.stack([features[:, 0] > 0.8, features[:, 1] + features[:, 2] > 0, np.zeros(300, bool)], axis=1)
    head = indicator_head(features, borne, np.array([3.0, 1.0, 20.0]))
    logits = features @ head.weight.T + head.bias
    assert np.isfinite(logits).all()
    assert ((logits[:, :2] > 0) == borne[:, :2]).mean() > 0.93
    assert (logits[:, 2] < 0).all()


def bars_and_dots(n, seed):
    """Pictures with lying bars, upright bars, both or neither."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[:16, :16]
    pictures, labels = [], []
    for i in range(n):
        tags = [("lying",), ("upright",), ("lying", "upright"), ()][i % 4]
        shape = np.zeros((16, 16))
        for tag in tags:
            shape = np.maximum(shape, ((rows if tag == "lying" else columns) + draw.integers(0, 6)) % 6 < 2)
        pictures.append(np.clip(200 * shape + draw.normal(25, 30, (16, 16)), 0, 255).astype(np.uint8))
        labels.append(tags)
    return np.stack(pictures), labels


def test_a_study_of_tags_ends_with_a_verdict():
    pictures, labels = bars_and_dots(80, seed=0)
    test = bars_and_dots(40, seed=1)
    target = Target.of(pictures, labels, test=test)
    source = Source("zoo:objects-cnn")
    predictor = LinearProbe().fit((source,), target, Run())
    value = target.task.metric.value(predictor.predict(test[0]), test[1])
    assert value > 0.8
    study = tk.compare(
        [source],
        target,
        ["linear_probe", "full:epochs=2,learning_rate=0.001", "scratch:epochs=2,learning_rate=0.001"],
        seeds=2,
        cache=NoCache(),
        label_curve=False,
    )
    assert study.summary.gain is not None
    assert study.summary.target["task"] == "tag"
    assert "linear_probe < zoo:objects-cnn" in {arm.name for arm in study.summary.arms}
    assert set(study.best.predict(test[0]).labels) <= {("lying",), ("upright",), ("lying", "upright"), ()}
    assert "average precision" in str(study)
