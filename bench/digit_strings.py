"""Spoken digit strings: recordings of single digits, one after the other, with the words that are said.

From the free spoken digit data set (Jackson et al., CC BY-SA 4.0): six speakers, several recordings of each
digit by each, 8 kHz. Digits of one string are by one speaker, with a short pause between them.
"""

from __future__ import annotations

import csv
import io
import wave
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RATE = 8000
PAUSE = (0.02, 0.12)
"""Seconds between two digits, shortest and longest."""


def recordings(shared: Path) -> dict[str, dict[int, list[np.ndarray]]]:
    """Speaker -> digit -> samples in -1..1 of each of its recordings, in the order of their numbers."""
    found: dict[str, dict[int, list[np.ndarray]]] = {}
    with zipfile.ZipFile(shared / "fsdd" / "fsdd_recordings.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".wav")]
        for name in sorted(names, key=lambda one: int(Path(one).stem.rpartition("_")[2])):
            digit, speaker, _ = Path(name).stem.split("_")
            with wave.open(io.BytesIO(archive.read(name))) as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 2**15
            found.setdefault(speaker, {}).setdefault(int(digit), []).append(samples.astype(np.float32))
    return found


def strings(
    spoken: dict[str, dict[int, list[np.ndarray]]], speakers: Sequence[str], n: int, lengths: Sequence[int], seed: int
) -> list[tuple[np.ndarray, str, str]]:
    """n strings: samples, words, speaker. Digits, recordings and pauses are drawn by `seed`."""
    draw = np.random.default_rng(seed)
    made = []
    for i in range(n):
        speaker = speakers[i % len(speakers)]
        digits = draw.integers(0, 10, draw.choice(lengths)).tolist()
        parts = []
        for digit in digits:
            several = spoken[speaker][digit]
            parts += [several[draw.integers(len(several))], np.zeros(round(RATE * draw.uniform(*PAUSE)), np.float32)]
        made.append((np.concatenate(parts[:-1]), " ".join(DIGITS[digit] for digit in digits), speaker))
    return made


def write(made: Sequence[tuple[np.ndarray, str, str]], folder: Path) -> Path:
    """Sounds and a table of them, with the columns path, transcript and group; the path of the table."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "transcripts.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "transcript", "speaker"))
        for i, (samples, words, speaker) in enumerate(made):
            soundfile.write(folder / f"{i:04d}.wav", samples, RATE, subtype="PCM_16")
            rows.writerow((f"{i:04d}.wav", words, speaker))
    return table
