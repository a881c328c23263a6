import json
from pathlib import Path

import pytest

import transferkit as tk
from transferkit.artifact import saved
from transferkit.cli import main
from transferkit.core.run import Run
from transferkit.methods.frozen.linear_probe import LinearProbe

TEXTS = ["the film was good", "a dull plot", "very good", "not fine, so poor.", "it is great!", "bad bad book"] * 3


@pytest.fixture
def run(text_folder: Path, tmp_path: Path) -> str:
    target = tk.Target.of(TEXTS, ["good", "bad"] * 9, test=(TEXTS, ["good", "bad"] * 9), name="remarks")
    fitted = LinearProbe().fit((tk.Source(f"hf:{text_folder}?pooling=cls"),), target, Run())
    saved.save(fitted, tmp_path / "run")
    return str(tmp_path / "run")


def test_a_saved_model_becomes_a_folder_that_transformers_loads(run: str, tmp_path: Path, capsys) -> None:
    from transformers import AutoModelForSequenceClassification

    assert main(["export", run, str(tmp_path / "out"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= set(said["files"])
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out")
    assert model.config.id2label == {0: "bad", 1: "good"}
    capsys.readouterr()
    assert main(["export", run, str(tmp_path / "twice")]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'twice'}: README.md, config.json")


def test_a_study_of_other_networks_gets_one_clear_line(compared: list[str], tmp_path: Path, capsys) -> None:
    assert main(["export", compared[-1], str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "is none of transformers" in said.err
    assert not (tmp_path / "out").exists()


def test_bad_folders_get_one_clear_line(run: str, tmp_path: Path, capsys) -> None:
    assert main(["export", "no/such/run", str(tmp_path / "out")]) == 2
    assert "no/such/run" in capsys.readouterr().err
    assert main(["export", run, run]) == 2
    assert "not empty; name a new folder" in capsys.readouterr().err
