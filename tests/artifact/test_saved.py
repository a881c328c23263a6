"""A saved predictor comes back the same, and nothing else is ever loaded."""

import hashlib
import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from transferkit.artifact import saved
from transferkit.artifact.saved import SETTINGS, TENSORS, load, save
from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, TransferkitError, WrongUse
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.task import Curve, Predictions
from transferkit.methods.baseline.majority import Blind
from transferkit.tasks.classify import Classify

TASK = Classify(("<b>", "dog"))


class Tied(Predictor):
    """Hands out one storage under two names, and a view of a larger one."""

    def __init__(self, task: Any, numbers: torch.Tensor) -> None:
        self.task, self.numbers = task, numbers

    def predict(self, items: Any, progress: Any = None) -> Predictions:
        return Predictions((self.task.classes[int(self.numbers[0, 0])],) * len(items))

    def describe(self) -> dict[str, Any]:
        return {"shape": tuple(self.numbers.shape)}

    def tensors(self) -> dict[str, torch.Tensor]:
        return {"numbers": self.numbers, "same": self.numbers, "column": self.numbers[:, 1], "flipped": self.numbers.T}

    @classmethod
    def restore(cls, task: Any, settings: Any, tensors: Any) -> "Tied":
        assert torch.equal(tensors["numbers"], tensors["same"])
        assert torch.equal(tensors["column"], tensors["numbers"][:, 1])
        assert torch.equal(tensors["flipped"], tensors["numbers"].T)
        return cls(task, tensors["numbers"])


def edit(folder: Path, change: Any) -> None:
    settings = json.loads((folder / SETTINGS).read_text())
    change(settings)
    (folder / SETTINGS).write_text(json.dumps(settings))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(Blind(TASK, torch.tensor([[0.25, 0.75]]).log()), tmp_path / "model")
    return tmp_path / "model"


def test_a_predictor_comes_back_with_its_task_and_predictions(folder: Path) -> None:
    again = load(folder)
    assert again.task == TASK
    predictions = again.predict([1, 2, 3])
    assert predictions.labels == ("dog",) * 3
    assert predictions.scores is not None
    np.testing.assert_allclose(predictions.scores, [[0.25, 0.75]] * 3, rtol=1e-6)


def test_the_record_comes_back_bit_for_bit(tmp_path: Path) -> None:
    predictor = Blind(TASK, torch.tensor([[0.25, 0.75]]).log())
    predictor.record = FitRecord(
        curve=Curve(training_loss=(0.1 + 0.2, float("inf")), validation_metric=(0.5, 0.75)),
        best_epoch=2,
        notes=("stopped early",),
        settings={"penalty": 0.1},
    )
    save(predictor, tmp_path)
    assert load(tmp_path).record == predictor.record


def test_a_fitted_network_comes_back_with_equal_predictions(tmp_path: Path) -> None:
    from PIL import Image

    from transferkit.sources import architectures
    from transferkit.sources.processors.image import ImageProcessor
    from transferkit.training.fitted import FittedNetwork
    from transferkit.training.model import Model

    network = architectures.build(Architecture.of("small_cnn"), seed=3)
    fitted = FittedNetwork(Model(TASK, network, TASK.head(network, 3), ImageProcessor(size=(32, 32))))
    pictures = [Image.fromarray(np.random.default_rng(i).integers(0, 255, (32, 32, 3), np.uint8)) for i in range(3)]
    save(fitted, tmp_path)
    before, after = fitted.predict(pictures), load(tmp_path).predict(pictures)
    assert before.labels == after.labels
    np.testing.assert_array_equal(before.scores, after.scores)


