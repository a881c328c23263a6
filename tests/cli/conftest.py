"""Fixtures of the command line's tests: a folder of pictures, and a study of it on disk."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferkit.cli import main

SHORT = ["--method", "full:epochs=1,learning_rate=0.001", "--method", "scratch:epochs=1,learning_rate=0.001"]
SHORT += ["--from", "zoo:shuffled-cnn", "--seeds", "2"]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of 12 pictures of 16 x 16: upright and lying stripes, with noise; and one broken file."""
    folder = tmp_path_factory.mktemp("target") / "stripes"
    draw = np.random.default_rng(0)
    for label, axis in (("lying", 0), ("upright", 1)):
        (folder / label).mkdir(parents=True)
        for i in range(12):
            stripes = (np.indices((16, 16))[axis] + draw.integers(0, 6)) % 6 < 3
            grey = np.clip(180 * stripes + draw.normal(30, 20, (16, 16)), 0, 255).astype(np.uint8)
            Image.fromarray(grey).save(folder / label / f"{i:02}.png")
    (folder / "lying" / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="session")
def compared(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A finished `compare` as it was typed; the last argument is its run directory."""
    base = tmp_path_factory.mktemp("runs")
    command = ["compare", str(pictures), *SHORT, "--cache-dir", str(base / "cache"), "--out", str(base / "stripes")]
    assert main([*command, "--quiet"]) == 0
    return command
