"""Time series: windows that straddle no series, in the order of time, on one side of a split each."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.recognise import recognise_format
from transferkit.core.source import Source, SourceOptions
from transferkit.core.target import Target
from transferkit.data.tabular import Tabular
from transferkit.data.time_series import TimeSeries, windows
from transferkit.tasks.regress import Regress

OPTIONS = ReadOptions(time_column="cycle", group_column="unit", label_column="life", window=3)


def machines(path: Path, lengths: tuple[int, ...] = (7, 5, 9, 2)) -> Path:
    """Rows of several machines, shuffled; the sensor tells machine and moment, life counts down."""
    rows = [
        f"{unit},{cycle},{100 * unit + cycle},{cycle / 4},{length - cycle},kind"
        for unit, length in enumerate(lengths)
        for cycle in range(length)
    ]
    np.random.default_rng(0).shuffle(rows)
    path.write_text("unit,cycle,sensor,other,life,word\n" + "\n".join(rows), encoding="utf-8")
    return path


def test_a_table_is_a_time_series_only_where_a_person_says_so(tmp_path: Path) -> None:
    path = machines(tmp_path / "a.csv")
    assert isinstance(recognise_format(path, OPTIONS), TimeSeries)
    assert isinstance(recognise_format(path, ReadOptions(label_column="life")), Tabular)


def test_windows_hold_consecutive_moments_of_one_series_and_end_at_its_end(tmp_path: Path) -> None:
    examples = TimeSeries().read(machines(tmp_path / "a.csv"), OPTIONS).labelled
    assert examples.labels is not None
    assert examples.groups is not None
    for window, label, group in zip(examples.items, examples.labels, examples.groups, strict=True):
        assert window.shape == (3, 2)
        assert window.dtype == np.float32
        sensor = window[~np.isnan(window[:, 0]), 0]
        assert (np.diff(sensor) == 1).all()
        assert set((sensor // 100).astype(int)) == {int(group)}
        length = (7, 5, 9, 2)[int(group)]
        assert length - sensor[-1] % 100 == float(label)
    last = {
        group: min(float(label) for g, label in zip(examples.groups, examples.labels, strict=True) if g == group)
        for group in "0123"
    }
    assert last == {"0": 1, "1": 1, "2": 1, "3": 1}


def test_whole_numbers_that_move_from_row_to_row_are_quantities_though_windows_end_at_few_of_them(
    tmp_path: Path,
) -> None:
    path = machines(tmp_path / "a.csv", lengths=(40,) * 8)  # each value recurs in every series
    target = Target.read(path, options=replace(OPTIONS, window=10))
    assert target.task.name == "regress"
    assert any("read as quantities; for classes say --task classify" in line for line in target.warnings)
    assert Target.read(path, task="classify", options=replace(OPTIONS, window=10)).task.name == "classify"


def test_whole_numbers_that_last_are_classes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"{unit},{cycle},{unit / 4 + cycle},{unit % 25}" for unit in range(75) for cycle in range(20)]
    path.write_text("unit,cycle,sensor,life\n" + "\n".join(rows), encoding="utf-8")
    target = Target.read(path, options=replace(OPTIONS, window=10))
    assert target.task.name == "classify"


def test_a_series_shorter_than_a_window_is_filled_up_in_front(tmp_path: Path) -> None:
    examples = TimeSeries().read(machines(tmp_path / "a.csv"), OPTIONS).labelled
    short = [window for window, group in zip(examples.items, examples.groups or (), strict=True) if group == "3"]
    assert len(short) == 1
    assert np.isnan(short[0][0]).all()
    assert short[0][1:, 0].tolist() == [300, 301]


def test_windows_do_not_overlap_unless_asked_to() -> None:
    ends, starts, _ = windows(["a"] * 10 + ["b"] * 9, length=3, stride=3)
    assert list(zip(starts, ends, strict=True)) == [(1, 4), (4, 7), (7, 10), (10, 13), (13, 16), (16, 19)]
    assert len(windows(["a"] * 10 + ["b"] * 9, length=3, stride=1)[0]) == 8 + 7


def test_windows_of_a_lone_series_do_not_reach_into_another_block() -> None:
    ends, starts, groups = windows([""] * 200, length=5, stride=1)
    owners: dict[int, set[str]] = {}
    for start, end, group in zip(starts, ends, groups, strict=True):
        for row in range(start, end):
            owners.setdefault(row, set()).add(group)
    assert len(set(groups)) == 10
    assert all(len(names) == 1 for names in owners.values())


def test_no_series_is_on_two_sides_of_a_split(tmp_path: Path) -> None:
    target = Target.read(machines(tmp_path / "a.csv", lengths=(20,) * 12), task="regress", options=OPTIONS)
    test = target.test.open("a look at its groups")
    sides = [set(part.groups or ()) for part in (target.train, target.validation, test)]
    assert not sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2]
    assert not any("leakage" in line for line in target.warnings)
    assert any("left out, for a window is made of numbers: 'word'" in line for line in target.warnings)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (ReadOptions(time_column="word", label_column="life"), "'kind', which is neither a number nor a date"),
        (ReadOptions(time_column="cycle", window=0), "--window is 0"),
        (ReadOptions(time_column="cycle", window=2, stride=-1), "--stride is -1"),
        (ReadOptions(time_column="cyle"), "did you mean 'cycle'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, options: ReadOptions, reason: str) -> None:
    with pytest.raises(WrongUse, match=reason):
        TimeSeries().read(machines(tmp_path / "a.csv"), options)


def test_windows_in_memory_are_told_from_pictures() -> None:
    examples = TimeSeries().in_memory(np.zeros((4, 6, 2)))
    assert examples is not None
    assert len(examples) == 4
    assert TimeSeries().in_memory(np.zeros((4, 6, 2), dtype=np.uint8)) is None
    with pytest.raises(WrongUse, match="numbers of channels"):
        TimeSeries().in_memory([np.zeros((3, 2)), np.zeros((3, 1))])


def test_turbofans_are_read_without_a_header(shared_data: Path, tmp_path: Path) -> None:
    text = gzip.decompress((shared_data / "nasa_cmapss_fd001" / "train_FD001.txt.gz").read_bytes()).decode()
    rows = [line.split() for line in text.splitlines()]
    last = {row[0]: int(row[1]) for row in rows}
    path = tmp_path / "train.txt"
    path.write_text("\n".join(" ".join([*row, str(last[row[0]] - int(row[1]))]) for row in rows), encoding="utf-8")
    options = ReadOptions(time_column="column_2", group_column="column_1", window=30, stride=30)
    target = Target.read(path, options=options)
    assert isinstance(target.task, Regress)
    assert target.train.items[0].shape == (30, 24)
    assert len(set(target.train.groups or ()) | set(target.validation.groups or ())) == 100 - len(
        set(target.test.open("a look at its groups").groups or ())
    )


def test_a_source_is_read_in_the_same_series_as_the_target(tmp_path: Path) -> None:
    source = Source(str(machines(tmp_path / "fleet.csv")), SourceOptions(reading=OPTIONS))
    data = source.data(task="regress")
    assert data.modality == "time_series"
    assert data.train.items[0].shape == (3, 2)
    assert set(data.train.groups or ()) | set(data.validation.groups or ()) == set("0123")
