"""The curated list: every fact that can be computed is computed from the architecture, built without weights."""

import json
import re
import tomllib

import pytest
import torch

from transferkit.core.source import Source
from transferkit.sources import hub
from transferkit.sources.candidates import curated as listing
from transferkit.sources.candidates.curated import curated
from transferkit.sources.candidates.machine import Machine
from transferkit.sources.hub_models import kinds

PICTURES, TEXTS, SOUNDS = (curated(modality) for modality in ("image", "text", "audio"))
MODELS = (*PICTURES, *TEXTS, *SOUNDS)
LICENCES = {"apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0", "other"}
"""As the hub writes them; "other" has its terms on the model's page."""
FILES = {
    "hf:facebook/dinov2-small": 88_249_960,
    "hf:openai/whisper-base": 290_403_936,
}
"""Bytes of the model.safetensors of some, as the hub tells them."""


def configuration(model):
    from transformers import AutoConfig

    settings = dict(model.config)
    return AutoConfig.for_model(settings.pop("model_type"), **settings)


def wrapper(model):
    return next(kind.wrapper for kind in kinds() if kind.modality == model.modality)


def as_saved(model):
    """The model whose weights are in the file, on no device."""
    import transformers

    config = configuration(model)
    with hub.quiet(), torch.device("meta"):
        if config.architectures:
            return getattr(transformers, config.architectures[0])(config)
        heads = {"image": "AutoModelForImageClassification", "audio": "AutoModelForAudioClassification"}
        auto = getattr(transformers, heads[model.modality]) if model.classifier else transformers.AutoModel
        return auto.from_config(config)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_parameters_and_head_are_those_of_the_architecture(model):
    with hub.quiet():
        parameters, has_head = wrapper(model).outline(configuration(model), model.classifier)
    assert (model.parameters, model.classifier) == (parameters, has_head)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_bytes_are_those_of_all_tensors(model):
    saved = as_saved(model)
    kept = saved.state_dict().keys()
    tensors = [tensor for name, tensor in (*saved.named_parameters(), *saved.named_buffers()) if name in kept]
    assert model.bytes == sum(tensor.numel() * tensor.element_size() for tensor in tensors)  # shared ones once


@pytest.mark.parametrize("name", FILES)
def test_the_size_of_a_known_file_is_right_to_a_thousandth(name):
    model = next(model for model in MODELS if model.name == name)
    assert model.bytes == pytest.approx(FILES[name], rel=1e-3)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_names_and_licences_are_well_formed(model):
    Source(model.name).check()
    assert re.fullmatch(r"(hf|sentence):[\w-]+/[\w.-]+(@[0-9a-f]{40})?", model.name)
    assert model.licence in LICENCES
    assert model.config["model_type"] in wrapper(model).families()
    assert (model.input_size is None) == (model.modality != "image")
    assert model.input_size is None or model.input_size % 14 == 0 or model.input_size % 16 == 0
    assert model.trained_on


def test_no_model_is_listed_twice():
    assert len({model.location for model in MODELS}) == len(MODELS)


@pytest.mark.parametrize(
    "machine",
    [Machine(1, 2 * 10**9), Machine(2, 8 * 10**9), Machine(8, None), Machine(16, 24 * 10**9, accelerator=True)],
    ids=str,
)
def test_every_machine_is_offered_several_kinds_of_picture_model(machine):
    fit = [model for model in PICTURES if model.parameters <= machine.ceiling][:4]
    assert len(fit) == 4
    assert len({model.config["model_type"] for model in fit}) >= 3 - machine.accelerator


@pytest.mark.parametrize("models", [TEXTS, SOUNDS], ids=["texts", "sounds"])
def test_two_cores_are_offered_models_of_texts_and_sounds(models):
    fit = [model for model in models if model.parameters <= Machine(2, 8 * 10**9).ceiling]
    assert len(fit) >= 3


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
