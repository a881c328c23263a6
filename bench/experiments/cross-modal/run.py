"""cross-modal: what a network that has only seen photographs adds on spoken digits, whose spectrograms it sees as pictures.

Compared with the default network of sounds from scratch, with its own architecture from scratch behind the same spectrograms,
and with a network that has learned spoken words. The test is of speakers that nobody has trained on; every seed draws its own
few labels from the other speakers, the same for all arms. Nothing is tuned: the setting says what differs from the defaults.
"""

from __future__ import annotations

import io
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bench.experiment import Outcome, needed
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.sound import Sound
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.gain import paired_gain

POINTS = 100.0


def run(setting: dict[str, Any], data: Path) -> Outcome:
    (folder_of_digits, *_) = needed(data, "fsdd", "weights_mobilenet", "weights_kws_honk")
    sounds, digits, speakers = recordings(folder_of_digits)
    unseen = np.isin(speakers, setting["test_speakers"])
    test = [sounds[i] for i in np.flatnonzero(unseen)], digits[unseen].tolist()
    arms = {arm.pop("name"): arm for arm in setting["arms"]}
    right: dict[str, list[np.ndarray]] = {name: [] for name in arms}
    seconds = dict.fromkeys(arms, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(folder)
        for seed in range(setting["n_seeds"]):
            drawn = few(digits, ~unseen, setting["labels_per_class"], seed)
            train = [sounds[i] for i in drawn], digits[drawn].tolist()
            target = Target.of(*train, test=test, modality="audio", name="spoken digits").whole()
            for name, arm in arms.items():
                sources = (Source(arm["source"].format(data=data)),) if "source" in arm else ()
                correct, took = fitted(read_method(arm["method"]), sources, target, Run(seed, cache=cache), test)
                right[name].append(correct)
                seconds[name] += took / setting["n_seeds"]
    tables = {name: np.stack(rows) for name, rows in right.items()}
    details = {
        name: {
            "method": arms[name]["method"],
            "accuracy_by_seed": (POINTS * table.mean(1)).tolist(),
            "gain_over": {
                other: gain(table, tables[other]) for other in tables if other != name and "scratch" in other
            },
        }
        for name, table in tables.items()
    }
    figures = {f"{name}, accuracy": POINTS * float(table.mean()) for name, table in tables.items()}
    figures |= {f"{name}, seconds": seconds[name] for name in tables}
    for arm, over in setting["compared"]:
        mean, low, high = gain(tables[arm], tables[over])
        figures |= {f"{arm} over {over}": mean, f"{arm} over {over}, low": low, f"{arm} over {over}, high": high}
    return Outcome(
        figures,
        {"arms": details, "n_labels": 10 * setting["labels_per_class"], "n_test": len(test[1])},
        tuple(range(setting["n_seeds"])),
    )


def recordings(folder: Path) -> tuple[list[Sound], np.ndarray, np.ndarray]:
    """Every recording, its digit and its speaker."""
    sounds, digits, speakers = [], [], []
    with zipfile.ZipFile(folder / "fsdd_recordings.zip") as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".wav")):
            digit, speaker, _ = Path(name).stem.split("_")
            samples, rate = soundfile.read(io.BytesIO(archive.read(name)), dtype="float32", always_2d=True)
            sounds.append(Sound(samples, rate))
            digits.append(digit)
            speakers.append(speaker)
    return sounds, np.array(digits), np.array(speakers)


def few(digits: np.ndarray, allowed: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Positions of so many allowed items of each class, drawn by `seed`."""
    shuffled = np.random.default_rng(seed).permutation(len(digits))
    shuffled = shuffled[allowed[shuffled]]
    return np.concatenate([shuffled[digits[shuffled] == digit][:per_class] for digit in np.unique(digits)])


def fitted(
    method: Method, sources: tuple[Source, ...], target: Target, run: Run, test: tuple[list[Sound], list[str]]
) -> tuple[np.ndarray, float]:
    """(n,) 1 where the answer on the test is right, and the seconds of the fit."""
    begun = time.perf_counter()
    predictor = method.fit(sources, target, run)
    took = time.perf_counter() - begun
    guesses = predictor.predict(test[0]).labels
    return np.array([float(guess == truth) for guess, truth in zip(guesses, test[1], strict=True)]), took


def gain(arm: np.ndarray, baseline: np.ndarray) -> list[float]:
    """Mean, low and high, in points."""
    found = paired_gain(arm, baseline)
    return [POINTS * found.mean, POINTS * found.low, POINTS * found.high]
