"""A target is sealed at the door, keeps the owner's splits, and tells what is wrong with the data."""

import re

import numpy as np
import pytest
from PIL import Image

from transferkit.core.errors import WrongUse
from transferkit.core.target import Target
from transferkit.tasks.classify import Classify


def pictures(n, seed=0, size=6):
    return np.random.default_rng(seed).integers(0, 256, (n, size, size), dtype=np.uint8)


def labels(n, classes=("cat", "dog")):
    return [classes[i % len(classes)] for i in range(n)]


def parts(target):
    return target.train, target.validation, target.test.open("a test")


def save(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pictures(1, seed)[0]).save(path)


@pytest.fixture
def put(tmp_path):
    def make(names):
        """names: path -> seed of its content."""
        for name, seed in names.items():
            save(tmp_path / name, seed)
        return tmp_path

    return make


def test_a_quarter_is_sealed_and_a_quarter_of_the_rest_is_validation():
    train, validation, test = parts(Target.of(pictures(160), labels(160)))
    assert (len(train), len(validation), len(test)) == (90, 30, 40)
    for part in (train, validation, test):
        assert sorted(part.labels).count("cat") * 2 == len(part)


def test_no_item_is_on_two_sides_and_none_is_lost():
    target = Target.of(pictures(40), labels(40))
    ids = [set(part.ids) for part in parts(target)]
    assert sum(map(len, ids)) == len(set.union(*ids)) == 40


def test_items_labels_and_names_stay_together():
    raw, names = pictures(40), labels(40)
    for part in parts(Target.of(raw, names)):
        for item, label, name in zip(part.items, part.labels, part.names, strict=True):
            position = int(name.removeprefix("item "))
            assert np.array_equal(np.asarray(item), raw[position])
            assert label == names[position]


def test_fold_keeps_the_test_and_gives_every_class_a_validation_item():
    target = Target.of(pictures(60), labels(60, ("a", "b", "c")))
    test = target.test.open("a test").ids
    drawn = set()
    for seed in range(5):
        fold = target.fold(seed)
        assert fold.test is target.test
        assert not set(fold.train.ids) & set(fold.validation.ids)
        assert not (set(fold.train.ids) | set(fold.validation.ids)) & set(test)
        assert set(fold.train.labels) == set(fold.validation.labels) == {"a", "b", "c"}
        assert fold.fingerprint == target.fingerprint
        drawn.add(fold.validation.ids)
    assert len(drawn) == 5


def test_a_fold_of_a_fold_is_that_fold():
    target = Target.of(pictures(40), labels(40))
    assert target.fold(3).fold(7).train.ids == target.fold(7).train.ids
    assert target.whole().fold(7).validation.ids == target.fold(7).validation.ids


def test_whole_has_every_open_label_in_train():
    target = Target.of(pictures(40), labels(40))
    whole = target.whole()
    assert sorted(whole.train.ids) == sorted(target.train.ids + target.validation.ids)
    assert len(whole.validation) == 0
    assert whole.train.ids == target.fold(9).whole().train.ids


def test_neither_order_nor_names_change_anything(put, tmp_path):
    raw, names = pictures(40), labels(40)
    target, order = Target.of(raw, names), np.random.default_rng(1).permutation(40)
    shuffled = Target.of(raw[order], [names[i] for i in order])
    assert shuffled.fingerprint == target.fingerprint
    assert shuffled.train.ids == target.train.ids
    folder = put({f"{'cat' if i % 2 else 'dog'}/{i}.png": i for i in range(20)})
    before = Target.read(folder)
    (folder / "cat/1.png").rename(folder / "cat/renamed.png")
    after = Target.read(folder)
    assert after.fingerprint == before.fingerprint
    assert after.train.ids == before.train.ids


def test_the_fingerprint_changes_with_content_labels_and_split():
    raw, names = pictures(40), labels(40)
    reference = Target.of(raw, names, test=(pictures(4, seed=1), labels(4)))
    other = raw.copy()
    other[0, 0, 0] ^= 1
    changed = [
        Target.of(other, names, test=(pictures(4, seed=1), labels(4))),
        Target.of(raw, ["dog", *names[1:]], test=(pictures(4, seed=1), labels(4))),
        Target.of(raw[1:], names[1:], test=(pictures(4, seed=1), labels(4))),
        Target.of(raw, [None, *names[1:]], test=(pictures(4, seed=1), labels(4))),
        Target.of(raw, names),
        Target.of(raw, names, seed=1),
    ]
    assert len({reference.fingerprint, *(target.fingerprint for target in changed)}) == 7


