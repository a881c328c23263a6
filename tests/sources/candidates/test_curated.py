"""The curated list: every fact that can be computed is computed from the architecture, built without weights."""

import json
import re
import tomllib

import pytest
import torch

from transferkit.core.source import Source
from transferkit.sources import hub
from transferkit.sources.architectures import transformers_vision
from transferkit.sources.architectures._vision_layouts import families
from transferkit.sources.candidates import curated as listing
from transferkit.sources.candidates.curated import curated
from transferkit.sources.candidates.machine import Machine

MODELS = curated("image")
LICENCES = {"apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0", "other"}
"""As the hub writes them; "other" has its terms on the model's page."""


def configuration(model):
    from transformers import AutoConfig

    settings = dict(model.config)
    return AutoConfig.for_model(settings.pop("model_type"), **settings)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_parameters_and_head_are_those_of_the_architecture(model):
    with hub.quiet():
        parameters, has_head = transformers_vision.outline(configuration(model), model.classifier)
    assert (model.parameters, model.classifier) == (parameters, has_head)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_bytes_are_those_of_all_tensors(model):
    from transformers import AutoModel, AutoModelForImageClassification

    auto = AutoModelForImageClassification if model.classifier else AutoModel
    with hub.quiet(), torch.device("meta"):
        tensors = auto.from_config(configuration(model)).state_dict().values()
    assert model.bytes == sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def test_the_size_of_a_known_file_is_right_to_a_thousandth():
    """facebook/dinov2-small/model.safetensors has 88249960 bytes."""
    small = next(model for model in MODELS if model.name == "hf:facebook/dinov2-small")
    assert small.bytes == pytest.approx(88_249_960, rel=1e-3)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_names_and_licences_are_well_formed(model):
    Source(model.name).check()
    assert re.fullmatch(r"hf:[\w-]+/[\w.-]+(@[0-9a-f]{40})?", model.name)
    assert model.licence in LICENCES
    assert model.config["model_type"] in families()
    assert model.input_size % 14 == 0 or model.input_size % 16 == 0
    assert model.trained_on


def test_no_model_is_listed_twice():
    assert len({model.name for model in MODELS}) == len(MODELS)


@pytest.mark.parametrize(
    "machine",
    [Machine(1, 2 * 10**9), Machine(2, 8 * 10**9), Machine(8, None), Machine(16, 24 * 10**9, accelerator=True)],
    ids=str,
)
def test_every_machine_is_offered_several_kinds_of_model(machine):
    fit = [model for model in MODELS if model.parameters <= machine.ceiling][:4]
    assert len(fit) == 4
    assert len({model.config["model_type"] for model in fit}) >= 3 - machine.accelerator


def test_another_modality_has_a_list_of_its_own(tmp_path, monkeypatch):
    rows = tomllib.loads(listing.LIST.read_text(encoding="utf-8"))["model"]
    rows[0]["modality"] = "text"
    path = tmp_path / "list.toml"
    lines = ["[[model]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in row.items() if key != "config")
             + "\nconfig = {}" for row in rows[:2]]  # fmt: skip
    path.write_text("\n".join(lines))
    monkeypatch.setattr(listing, "LIST", path)
    assert [model.name for model in curated("text")] == [rows[0]["name"]]
    assert [model.name for model in curated("image")] == [rows[1]["name"]]
