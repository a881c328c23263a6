from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferkit.core.architecture import Architecture
from transferkit.core.errors import TransferkitError
from transferkit.sources import architectures
from transferkit.sources.processors.image import ImageProcessor
from transferkit.tasks.classify import Classify
from transferkit.training.fitted import FittedNetwork
from transferkit.training.model import Model

TASK = Classify(("a", "b"))


def fitted() -> FittedNetwork:
    network = architectures.build(Architecture.of("small_cnn", {"width": 4}), 0)
    return FittedNetwork(Model(TASK, network, TASK.head(network, 0), ImageProcessor(size=(16, 16))))


def test_paths_predict_as_the_pictures_in_them(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    pictures = [Image.fromarray(draw.integers(0, 255, (20, 20, 3), dtype=np.uint8)) for _ in range(3)]
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for picture, path in zip(pictures, paths, strict=True):
        picture.save(path)
    expected = fitted().predict(pictures)
    for named in (paths, [str(path) for path in paths]):
        np.testing.assert_array_equal(fitted().predict(named).scores, expected.scores)


def test_a_path_that_is_not_there_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(TransferkitError, match=r"gone\.png") as error:
        fitted().predict([tmp_path / "gone.png"])
    assert "\n" not in str(error.value)


def test_nothing_to_predict_gives_no_predictions() -> None:
    assert len(fitted().predict([])) == 0
