from pathlib import Path

import numpy as np
import pytest
import soundfile

from transferkit.core.errors import WrongUse
from transferkit.core.recognise import opened, recognise_format
from transferkit.core.sound import Sound
from transferkit.core.source import Source
from transferkit.core.target import Target


def write(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).uniform(-0.5, 0.5, 1000), 8000)


def test_a_folder_of_class_folders_becomes_a_target_of_sounds(tmp_path: Path) -> None:
    for i in range(40):
        write(tmp_path / ("bark", "meow")[i % 2] / f"{i}.wav", i)
    (tmp_path / "bark" / "broken.wav").write_text("no sound\n")
    target = Target.read(tmp_path)
    assert target.modality == "audio"
    assert target.task.describe()["classes"] == ["bark", "meow"] or target.task.describe()["classes"] == (
        "bark",
        "meow",
    )
    assert len(target.train) + len(target.validation) + len(target.test) == 40
    assert [one.name for one in target.skipped] == ["bark/broken.wav"]
    assert isinstance(target.train.items[0], Sound)


def test_a_class_that_is_lost_because_no_file_of_it_is_a_sound_is_told(tmp_path: Path) -> None:
    for label in ("bark", "meow"):
        (tmp_path / label).mkdir()
        for seed in range(4):
            write(tmp_path / label / f"{seed}.wav", seed)
    for seed in range(4):
        (tmp_path / "bark" / f"{seed}.wav").write_text("# notes")
    wanted = r"of the one class 'meow'; .*; 4 items were left out, such as bark/0\.wav \(not a sound "
    with pytest.raises(WrongUse, match=wanted):
        Target.read(tmp_path)
    with pytest.raises(WrongUse, match=wanted):
        Source(str(tmp_path)).data()


def test_sounds_without_class_folders_are_one_line(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", 0)
    with pytest.raises(WrongUse, match="1 sound but no class folders"):
        Target.read(tmp_path)


def test_paths_are_read_for_prediction(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", 0)
    (sound,) = opened([str(tmp_path / "a.wav")], "audio")
    assert sound.seconds == 0.125


def test_a_folder_of_pictures_is_none_of_sounds(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "cat").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "cat" / "a.png")
    assert recognise_format(tmp_path).modality == "image"
