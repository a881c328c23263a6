"""Names without a scheme: labelled data of one's own, and models that were saved."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from transferkit.artifact import saved
from transferkit.core.errors import Failed, TransferkitError, WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.method import check_sources
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source, SourceOptions
from transferkit.core.target import Target
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full


@pytest.fixture(scope="module")
def fitted(tiny_target: Target) -> Predictor:
    return Scratch(epochs=2).fit((), tiny_target.fold(0), Run())


@pytest.fixture(scope="module")
def model(fitted: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "leaves"
    saved.save(fitted, folder)
    return folder


def test_a_folder_of_class_folders_holds_data(bars_folder: Path) -> None:
    source = Source(str(bars_folder))
    assert source.holds == "data"
    card = source.card()
    assert (card.modality, card.holds, card.classes) == ("image", "data", ("disc", "lying", "upright"))
    with pytest.raises(WrongUse, match="no network has been learned yet"):
        source.network()


def test_nothing_of_it_is_sealed_and_a_quarter_is_held_out(bars_folder: Path) -> None:
    data = Source(str(bars_folder)).data()
    assert (len(data.train), len(data.validation), len(data.test)) == (27, 9, 0)


def test_the_owners_own_splits_are_kept(bars_folder: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        shutil.copytree(bars_folder, tmp_path / "plants" / split)
    for file in (tmp_path / "plants" / "test").rglob("*.png"):
        file.write_bytes(file.read_bytes() + b"other bytes")
    data = Source(str(tmp_path / "plants")).data()
    assert (len(data.train), len(data.validation)) == (36, 36)
    assert data.validation_is_given
    assert not set(data.train.ids) & set(data.validation.ids)


def test_its_fingerprint_changes_with_its_content_alone(bars_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "another name"
    shutil.copytree(bars_folder, copy)
    before = Source(str(bars_folder)).card().fingerprint
    assert Source(str(copy)).card().fingerprint == before
    next(copy.rglob("*.png")).unlink()
    assert Source(str(copy)).card().fingerprint != before


def test_a_saved_model_is_a_source_with_its_own_head(model: Path, fitted: Predictor, tiny_target: Target) -> None:
    source = Source(str(model))
    card = source.card()
    assert source.holds == card.holds == "model"
    assert card.classes == tiny_target.task.classes
    network = source.network()
    assert card.parameters == sum(p.numel() for p in network.parameters()) - sum(
        p.numel() for p in network.head.parameters()
    )
    items = tiny_target.train.items
    with torch.inference_mode():
        scores = network.head(network(source.processor()([items[i] for i in range(5)]))).softmax(dim=1)
    np.testing.assert_allclose(scores.numpy(), fitted.predict(items).scores[:5], atol=1e-5)


def test_what_is_fine_tuned_from_a_saved_model_can_be_saved(model: Path, tiny_target: Target, tmp_path: Path) -> None:
    predictor = Full(epochs=1).fit((Source(str(model)),), tiny_target.fold(0), Run())
    saved.save(predictor, tmp_path / "next")
    items = tiny_target.train.items
    again = saved.load(tmp_path / "next").predict(items)
    np.testing.assert_array_equal(again.scores, predictor.predict(items).scores)
    assert Source(str(tmp_path / "next")).network().head is not None


def test_a_saved_model_that_was_damaged_is_one_line(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    weights = copy / "tensors.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 255]))
    with pytest.raises(Failed, match="damaged"):
        Source(str(copy)).network()
    weights.write_bytes(content[:50])
    with pytest.raises(Failed, match="not a whole safetensors file"):
        Source(str(copy)).card()
    (copy / "settings.json").write_text("{}")
    with pytest.raises(WrongUse, match="not written by transferkit"):
        Source(str(copy)).card()


def test_a_saved_model_without_a_network_is_one_line(tiny_target: Target, tmp_path: Path) -> None:
    saved.save(Majority().fit((), tiny_target, Run()), tmp_path / "floor")
    with pytest.raises(WrongUse, match="Blind, in which there is no network"):
        Source(str(tmp_path / "floor")).card()


def test_data_is_not_taken_where_a_model_is_needed(bars_folder: Path) -> None:
    with pytest.raises(WrongUse, match="takes 1 pretrained model"):
        check_sources(Full(), (Source(str(bars_folder)),))


def test_columns_of_a_table_can_be_named_in_the_name(bars_folder: Path) -> None:
    rows = [f"{file.parent.name}/{file.name},{file.parent.name},{i % 5}" for i, file in enumerate(_files(bars_folder))]
    table = bars_folder / "labels.csv"
    table.write_text("file,kind,label\n" + "\n".join(rows))
    try:
        assert Source(f"{table}?label_column=kind").data().task.classes == ("disc", "lying", "upright")
        named = SourceOptions(reading=ReadOptions(label_column="kind", group_column="no such column here"))
        assert Source(str(table), named).data().task.classes == ("disc", "lying", "upright")
        assert Source(str(table)).data().task.classes == tuple("01234")
        with pytest.raises(WrongUse, match=r"unknown option of a source data set 'label'"):
            Source(f"{table}?label=kind").data()
    finally:
        table.unlink()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("digits-cnn", "zoo:digits-cnn"), ("microsoft/resnet-18", "hf:microsoft/resnet-18"), ("strips", "stripes")],
)
def test_a_misspelled_name_is_one_line_with_what_may_be_meant(
    name: str, hint: str, bars_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bars_folder.parent)
    with pytest.raises(TransferkitError, match=rf"did you mean {hint}\?") as error:
        Source(name).check()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "scheme"), [("model.safetensors", "torch"), ("model.hdf5", "keras")])
def test_a_file_of_weights_is_told_to_say_its_kind(name: str, scheme: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"weights")
    with pytest.raises(WrongUse, match=rf"say which kind it is, as in {scheme}:"):
        Source(str(tmp_path / name)).check()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png"))
