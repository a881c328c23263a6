from collections import Counter

import numpy as np

from transferkit.planner.demo import LABELS_A_CLASS, demo_target


def test_the_demo_has_three_labels_a_class_and_seals_all_the_rest():
    target = demo_target()
    whole = target.whole().train
    assert Counter(whole.labels) == dict.fromkeys("0123456789", LABELS_A_CLASS)
    assert len(target.test) == 1797 - 10 * LABELS_A_CLASS
    assert not target.skipped


def test_the_seed_decides_which_items_are_labelled():
    first, again, other = demo_target(3), demo_target(3), demo_target(4)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert set(first.whole().train.ids) != set(other.whole().train.ids)


def test_the_pictures_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    target = demo_target()
    known = {np.rint(image * 255 / 16).astype(np.uint8).tobytes() for image in load_digits().images}
    for picture in target.whole().train.items:
        grey = np.asarray(picture.convert("L"))
        assert grey.shape == (8, 8)
        assert grey.tobytes() in known