def test_tensors_that_share_storage_are_saved_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "_trusted_packages", lambda: {Tied.__module__.partition(".")[0]})
    tied = Tied(TASK, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    save(tied, tmp_path)
    assert load(tmp_path).predict([0]).labels == ("dog",)
    assert (tmp_path / TENSORS).stat().st_size < 1000


def test_nothing_is_pickled(folder: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == [SETTINGS, TENSORS]
    assert not any(p.read_bytes().startswith((b"\x80", b"PK")) for p in folder.iterdir())


def test_saving_again_replaces_the_former_and_leaves_other_files(folder: Path) -> None:
    (folder / "report.html").write_text("kept")
    save(Blind(TASK, torch.tensor([[0.9, 0.1]]).log()), folder)
    assert load(folder).predict([1]).labels == ("<b>",)
    assert (folder / "report.html").read_text() == "kept"


def test_a_foreign_settings_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text('{"theme": "dark"}')
    with pytest.raises(WrongUse, match="not written by transferkit"):
        save(Blind(TASK, torch.tensor([[0.25, 0.75]]).log()), tmp_path)
    assert (tmp_path / SETTINGS).read_text() == '{"theme": "dark"}'


def cut(path: Path, to: int) -> None:
    path.write_bytes(path.read_bytes()[:to])


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda f: cut(f / SETTINGS, 40), "damaged"),
        (lambda f: (f / SETTINGS).unlink(), "holds no saved model"),
        (lambda f: (f / TENSORS).unlink(), "cannot be read"),
        (lambda f: cut(f / TENSORS, 50), "SHA-256"),
        (lambda f: (f / TENSORS).write_bytes(b"\x00" * 200), "SHA-256"),
        (lambda f: (f / SETTINGS).write_text("[1, 2]"), "not written by transferkit"),
        (lambda f: (f / SETTINGS).write_text('{"model_type": "resnet"}'), "not written by transferkit"),
        (lambda f: edit(f, lambda s: s.update(format=99)), "upgrade"),
        (lambda f: edit(f, lambda s: s["task"].update(name="classifi")), "did you mean 'classify'"),
        (lambda f: edit(f, lambda s: s["task"].update(settings={"colour": 1})), "cannot be rebuilt"),
        (lambda f: edit(f, lambda s: s.pop("record")), "cannot be rebuilt"),
        (lambda f: edit(f, lambda s: s["predictor"].update({"class": "os:system"})), "neither transferkit nor"),
        (
            lambda f: edit(f, lambda s: s["predictor"].update({"class": "transferkit_evil:X"})),
            "neither transferkit nor",
        ),
        (lambda f: edit(f, lambda s: s["predictor"].update({"class": "../evil"})), "names no class"),
        (lambda f: edit(f, lambda s: s["predictor"].update({"class": "transferkit.gone:X"})), "lacks"),
        (
            lambda f: edit(f, lambda s: s["predictor"].update({"class": "transferkit.core.predictor:Predictor"})),
            "not a predictor",
        ),
        (
            lambda f: edit(f, lambda s: s["predictor"].update({"class": "transferkit.core.errors:Failed"})),
            "not a predictor",
        ),
    ],
)
def test_anything_damaged_or_foreign_gives_one_line(folder: Path, damage: Any, says: str) -> None:
    damage(folder)
    with pytest.raises(TransferkitError, match=says) as refused:
        load(folder)
    assert "\n" not in str(refused.value)
    assert str(folder) in str(refused.value) or "task" in str(refused.value)


def test_tensors_that_do_not_fit_the_settings_give_one_line(folder: Path) -> None:
    from safetensors.torch import save as serialised

    other = serialised({"weights": torch.zeros(3)})
    (folder / TENSORS).write_bytes(other)
    edit(folder, lambda s: s["tensors"].update(sha256=hashlib.sha256(other).hexdigest()))
    with pytest.raises(Failed, match="cannot be rebuilt"):
        load(folder)


def test_a_missing_folder_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="does not exist"):
        load(tmp_path / "nowhere")


def test_classes_of_installed_plug_ins_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("mine", "my_plug_in.methods:Mine", "transferkit.methods")
    monkeypatch.setattr(saved, "entry_points", lambda group: [entry] if group == "transferkit.methods" else [])
    assert saved._trusted_packages() == {"transferkit", "my_plug_in"}