def test_the_seal_counts_its_openings_whichever_fold_is_asked():
    target = Target.of(pictures(40), labels(40))
    target.test.open("the proof")
    target.fold(1).test.open("a peek")
    assert target.test.openings == target.whole().test.openings == ["the proof", "a peek"]


def test_a_given_test_is_sealed_as_it_is():
    target = Target.of(pictures(6), labels(6), test=(pictures(30, seed=1), labels(30)))
    assert (len(target.train), len(target.validation), len(target.test)) == (4, 2, 30)
    assert not any("leakage" in line for line in target.warnings)


def test_items_without_a_label_are_unlabelled():
    target = Target.of(pictures(44), [*labels(40), None, "", float("nan"), "nan"])
    assert len(target.unlabelled) == 4
    assert target.unlabelled.labels is None


def test_whole_numbers_are_classes():
    target = Target.of(pictures(40), np.arange(40) % 2)
    assert target.task == Classify(("0", "1"))


def test_a_validation_folder_without_a_test_folder_is_the_test(put):
    names = {f"{split}/{c}/{i}.png" for split in ("train", "val") for c in ("cat", "dog") for i in range(12)}
    target = Target.read(put({name: seed for seed, name in enumerate(sorted(names))}))
    train, validation, test = parts(target)
    assert all(name.startswith("val/") for name in test.names)
    assert all(name.startswith("train/") for name in train.names + validation.names)
    assert not target.validation_is_given
    assert any("the validation split is sealed as the test" in line for line in target.warnings)


def test_given_validation_stays_in_every_fold(put):
    names = [f"{split}/{c}/{i}.png" for split in ("train", "val", "test") for c in ("cat", "dog") for i in range(3)]
    target = Target.read(put({name: seed for seed, name in enumerate(names)}))
    assert target.validation_is_given
    assert all(name.startswith("val/") for name in target.fold(5).validation.names)
    assert len(target.whole().train) == 12


def test_leakage_between_given_splits_is_told_with_names(put):
    names = {f"train/{c}/{i}.png": seed * 10 + i for seed, c in enumerate(("cat", "dog")) for i in range(4)}
    names |= {"test/cat/x.png": names["train/cat/0.png"], "test/cat/y.png": 5000, "test/dog/z.png": 5001}
    (line,) = [line for line in Target.read(put(names)).warnings if "leakage" in line]
    assert line == "leakage: 1 item of test is also in train: test/cat/x.png = train/cat/0.png; remove one of each"


def test_identical_items_stay_on_one_side_of_our_own_splits():
    raw = np.repeat(pictures(20), 3, axis=0)
    target = Target.of(raw, [name for name in labels(20) for _ in range(3)])
    sides = [set(part.ids) for part in parts(target)]
    assert not sides[0] & sides[1] | sides[1] & sides[2] | sides[0] & sides[2]
    assert not any("leakage" in line for line in target.warnings)


def test_identical_items_with_different_labels_are_told():
    raw = pictures(40)
    raw[1] = raw[0]
    (line,) = [line for line in Target.of(raw, labels(40)).warnings if "identical" in line]
    assert line == "1 identical item has different labels: item 0 is 'cat' but item 1 is 'dog'"


def test_a_class_with_one_picture_is_learned_from_and_never_tested():
    target = Target.of(pictures(121), [*labels(120), "owl"])
    assert "owl" in target.train.labels
    assert any("class 'owl' is not in the test split: learned from, never tested" in line for line in target.warnings)


