from pathlib import Path

import numpy as np
import pytest
import soundfile

from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.recognise import recognise_format
from transferkit.core.target import Target
from transferkit.data.sound_table import SoundTable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(12):
        samples = np.random.default_rng(i).uniform(-0.5, 0.5, 8000)
        soundfile.write(tmp_path / f"{i}.wav", samples, 8000)
    return tmp_path


def test_speakers_stay_on_one_side_of_the_split(folder: Path) -> None:
    rows = [f"{i}.wav,{'yes' if i % 2 else 'no'},s{i // 2}" for i in range(12)]
    table = folder / "clips.csv"
    table.write_text("recording,word,speaker\n" + "\n".join(rows))
    options = ReadOptions(group_column="speaker", label_column="word")
    assert recognise_format(table, options).modality == "audio"
    target = Target.read(table, options=options)
    assert len(target.train) + len(target.validation) + len(target.test) == 12
    test = target.test.open("a test")
    assert not set(test.groups or ()) & set(target.whole().train.groups or ())


def test_pieces_of_a_recording_are_items_that_stay_together(folder: Path) -> None:
    table = folder / "pieces.csv"
    rows = [f"{i}.wav,{part / 4},{part / 4 + 0.25},{'ab'[part % 2]}" for i in range(12) for part in range(4)]
    table.write_text("audio,start,end,label\n" + "\n".join(rows))
    reading = SoundTable().read(table, ReadOptions())
    assert len(reading.labelled) == 48
    assert len(set(reading.labelled.ids)) == 48
    assert reading.labelled.names[1] == "0.wav 0.25-0.5 s"
    assert reading.labelled.items[1].seconds == 0.25
    assert set(reading.labelled.groups or ()) == {f"{i}.wav" for i in range(12)}


def test_bad_rows_are_left_out_and_named(folder: Path) -> None:
    table = folder / "clips.csv"
    table.write_text("audio,label,start,end\n0.wav,a,,\n1.wav,b,0.9,3\nno.wav,a,,\n,b,,\n2.wav,a,5,6\n3.wav,b,0,\n")
    reading = SoundTable().read(table, ReadOptions())
    assert len(reading.labelled) == 3
    assert [(one.name, one.reason) for one in reading.skipped] == [
        ("clips.csv row 4 (no.wav)", "no such file"),
        ("clips.csv row 5", "the row names no file"),
        ("clips.csv row 6 (2.wav)", "5 to 6.0 s lies outside of its 1.00 s"),
    ]


def test_a_start_before_the_recording_is_one_line(folder: Path) -> None:
    table = folder / "clips.csv"
    table.write_text("audio,label,start\n0.wav,a,-1\n1.wav,b,0\n")
    with pytest.raises(WrongUse, match=r"clips.csv row 2: start is '-1'; expected seconds"):
        SoundTable().read(table, ReadOptions())


def test_a_label_column_that_is_called_end_is_the_label(folder: Path) -> None:
    table = folder / "clips.csv"
    table.write_text("audio,end\n0.wav,1\n1.wav,2\n2.wav,1\n")
    reading = SoundTable().read(table, ReadOptions(label_column="end"))
    assert reading.labelled.labels == ("1", "2", "1")
    assert reading.labelled.items[0].seconds == 1.0


def test_a_table_none_of_whose_files_is_a_sound_is_one_line(folder: Path) -> None:
    table = folder / "clips.csv"
    table.write_text("audio,label\nx.wav,a\ny.wav,b\n")
    with pytest.raises(WrongUse, match=r"none of the 2 files in column 'audio' can be used; .*no such file"):
        SoundTable().read(table, ReadOptions())


def test_a_guessed_encoding_is_told(folder: Path) -> None:
    table = folder / "clips.csv"
    table.write_bytes("audio,label\n0.wav,à côté\n1.wav,très bon\n2.wav,très bon\n".encode("cp1252"))
    assert "clips.csv: not UTF-8, read as cp1252" in SoundTable().read(table, ReadOptions()).notes[0]


def test_a_transcript_may_be_a_number(folder: Path) -> None:
    table = folder / "clips.csv"
    table.write_text("audio,transcript\n0.wav,seven\n1.wav,7\n2.wav,\n3.wav,nan\n")
    reading = SoundTable().read(table, ReadOptions())
    assert reading.labelled.labels == ("seven", "7", "nan")
    assert len(reading.unlabelled) == 1
