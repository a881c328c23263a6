"""Recordings in files: every format and depth is read, and what is unusual is left out or told of by one rule."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from transferkit.core.errors import Failed
from transferkit.core.format import Skipped
from transferkit.core.sound import seconds_of
from transferkit.data.sound import Checked, Piece, Sounds, check_sounds, notes_about, read_sound


def tone(seconds: float = 0.25, rate: int = 8000, loud: float = 0.4) -> np.ndarray:
    return loud * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)


def checked(path: Path, start: float = 0.0, end: float | None = None) -> Checked | Skipped:
    return check_sounds([Piece(path, start, end)], [path.name])[0]


def reason(path: Path) -> str:
    found = checked(path)
    assert isinstance(found, Skipped)
    assert found.name == path.name
    return found.reason


@pytest.mark.parametrize(("ending", "subtype", "exact"), [
    ("wav", "PCM_U8", 0.01), ("wav", "PCM_16", 1e-4), ("wav", "PCM_24", 1e-6), ("wav", "PCM_32", 1e-6),
    ("wav", "FLOAT", 1e-7), ("wav", "ULAW", 0.03), ("flac", "PCM_16", 1e-4), ("flac", "PCM_24", 1e-6),
    ("ogg", "VORBIS", 0.05), ("mp3", "MPEG_LAYER_III", 0.1), ("aiff", "PCM_16", 1e-4), ("caf", "PCM_16", 1e-4),
])  # fmt: skip
@pytest.mark.parametrize("rate", [8000, 44100])
def test_every_format_and_depth_is_read(tmp_path: Path, ending: str, subtype: str, exact: float, rate: int) -> None:
    path = tmp_path / f"tone.{ending}"
    samples = tone(rate=rate)
    soundfile.write(path, samples, rate, subtype=subtype)
    found = checked(path)
    assert isinstance(found, Checked)
    assert (found.rate, found.channels, found.is_silent) == (rate, 1, False)
    sound = read_sound(found.piece)
    assert sound.samples.dtype == np.float32
    assert sound.rate == rate
    n = min(len(samples), len(sound.samples))
    assert np.abs(sound.samples[:n, 0] - samples[:n]).mean() < exact


def test_what_is_no_sound_is_left_out_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is a text that is called .wav\n" * 20)
    (tmp_path / "text.mp3").write_text("this is a text that is called .mp3\n" * 20)
    soundfile.write(tmp_path / "nothing.wav", np.zeros(0), 8000)
    soundfile.write(tmp_path / "one.wav", np.ones(1) * 0.5, 8000)
    soundfile.write(tmp_path / "nan.wav", np.full(2000, np.nan), 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "whole.flac", np.random.default_rng(0).uniform(-0.5, 0.5, 8000), 8000)
    (tmp_path / "half.flac").write_bytes((tmp_path / "whole.flac").read_bytes()[:4000])
    (tmp_path / "folder.wav").mkdir()
    assert reason(tmp_path / "empty.wav") == "the file is empty"
    assert reason(tmp_path / "text.wav").startswith("not a sound (WAV, FLAC, MP3")
    assert reason(tmp_path / "text.mp3").startswith("not a sound (WAV, FLAC, MP3")
    assert reason(tmp_path / "nothing.wav") == "it holds no samples"
    assert reason(tmp_path / "one.wav") == "1 sample, 0.00013 s; a sound needs at least 0.01 s"
    assert reason(tmp_path / "nan.wav") == "it holds samples that are no numbers"
    assert reason(tmp_path / "half.flac").startswith("corrupt or truncated (")
    assert str(tmp_path) not in reason(tmp_path / "half.flac")
    assert reason(tmp_path / "missing.wav") == "no such file"
    assert reason(tmp_path / "folder.wav") == "a folder, not a sound"


def test_a_very_long_sound_is_left_out_and_its_pieces_are_not(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.tile(tone(1.0, 100), 620), 100)
    assert reason(path).startswith("10 minutes; more than 10 are not read, name its pieces by columns start and end")
    piece = checked(path, 610.0, 615.0)
    assert isinstance(piece, Checked)
    assert piece.seconds == 5.0


def test_a_piece_is_what_lies_between_its_ends(tmp_path: Path) -> None:
    path = tmp_path / "count.wav"
    soundfile.write(path, np.arange(8000) / 8000, 8000, subtype="FLOAT")
    sound = read_sound(Piece(path, 0.25, 0.5))
    np.testing.assert_allclose(sound.samples[:, 0], np.arange(2000, 4000) / 8000, atol=1e-6)
    assert len(read_sound(Piece(path, 0.75)).samples) == 2000
    outside = checked(path, 1.5, 2.0)
    assert isinstance(outside, Skipped)
    assert outside.reason == "1.5 to 2.0 s lies outside of its 1.00 s"
    ids = {
        found.id
        for part in [(0.0, None), (0.0, 0.5), (0.5, None)]
        if isinstance(found := checked(path, *part), Checked)
    }
    assert len(ids) == 3


def test_equal_bytes_have_equal_ids(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, tone(), 8000)
    first, second = checked(tmp_path / "a.wav"), checked(tmp_path / "b.wav")
    assert isinstance(first, Checked)
    assert isinstance(second, Checked)
    assert first.id == second.id


def test_silent_clipped_and_stereo_sounds_are_used_and_told_of(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(2000), 8000)
    soundfile.write(tmp_path / "offset.wav", np.full(2000, 0.3), 8000)
    soundfile.write(tmp_path / "clipped.wav", np.clip(tone(loud=3.0), -1, 1), 8000)
    soundfile.write(tmp_path / "stereo.wav", np.stack([tone(), tone(loud=0.1)], 1), 16000)
    names = ["silent.wav", "offset.wav", "clipped.wav", "stereo.wav"]
    found = [one for one in check_sounds([tmp_path / name for name in names], names) if isinstance(one, Checked)]
    assert notes_about(found, names) == (
        "2 sounds are silent: silent.wav, offset.wav",
        "1 sound is clipped (0.5% or more at full scale): clipped.wav",
        "1 sound is of several channels, mixed down for a network that takes one: stereo.wav",
        "sounds have 2 sample rates, 8000 to 16000 Hz; each is resampled to its network's",
    )
    assert notes_about(found[:1], names[:1]) == ("1 sound is silent: silent.wav",)


def test_lengths_are_known_without_reading_the_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in (1, 2, 3):
        soundfile.write(tmp_path / f"{i}.wav", tone(0.1 * i), 8000)
    sounds = Sounds([Piece(tmp_path / f"{i}.wav") for i in (1, 2, 3)])
    monkeypatch.setattr("transferkit.data.sound.read_sound", lambda piece: pytest.fail("a file was read"))
    assert seconds_of(sounds) == [0.1, 0.2, 0.3]
    assert seconds_of(sounds[1:]) == [0.2, 0.3]


def test_a_file_that_goes_away_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"gone\.wav: no such file") as failure:
        Sounds([Piece(tmp_path / "gone.wav")])[0]
    assert "\n" not in str(failure.value)