def test_a_class_only_in_the_test_is_told():
    target = Target.of(pictures(20), labels(20), test=(pictures(3, seed=1), ["cat", "dog", "owl"]))
    assert any("class 'owl' is only in the test split" in line for line in target.warnings)
    assert any("only 3 items" in line for line in target.warnings)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["cat"] * 8, "every labelled item is of the one class 'cat'"),
        (list("abcdefgh"), "8 labelled items of 8 classes leave none for the test split; at least one class needs 3"),
        (list("aabbccdd"), "8 labelled items of 4 classes leave none for validation beside the test split; at least one"),
        ([None] * 8, "not one item has a label"),
        ([f"a sentence {i}" for i in range(8)], "labels such as .* fit no task of .*classify"),
        (["a", 3] * 4, "labels mix numbers and words: 'a' (target item 0) and 3 (target item 1)"),
        (["a"] * 7, "8 items and 7 labels"),
    ],
)  # fmt: skip
def test_labels_that_do_not_reach_are_refused_in_one_line(names, reason):
    with pytest.raises(WrongUse) as refused:
        Target.of(pictures(8), names)
    message = str(refused.value)
    assert "target" in message
    assert re.search(reason if ".*" in reason else re.escape(reason), message)
    assert "\n" not in message


def test_a_task_may_be_named():
    assert Target.of(pictures(40), labels(40), task="classify").task.name == "classify"
    fixed = Classify(("cat", "dog", "owl"))
    assert Target.of(pictures(40), labels(40), task=fixed).task == fixed
    with pytest.raises(WrongUse, match="unknown task 'clasify'; did you mean 'classify'"):
        Target.of(pictures(40), labels(40), task="clasify")


def test_numbers_are_classes_where_a_person_says_so():
    target = Target.of(pictures(40), [0.5, 1.5] * 20, task="classify")
    assert target.task.classes == ("0.5", "1.5")
    assert set(target.train.labels) == {"0.5", "1.5"}
    assert Target.of(pictures(40), [0.5, 1.5] * 20).task.name == "regress"


def test_a_target_without_any_label_needs_a_named_task():
    target = Target.of(pictures(8), [None] * 8, task=Classify(("cat", "dog")))
    assert (len(target.train), len(target.test), len(target.unlabelled)) == (0, 0, 8)
    tested = Target.of(pictures(8), [None] * 8, test=(pictures(20, seed=1), labels(20)))
    assert (len(tested.train), len(tested.test), len(tested.unlabelled)) == (0, 20, 8)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda path: path / "absent",
            "no such file or folder$",
        ),
        (lambda path: path, "the folder is empty; expected"),
        (lambda path: (path / "a.bin").write_text("x") and path, "no data that can be read was found here; expected"),
        (lambda path: (path / "a.txt").write_text("x") and path / "a.txt", "no data that can be read was found"),
    ],
)
def test_a_path_without_data_is_refused_in_one_line(tmp_path, make, reason):
    with pytest.raises(WrongUse, match=reason) as refused:
        Target.read(make(tmp_path))
    assert str(tmp_path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_refusal_names_the_path_once(put):
    folder = put({f"cat/{i}.png": i for i in range(4)})
    with pytest.raises(WrongUse) as refused:
        Target.read(folder)
    assert str(refused.value).count(str(folder)) == 1


def test_held_out_splits_without_train_are_refused(put):
    folder = put({f"{split}/cat/{i}.png": i for split in ("val", "test") for i in range(4)})
    with pytest.raises(WrongUse, match="leaves nothing to learn from"):
        Target.read(folder)


def test_a_share_outside_0_and_1_and_unknown_items_are_refused():
    with pytest.raises(WrongUse, match=r"test_share=1\.5"):
        Target.of(pictures(8), labels(8), test_share=1.5)
    with pytest.raises(WrongUse, match="cannot be read as modality 'image'"):
        Target.of(["a.jpg"], ["cat"], modality="image")
    with pytest.raises(WrongUse, match="items of type list cannot be read as any modality"):
        Target.of([object()], ["cat"])


def test_real_pictures_are_read_with_the_owners_splits(shared_data):
    target = Target.read(shared_data / "cats_dogs")
    assert (len(target.whole().train), len(target.test)) == (400, 200)
    assert target.task == Classify(("cats", "dogs"))
    assert target.train.items[0].mode == "RGB"


def test_a_target_may_be_judged_by_a_metric_the_person_names() -> None:
    labels = ["cat", "dog"] * 20
    pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    plain, named = Target.of(pictures, labels), Target.of(pictures, labels, metric="auroc")
    assert (plain.task.metric.name, named.task.metric.name) == ("accuracy", "auroc")
    assert plain.fingerprint == named.fingerprint
    with pytest.raises(WrongUse, match=r"unknown metric of task classify 'area'; .*Known: accuracy"):
        Target.of(pictures, labels, metric="area")
