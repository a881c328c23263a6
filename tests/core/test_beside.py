"""A target whose own labels are none or a handful."""

from pathlib import Path

import pytest

from transferkit.core.beside import as_evidence, read_beside, target_beside
from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.sources.memory import source_of


@pytest.fixture(name="source", scope="module")
def _source() -> Source:
    rows = [{"a": float(i), "b": float(i % 5)} for i in range(40)]
    return source_of(rows, ["low", "high"] * 20, name="old rows")


def _table(folder: Path, labels: list[str]) -> Path:
    lines = ["a,b,label", *(f"{i}.5,{i % 7},{label}" for i, label in enumerate(labels))]
    path = folder / "new.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_data_without_any_label_take_the_task_of_the_other_domain(tmp_path: Path, source: Source) -> None:
    target = read_beside(_table(tmp_path, [""] * 30), source.data)
    assert (len(target.train), len(target.validation), len(target.test)) == (0, 0, 0)
    assert len(target.unlabelled) == 30
    assert target.task.describe()["classes"] == ["high", "low"]


def test_two_labels_are_sealed_and_the_reason_is_told(tmp_path: Path, source: Source) -> None:
    target = read_beside(_table(tmp_path, ["low", "middle", *[""] * 30]), source.data)
    assert (len(target.train), len(target.test), len(target.unlabelled)) == (0, 2, 30)
    assert target.task.describe()["classes"] == ["high", "low", "middle"]
    assert any("2 labels serve as evidence alone" in line for line in target.warnings)


def test_data_in_memory_are_learned_for_in_the_task_of_the_other_domain() -> None:
    rows = [{"a": float(i % 7), "b": float(i % 3)} for i in range(40)]
    old = source_of(rows, ["well", "sick"] * 20, name="old in memory")
    bare = target_beside(rows, old, name="new")
    assert (len(bare.train), len(bare.unlabelled), len(bare.test)) == (0, 40, 0)
    few = target_beside(rows, old, labels=[*["sick", "well"] * 2, *[None] * 36], name="new")
    assert (len(few.train), len(few.unlabelled), len(few.test)) == (0, 36, 4)
    assert any("4 labels serve as evidence alone" in line for line in few.warnings)
    with pytest.raises(WrongUse, match="share no class"):
        target_beside(rows, old, labels=[*["red"] * 2, *[None] * 38])
    with pytest.raises(WrongUse, match="40 items and 2 labels"):
        target_beside(rows, old, labels=["sick", "well"])
    with pytest.raises(WrongUse, match=r"is a model; .*name labelled data"):
        target_beside(rows, Source("zoo:digits-cnn"))


def test_enough_labels_are_read_as_without_another_domain(tmp_path: Path, source: Source) -> None:
    path = _table(tmp_path, ["red", "blue"] * 30)
    beside, alone = read_beside(path, source.data), Target.read(path)
    assert beside.fingerprint == alone.fingerprint
    assert beside.task == alone.task


def test_domains_of_two_kinds_of_data_are_refused_in_one_line(
    tmp_path: Path, other_domains: tuple[Source, ...]
) -> None:
    with pytest.raises(WrongUse, match=r"holds tabular and .* image; .*same kind"):
        read_beside(_table(tmp_path, [""] * 30), other_domains[0].data)


def test_hidden_labels_leave_the_sealed_test_alone(tiny_target: Target) -> None:
    hidden = tiny_target.hidden()
    assert not len(hidden.train) + len(hidden.validation)
    assert hidden.unlabelled.labels is None
    assert set(hidden.unlabelled.ids) == {*tiny_target.train.ids, *tiny_target.validation.ids}
    assert hidden.test.ids == tiny_target.test.ids
    assert hidden.hidden() is hidden
    assert hidden.fingerprint != tiny_target.fingerprint


def test_a_handful_of_labels_all_become_evidence() -> None:
    rows = [{"a": float(i)} for i in range(60)]
    target = Target.of(rows, ["low", "high"] * 6 + [None] * 48)
    assert target.too_small_to_seal
    evidence = as_evidence(target)
    assert (len(evidence.train), len(evidence.test), len(evidence.unlabelled)) == (0, 12, 48)
    assert not evidence.too_small_to_seal


def _sick(folder: Path, labels: list[str]) -> Path:
    """A table whose column of labels has no usual name: only the other domain tells that it is no feature."""
    path = _table(folder, labels)
    path.write_text(path.read_text(encoding="utf-8").replace("a,b,label", "a,b,sick"), encoding="utf-8")
    return path


