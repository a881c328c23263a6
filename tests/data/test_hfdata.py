"""Hugging Face data sets: local folders, what `save_to_disk` wrote, and the cache, never the network."""

import io
import pickle
import tracemalloc
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import datasets
import numpy as np
import pyarrow
import pytest
import soundfile
from PIL import Image

import transferkit as tk
from transferkit.core.errors import Failed, TransferkitError, WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.run import NoCache
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data import hfdata, hub_rows
from transferkit.data.hfdata import HubData
from transferkit.data.hub_rows import Place, read_rows
from transferkit.methods.baseline.scratch import Scratch
from transferkit.planner import source_tasks
from transferkit.tasks.classify import Classify


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path_factory.mktemp("hf")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def encoded(i: int) -> bytes:
    """A picture whose class shows: even ones are dark."""
    draw = np.random.default_rng(i)
    buffer = io.BytesIO()
    Image.fromarray(draw.integers(0, 60, (12, 12), dtype=np.uint8) + np.uint8(150 * (i % 2))).save(buffer, "PNG")
    return buffer.getvalue()


def pictures(n: int, first: int = 0) -> datasets.Dataset:
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "fine": datasets.ClassLabel(names=["dark", "light"]),
            "patient": datasets.Value("int64"),
            "tags": datasets.List(datasets.ClassLabel(names=["even", "third"])),
        }
    )
    rows = [
        {
            "image": {"bytes": encoded(i), "path": None},
            "fine": i % 2,
            "patient": i,
            "tags": [k for k, by in enumerate((2, 3)) if i % by == 0],
        }
        for i in range(first, first + n)
    ]
    return datasets.Dataset.from_list(rows, features=features)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Parquet files, as the hub has them."""
    folder = tmp_path_factory.mktemp("hub") / "shades"
    folder.mkdir()
    pictures(40).to_parquet(folder / "train-00000-of-00001.parquet")
    pictures(20, first=40).to_parquet(folder / "test-00000-of-00001.parquet")
    return folder


def test_pictures_of_parquet_files_are_read_with_the_owners_splits(folder: Path) -> None:
    target = Target.read(f"hfdata:{folder}")
    assert target.modality == "image"
    assert target.task.classes == ("dark", "light")
    assert (len(target.train) + len(target.validation), len(target.test)) == (40, 20)
    assert target.test_is_given
    for item, label in zip(target.train.items, target.train.labels, strict=True):
        assert ("light" if np.asarray(item).mean() > 100 else "dark") == label


def test_a_picture_has_the_id_it_has_as_a_file(folder: Path, tmp_path: Path) -> None:
    for i in range(40):
        place = tmp_path / ("dark", "light")[i % 2]
        place.mkdir(exist_ok=True)
        (place / f"{i}.png").write_bytes(encoded(i))
    files, rows = Target.read(tmp_path), Target.read(f"hfdata:{folder}::train")
    assert files.contents() == rows.contents()


def test_the_items_of_a_group_column_stay_together(folder: Path) -> None:
    target = Target.read(f"hfdata:{folder}::train", options=ReadOptions(label_column="fine"))
    assert target.train.groups is not None


def test_lists_of_class_labels_are_tags(folder: Path) -> None:
    target = Target.read(f"hfdata:{folder}", options=ReadOptions(label_column="tags"))
    assert target.task.name == "tag"
    assert target.task.classes == ("even", "third")
    assert () in target.train.labels


def test_a_slice_of_a_split_can_be_named(folder: Path) -> None:
    target = Target.read(f"hfdata:{folder}::train[:24]")
    assert len(target.contents()) == 24
    assert not target.test_is_given


def test_lazy_items_can_be_sent_to_a_worker(folder: Path) -> None:
    items = Target.read(f"hfdata:{folder}").train.items
    assert np.array_equal(np.asarray(pickle.loads(pickle.dumps(items))[3]), np.asarray(items[3]))


def test_a_row_that_cannot_be_used_is_left_out_with_its_reason(tmp_path: Path) -> None:
    rows = [{"bytes": encoded(i) if i else b"no picture", "path": None} for i in range(12)]
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b"])})
    labels = [i % 2 if i < 10 else -1 for i in range(12)]
    datasets.Dataset.from_dict({"image": rows, "label": labels}, features=features).save_to_disk(tmp_path / "kept")
    target = Target.read(f"hfdata:{tmp_path / 'kept'}")
    assert [(one.name, one.reason[:13]) for one in target.skipped] == [("kept row 1", "not a picture")]
    assert len(target.unlabelled) == 2


def test_sounds_are_decoded_from_their_bytes(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    cells = []
    for i in range(16):
        buffer = io.BytesIO()
        soundfile.write(buffer, 0.3 * draw.normal(size=(800, 1 + i % 2)).clip(-1, 1), 8000, format="WAV")
        cells.append({"bytes": buffer.getvalue(), "path": "a.wav"})
    table = datasets.Dataset.from_dict({"audio": cells, "label": ["yes", "no"] * 8})
    table = table.cast_column("audio", datasets.Audio(decode=False))
    datasets.DatasetDict({"train": table}).save_to_disk(tmp_path / "words")
    target = Target.read(f"hfdata:{tmp_path / 'words'}")
    assert target.modality == "audio"
    assert target.task == Classify(("no", "yes"))
    sound = target.train.items[0]
    assert sound.rate == 8000
    assert sound.samples.shape[0] == 800
    assert any("8 sounds are of several channels" in line for line in target.warnings)


def test_transcripts_are_found_and_stay_as_they_are_written(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.random.default_rng(0).normal(size=800).clip(-1, 1), 8000, format="WAV")
    cells = [{"bytes": buffer.getvalue(), "path": "a.wav"}] * 4
    columns = {"audio": cells, "sentence": ["seven", "7", "nan", ""], "speaker": ["a", "b", "a", "b"]}
    table = datasets.Dataset.from_dict(columns).cast_column("audio", datasets.Audio(decode=False))
    datasets.DatasetDict({"train": table}).save_to_disk(tmp_path / "said")
    reading = HubData().read(Path(f"hfdata:{tmp_path / 'said'}"), ReadOptions())
    assert reading.labelled.labels == ("seven", "7", "nan")
    assert len(reading.unlabelled) == 1


def test_texts_are_read_as_a_table_of_texts(tmp_path: Path) -> None:
    words = ["plot", "thin", "acting", "saved", "slow", "rainy", "evening", "never", "film", "music"]
    draw = np.random.default_rng(0)
    texts = [" ".join(draw.choice(words, 8)) + f" {i}" for i in range(60)]
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )

    def part(begin: int, end: int, hidden: bool = False) -> datasets.Dataset:
        labels = [-1 if hidden else i % 2 for i in range(begin, end)]
        return datasets.Dataset.from_dict({"text": texts[begin:end], "label": labels}, features=features)

    parts = {"train": part(0, 30), "test": part(30, 50), "unsupervised": part(50, 60, hidden=True)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "films")
    target = Target.read(f"hfdata:{tmp_path / 'films'}")
    assert target.modality == "text"
    assert target.task.classes == ("bad", "good")
    assert (len(target.test), len(target.unlabelled)) == (20, 10)
    assert target.train.items[0] in texts


def long_texts(folder: Path) -> list[str]:
    """Several times as many as are looked at to tell what they are."""
    texts = [f"{i} " + "plot thin acting saved slow rainy evening " * 200 for i in range(1200)]
    labels = datasets.ClassLabel(names=["bad", "good"])
    features = datasets.Features({"text": datasets.Value("string"), "label": labels})
    rows = datasets.Dataset.from_dict({"text": texts, "label": [0, 1] * 600}, features=features)
    rows.save_to_disk(folder)
    return [text.strip() for text in texts]


def test_long_texts_are_read_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, place = long_texts(tmp_path / "films"), Path(f"hfdata:{tmp_path / 'films'}")
    in_memory = HubData().read(place, ReadOptions()).labelled
    monkeypatch.setattr("transferkit.data.gathered.HELD", 2**16)
    monkeypatch.setattr("transferkit.data.table._MOST_CHARACTERS", 2**18)
    monkeypatch.setattr("transferkit.data.table.PEEKED", 20)
    monkeypatch.setattr("transferkit.data.hfdata._PIECE_BYTES", 2**18)
    tracemalloc.start()
    try:
        reading = HubData().read(place, ReadOptions())
        assert tracemalloc.get_traced_memory()[1] < sum(map(len, texts)) / 3
    finally:
        tracemalloc.stop()
    assert list(reading.labelled.items) == list(in_memory.items) == texts
    assert (reading.labelled.ids, reading.labelled.labels) == (in_memory.ids, in_memory.labels)
    assert reading.labelled.labels == ("bad", "good") * 600


def test_cells_of_a_table_are_what_the_data_set_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classes = datasets.ClassLabel(names=["no", "yes"])
    kinds = {
        "age": datasets.Value("int64"),
        "share": datasets.Value("float32"),
        "day": datasets.Value("timestamp[s]"),
        "empty": datasets.Value("null"),
        "grid": datasets.Array2D((2, 2), "int32"),
        "told": datasets.List(datasets.Value("string")),
        "many": datasets.List(classes),
        "seen": classes,
        "photo": datasets.Image(),
        "label": classes,
    }
    n = 9
    cells = {
        "age": [None, *range(1, n)],
        "share": [i / 4 for i in range(n)],
        "day": [datetime(2020, 1, 1 + i) for i in range(n)],
        "empty": [None] * n,
        "grid": [[[i, 0], [0, i]] for i in range(n)],
        "told": [["a"] * (i % 3) if i else None for i in range(n)],
        "many": [list(range(i % 3)) if i else None for i in range(n)],
        "seen": [None, -1, *(i % 2 for i in range(2, n))],
        "photo": [{"bytes": encoded(i), "path": None} for i in range(n)],
        "label": [i % 2 for i in range(n)],
    }
    part = datasets.Dataset.from_dict(cells, features=datasets.Features(kinds))
    datasets.DatasetDict({"train": part.select(range(1, 6)), "unsupervised": part}).save_to_disk(tmp_path / "kept")
    rows = read_rows(Place(str(tmp_path / "kept")))
    monkeypatch.setattr("transferkit.data.hfdata._PIECE_BYTES", 1)
    names = [name for name in kinds if name != "photo"]
    pieces = list(hfdata._pieces(rows, hfdata._plain_columns(rows.table), "label", adds_split=True))
    assert [piece.num_rows for piece in pieces] == [1] * (5 + n)
    found = pyarrow.concat_tables(pieces).to_pydict()
    assert list(found)[:-1] == names
    order = [*range(1, 6), *range(n)]
    for name in ("age", "share", "day", "empty", "grid", "told"):
        assert found[name] == [cells[name][i] for i in order]
    assert found["many"] == [None if i == 0 else ["no", "yes"][: i % 3] for i in order]
    assert found["seen"] == [None if i < 2 else ("no", "yes")[i % 2] for i in order]
    assert found["label"] == [("no", "yes")[i % 2] for i in range(1, 6)] + [None] * n
    assert list(found.values())[-1] == ["train"] * 5 + [""] * n


def test_nothing_but_pictures_where_texts_were_named_is_one_line(tmp_path: Path) -> None:
    pictures(6).select_columns(["image"]).save_to_disk(tmp_path / "kept")
    with pytest.raises(WrongUse, match=r"kept: none of its columns 'image' can be read"):
        HubData().read(Path(f"hfdata:{tmp_path / 'kept'}"), ReadOptions(text_column="image"))


def test_splits_of_other_names_are_left_out_and_told_of(tmp_path: Path) -> None:
    parts = {"train": pictures(20), "adversarial": pictures(8, first=50)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "kept")
    target = Target.read(f"hfdata:{tmp_path / 'kept'}")
    assert len(target.contents()) == 20
    assert any("split 'adversarial' (8 rows) is left out" in line for line in target.warnings)
    with pytest.raises(WrongUse, match=r"there is no split 'dev'; there are 'train', 'adversarial'"):
        Target.read(f"hfdata:{tmp_path / 'kept'}::dev")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("hfdata:no/such-thing", "cannot be read"),
        ("hfdata:", "names no data set"),
        ("hfdata:::train", "names no data set"),
    ],
)
def test_what_is_not_there_is_one_line(name: str, error: str) -> None:
    with pytest.raises(TransferkitError, match=error) as told:
        Target.read(name)
    assert "\n" not in str(told.value)
    with pytest.raises(TransferkitError, match=error):
        Source(name).data()


def test_a_column_that_is_not_there_is_one_line(folder: Path) -> None:
    with pytest.raises(WrongUse, match=r"unknown column of shades 'finee'; did you mean 'fine'"):
        Target.read(f"hfdata:{folder}", options=ReadOptions(label_column="finee"))


@pytest.mark.parametrize(
    ("spelled", "place"),
    [
        ("hfdata:a/b", Place("a/b")),
        ("hfdata:a/b:train", Place("a/b", None, "train")),
        ("hfdata:a/b:de:test[10%:20%]", Place("a/b", "de", "test[10%:20%]")),
        ("hfdata:a/b::dev-clean", Place("a/b", None, "dev-clean")),
        ("hfdata:a/b:clean", Place("a/b", "clean")),
    ],
)
def test_a_name_says_configuration_and_split(spelled: str, place: Place) -> None:
    assert Place.of(spelled) == place
    assert Place.of(str(place)) == place


def test_what_does_not_fit_on_the_disk_is_read_as_far_as_it_fits(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 60 * 400
    parts = {"train": SimpleNamespace(num_examples=40), "test": SimpleNamespace(num_examples=20)}
    info = SimpleNamespace(dataset_size=size, download_size=None, splits=parts)
    builder = SimpleNamespace(info=info, cache_dir=str(tmp_path / "absent"))
    monkeypatch.setattr(datasets, "load_dataset_builder", lambda *arguments: builder)
    monkeypatch.setattr(hub_rows, "free_bytes", lambda _: size)  # of which a half may be taken
    rows = read_rows(Place(str(folder)))
    assert len(rows.table) == 30
    assert rows.splits.count("train") == 20
    assert any("does not fit on this disk" in line and "the first 30 of 60 rows" in line for line in rows.notes)
    assert rows.table[0]["image"]["bytes"] == encoded(0)


def test_it_can_be_a_source(folder: Path, tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_tasks, "Scratch", lambda: Scratch(epochs=1))
    source = Source(f"hfdata:{folder}")
    assert source.holds == "data"
    assert source.card().classes == ("dark", "light")
    ranking = tk.rank([source, "zoo:digits-cnn"], tiny_target, cache=NoCache())
    assert {row.name for row in ranking.rows if row.predicted is not None} == {source.name, "zoo:digits-cnn"}


def test_offline_asks_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)

    asked = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *arguments, **more: asked.append(arguments) or [])
    with pytest.raises(Failed, match="cannot be read"):
        read_rows(Place("no/such-thing"), offline=True)
    assert asked == []
    assert datasets.config.HF_HUB_OFFLINE is False
