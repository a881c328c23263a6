"""memory: peak memory and time to the first batch on data far larger than what may be held of it.

Pictures are generated as a folder: noise, written as BMP, which is quick to make and is not compressed, so that nothing is
easier to read than a photograph of that size. Texts are generated as one CSV, of words drawn at random, no two alike, with one
of four labels each. Each part runs in a process of its own, and its peak is told beside that of a process which only loads the
network and runs it on one batch.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.experiment import Outcome
from bench.sentence_encoder import sentence_encoder
from transferkit.core.errors import Failed

CLASSES = 4
WEIGHTS = "weights_mobilenet"


def run(setting: dict[str, Any], data: Path) -> Outcome:
    are_texts = "characters" in setting
    source = f"sentence:{sentence_encoder()}" if are_texts else _picture_network(data)
    with tempfile.TemporaryDirectory(prefix="transferkit-bench-") as folder:
        if shutil.disk_usage(folder).free < 2.5e9 * setting["gigabytes"]:
            raise Failed(f"the disk of {folder} has no room for {setting['gigabytes']} GB")
        write = _texts if are_texts else _pictures
        items, written = write(Path(folder), setting)
        said = {
            part: _measured(part, items, source, Path(folder) / part, setting)
            for part in ("network", *setting["parts"])
        }
    own = said["network"]["peak_bytes"]
    beyond = {part: (said[part]["peak_bytes"] - own) / 1e6 for part in setting["parts"]}
    return Outcome(
        figures={
            "gigabytes": written["bytes"] / 1e9,
            **{name: written[name] for name in ("files", "rows") if name in written},
            "network_megabytes": own / 1e6,
            **{f"{part}_megabytes_beyond": max(0.0, value) for part, value in beyond.items()},
            "worst_megabytes_beyond": max(0.0, *beyond.values()),
            "read_megabytes": said["read"]["peak_bytes"] / 1e6,
            "read_seconds": said["read"]["seconds"],
            "first_batch_seconds": said["tune"]["first_batch_seconds"],
        },
        details={"parts": said, "generated_in_seconds": written["seconds"], "classes": CLASSES},
    )


def _picture_network(data: Path) -> str:
    weights = sorted((data / WEIGHTS).glob("*v2*.safetensors"))
    if not weights:
        raise Failed(f"{data / WEIGHTS} holds no MobileNet v2 weights")
    return f"torch:{weights[0]}?architecture=mobilenet_v2"


def _texts(folder: Path, setting: dict[str, Any]) -> tuple[Path, dict[str, float]]:
    """The table, and what was written into it: rows of words, each begun with its number."""
    begun, draw = time.perf_counter(), np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(draw.choice(letters, length)) for length in draw.integers(2, 9, 5000)]
    usual = " ".join(draw.choice(words, setting["characters"]))  # many times a text, which is cut out of it anywhere
    n = round(setting["gigabytes"] * 1e9 / (setting["characters"] + 20))
    file = folder / "texts.csv"
    with file.open("w", encoding="utf-8") as table:
        table.write("text,label\n")
        for i, place in enumerate(draw.integers(len(usual) - setting["characters"], size=n).tolist()):
            table.write(f"{i} {usual[place : place + setting['characters']]},class {i % CLASSES}\n")
    return file, {"bytes": file.stat().st_size, "rows": n, "seconds": time.perf_counter() - begun}


def _pictures(into: Path, setting: dict[str, Any]) -> tuple[Path, dict[str, float]]:
    """The folder, and what was written into it: the same noise everywhere, shifted and tinted, for noise takes time to draw."""
    begun, draw = time.perf_counter(), np.random.default_rng(0)
    folder = into / "pictures"
    width, height = setting["width"], setting["height"]
    noise = draw.integers(0, 128, (height, width, 3), dtype=np.uint8)
    n = max(CLASSES * 8, round(setting["gigabytes"] * 1e9 / (3 * width * height)))
    for i in range(n):
        place = folder / f"class {i % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        shifted = np.roll(noise, int(draw.integers(width * height * 3)))
        Image.fromarray(shifted + draw.integers(0, 128, 3, dtype=np.uint8)).save(place / f"{i}.bmp")
    size = sum(file.stat().st_size for file in folder.rglob("*.bmp"))
    return folder, {"bytes": size, "files": n, "seconds": time.perf_counter() - begun}


def _measured(part: str, items: Path, source: str, cache: Path, setting: dict[str, Any]) -> dict[str, Any]:
    """What a process says that does this part and ends."""
    words = [part, str(items), source, str(cache), str(setting["steps"])]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("part.py")), *words], capture_output=True, text=True
    )
    if done.returncode:
        raise Failed(f"part {part} failed: {done.stderr.strip().splitlines()[-1]}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said