def test_two_labels_in_a_column_of_no_usual_name_are_labels_and_no_feature(tmp_path: Path, source: Source) -> None:
    target = read_beside(_sick(tmp_path, ["low", "high", *[""] * 30]), source.data)
    assert (len(target.train), len(target.test), len(target.unlabelled)) == (0, 2, 30)
    assert set(target.unlabelled.items[0]) == {"a", "b"}


def test_a_further_column_that_holds_no_label_of_the_other_domain_is_none(tmp_path: Path, source: Source) -> None:
    path = _sick(tmp_path, [f"p{i}q" for i in range(30)])
    target = read_beside(path, source.data)
    assert (len(target.train), len(target.test), len(target.unlabelled)) == (0, 0, 30)
    assert target.task.describe()["classes"] == ["high", "low"]


def _old(folder: Path, ending: str) -> Path:
    """A labelled table of columns a, b and the labels, in a column of no usual name."""
    path = folder / "old.csv"
    path.write_text(f"a,b,sick\n{ending}", encoding="utf-8")
    return path


@pytest.mark.parametrize("labels", ["price", "kind"])
def test_a_further_column_beside_a_source_that_names_its_labels_otherwise_is_no_label(
    tmp_path: Path, labels: str
) -> None:
    """Of numbers it could be mistaken for what is to be predicted, of the source's classes too."""
    old = _old(tmp_path, "".join(f"{i},{i % 5},{i * 1.5 if labels == 'price' else 'lh'[i % 2]}\n" for i in range(60)))
    path = _table(tmp_path, [str(i / 7) if labels == "price" else "lh"[i % 2] for i in range(40)])
    path.write_text(path.read_text(encoding="utf-8").replace("a,b,label", "a,b,further"), encoding="utf-8")
    target = read_beside(path, Source(str(old)).data)
    assert (len(target.train), len(target.validation), len(target.test), len(target.unlabelled)) == (0, 0, 0, 40)
    said = [line for line in target.warnings if "'further'" in line]
    assert len(said) == 1
    assert "call the column 'sick' if it holds them" in said[0]
    named = read_beside(path, Source(str(old)).data, options=ReadOptions(label_column="further"))
    assert len(named.train) > 20


def test_labels_are_in_the_column_that_is_called_as_in_the_source_wherever_it_stands(tmp_path: Path) -> None:
    old = _old(tmp_path, "".join(f"{i},{i % 5},{'lh'[i % 2]}\n" for i in range(60)))
    new = tmp_path / "new.csv"
    new.write_text("sick,a,b,class\n" + "".join(f"{'lh'[i % 2]},{i}.5,{i % 7},{i % 3}\n" for i in range(60)))
    target = read_beside(new, Source(str(old)).data)
    assert target.task.describe()["classes"] == ["h", "l"]
    assert set(target.train.items[0]) == {"a", "b", "class"}
    new.write_text("a,b,sick,further\n" + "".join(f"{i}.5,{i % 7},,{i % 3}\n" for i in range(30)))
    without = read_beside(new, Source(str(old)).data)
    assert len(without.unlabelled) == 30


def test_a_misspelled_task_is_refused_and_not_taken_for_data_without_labels(tmp_path: Path, source: Source) -> None:
    with pytest.raises(WrongUse, match=r"clasify.*classify"):
        read_beside(_table(tmp_path, ["low", "high"] * 30), source.data, task="clasify")


def test_data_without_labels_are_learned_for_in_the_task_that_was_named(tmp_path: Path) -> None:
    old = tmp_path / "old.csv"
    old.write_text("a,b,label\n" + "".join(f"{i},{i % 5},{i % 3}\n" for i in range(60)), encoding="utf-8")
    target = read_beside(_table(tmp_path, [""] * 30), Source(str(old)).data, task="regress")
    assert target.task.name == "regress"


def test_a_task_that_the_other_domain_does_not_teach_is_refused(tmp_path: Path, source: Source) -> None:
    path = _table(tmp_path, [""] * 30)
    with pytest.raises(WrongUse, match=r"old rows.*classify.*regress") as refused:
        read_beside(path, source.data, task="regress")
    assert str(refused.value).count(path.name) == 1


def test_labels_that_are_evidence_and_share_no_class_with_the_other_domain_are_refused(
    tmp_path: Path, source: Source
) -> None:
    with pytest.raises(WrongUse, match="share no class"):
        read_beside(_table(tmp_path, ["red", "blue", *[""] * 30]), source.data)
