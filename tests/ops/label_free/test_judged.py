import numpy as np
import pytest

from transferkit.ops.label_free.judged import Judged

TABLE = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
LABELS = np.array([0, 1, 1])


def test_tables_become_64_bit_and_sum_to_one():
    judged = Judged(target_probabilities=TABLE.astype(np.float32) * np.float32(1.0002))
    assert judged.target_probabilities.dtype == np.float64
    np.testing.assert_allclose(judged.target_probabilities.sum(axis=1), 1, rtol=1e-15)


def test_what_was_given_stays_as_it_was():
    given = TABLE * 1.0002
    Judged(target_probabilities=given)
    np.testing.assert_array_equal(given, TABLE * 1.0002)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"target_probabilities": TABLE[0]}, "target probabilities must be a table"),
        ({"target_probabilities": TABLE[:1]}, "two items and two classes or more"),
        ({"target_probabilities": np.array([[0.5, 0.5], [3.0, 1.0]])}, "target probabilities of item 1 sum to 4"),
        ({"target_probabilities": np.array([[2.0, -1.0], [0.5, 0.5]])}, "item 0 sum to 1 or hold a negative"),
        ({"target_probabilities": np.array([[0.5, 0.5], [np.nan, 1]])}, "target probabilities of item 1 are not finite"),
        ({"target_features": np.ones((2, 4))}, "3 target items need 3 rows of features"),
        ({"target_features": np.array([[1.0], [np.inf], [0.0]])}, "target features of item 1 are not finite"),
        ({"source_labels": LABELS}, "come together or not at all"),
        ({"source_features": np.ones((3, 4))}, "source features need source probabilities"),
        ({"source_probabilities": np.eye(3), "source_labels": LABELS}, "source has 3 classes and the target 2"),
        ({"source_probabilities": TABLE, "source_labels": LABELS[:2]}, "3 source items need 3 labels"),
        ({"source_probabilities": TABLE, "source_labels": LABELS + 1}, "class numbers 0 to 1"),
        ({"source_probabilities": TABLE, "source_labels": LABELS * 1.0}, "class numbers 0 to 1"),
        (
            {
                "source_probabilities": TABLE, "source_labels": LABELS,
                "source_features": np.ones((3, 2)), "target_features": np.ones((3, 5)),
            },
            "source features have width 2, target ones 5",
        ),
    ],
)  # fmt: skip
def test_what_no_score_can_be_computed_from_is_refused(given, reason):
    with pytest.raises(ValueError, match=reason):
        Judged(**{"target_probabilities": TABLE} | given)


def test_what_is_absent_is_said_when_it_is_asked_for():
    judged = Judged(target_probabilities=TABLE)
    assert not judged.has_source
    with pytest.raises(ValueError, match="held-out source items"):
        judged.held_out()
    with pytest.raises(ValueError, match="features of the source and of the target"):
        judged.both_features()
