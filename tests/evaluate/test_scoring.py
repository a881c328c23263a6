import numpy as np
import pytest
from scipy.special import softmax

from transferkit.core.errors import UnknownName, WrongUse
from transferkit.evaluate.scoring import score_classes, score_of, unavailable
from transferkit.ops.scores.energy import energy
from transferkit.ops.scores.gbc import gbc
from transferkit.ops.scores.h_score import h_score
from transferkit.ops.scores.knn import knn
from transferkit.ops.scores.lda import lda
from transferkit.ops.scores.leep import leep
from transferkit.ops.scores.logme import logme
from transferkit.ops.scores.nce import nce
from transferkit.ops.scores.nearest_class_mean import nearest_class_mean
from transferkit.ops.scores.nleep import nleep
from transferkit.ops.scores.parc import parc
from transferkit.ops.scores.score import find_scores
from transferkit.ops.scores.sfda import sfda
from transferkit.ops.scores.transrate import transrate


def problem(sizes=(12, 6), d=7):
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    features = generator.normal(size=(len(labels), d)) + labels[:, None]
    return features.astype(np.float32), labels, generator.normal(size=(len(labels), 5)).astype(np.float32)


@pytest.mark.parametrize("balanced", [False, True])
def test_scores_are_those_of_the_single_functions(balanced):
    features, labels, logits = problem()
    scores, without = score_classes(features, labels, 3, balanced, logits)
    outputs = softmax(logits.astype(float), axis=1)
    assert scores == pytest.approx(
        {
            "energy": energy(features),
            "gbc": gbc(features, labels),
            "h_score": h_score(features, labels),
            "knn": knn(features, labels, balanced=balanced),
            "lda": lda(features, labels, balanced=balanced),
            "leave_one_out": without.per_item.mean(),
            "leep": leep(outputs, labels, balanced=balanced),
            "logme": logme(features, labels),
            "nce": nce(outputs.argmax(axis=1), labels, balanced=balanced),
            "nearest_class_mean": nearest_class_mean(features, labels, balanced=balanced),
            "nleep": nleep(features, labels, balanced=balanced),
            "parc": parc(features, labels),
            "sfda": sfda(features, labels, balanced=balanced),
            "transrate": transrate(features, labels),
        }
    )
    assert without.predictions.shape == (18, 3)


def test_classes_that_are_alike_in_number_need_no_balance():
    features, labels, _ = problem((9, 9))
    told, without = score_classes(features, labels, 2, balanced=True)
    plain, _ = score_classes(features, labels, 2)
    assert told == plain
    assert without.per_item.shape == (18,)


def test_a_source_without_a_head_goes_without_the_scores_that_read_one():
    features, labels, logits = problem()
    with_head, _ = score_classes(features, labels, 2, outputs=logits)
    bare, _ = score_classes(features, labels, 2)
    assert with_head.keys() - bare.keys() == unavailable(None).keys() == {"leep", "nce"}
    assert with_head.keys() == find_scores().keys()


def test_a_head_of_one_output_is_no_head_of_classes():
    features, labels, logits = problem()
    scores, _ = score_classes(features, labels, 2, outputs=logits[:, :1])
    assert "leep" not in scores
    assert "a head of two classes or more" in unavailable(logits[:, :1])["leep"]


def test_one_score_by_name_is_the_same_number():
    features, labels, logits = problem()
    scores, _ = score_classes(features, labels, 2, True, logits)
    assert {name: score_of(name, features, labels, True, logits) for name in scores} == pytest.approx(scores)


def test_asking_leep_of_a_source_without_a_head_says_what_to_ask_instead():
    features, labels, _ = problem()
    with pytest.raises(
        WrongUse, match=r"^leep cannot be had: .* this source has no head; ask for energy, gbc, "
    ) as error:
        score_of("leep", features, labels)
    assert "\n" not in str(error.value)
    assert "nce" not in str(error.value).split("ask for")[1]


def test_an_unknown_score_suggests_the_nearest():
    features, labels, _ = problem()
    with pytest.raises(UnknownName, match="unknown score 'logmee'; did you mean 'logme'"):
        score_of("logmee", features, labels)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_or_outputs_that_are_not_finite_are_refused(value):
    features, labels, logits = problem()
    logits[3, 1] = value
    with pytest.raises(ValueError, match="outputs must be finite"):
        score_classes(features, labels, 2, outputs=logits)
    features[3, 1] = value
    with pytest.raises(ValueError, match="features of item 3 are not finite"):
        score_classes(features, labels, 2)


def test_features_that_are_all_the_same_are_refused():
    with pytest.raises(ValueError, match="same for every item"):
        score_classes(np.ones((6, 3)), np.array([0, 1, 0, 1, 0, 1]), 2)
