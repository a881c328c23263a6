"""A fitted network as plain transformers reads it: the model, and a folder with all that belongs beside it.

`sources/architectures/_library_classifier.py` finds the library's class; here the task is put into its configuration and, of a
regression, the mean and deviation of the labels into its head, so that the model's output is in the unit of the labels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from transferkit.core.errors import WrongUse
from transferkit.core.predictor import FitRecord
from transferkit.sources import hub
from transferkit.sources.architectures._library_classifier import Trial, kinds, library_classifier
from transferkit.sources.processors import _library_files
from transferkit.tasks.regress import Regress
from transferkit.training.model import Model, moved

_PROBLEMS = {
    "classify": "single_label_classification",
    "regress": "regression",
    "tag": "multi_label_classification",
}
"""Task -> the library's name of it."""
_PIPELINES = {"image": "image-classification", "text": "text-classification", "audio": "audio-classification"}
_ITEMS = {"image": '"new.jpg"', "text": '"a new text", truncation=True', "audio": '"new.wav"'}
_LICENCES = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "openrail")
"""Spellings that the hub knows."""


def to_transformers(model: Model) -> Any:
    """A plain transformers model with the logits of this one; one line where the library has no class for it."""
    task, kind = model.task, model.network.architecture.kind
    if kind not in kinds():
        raise WrongUse(
            f"this predictor runs a {kind} network, which is none of transformers; only what started from an hf: source can be "
            "exported, and save() keeps the rest"
        )
    if task.name not in _PROBLEMS:
        raise WrongUse(f"task {task.name} is not exported; tasks {', '.join(sorted(_PROBLEMS))} are, and save() keeps the rest")
    if not isinstance(model.head, nn.Linear):
        raise WrongUse(
            f"the head is a {type(model.head).__name__}, not one linear layer, which transformers' classifiers have; "
            "save() keeps the model as it is"
        )
    head = _in_the_labels_unit(model)
    with hub.quiet():
        inputs = model.processor(_library_files.trial_items(model.processor))
        trial = Trial(inputs, _logits(model, head, inputs))
        return library_classifier(model.network, head, _settings(model), trial)


def save_transformers(model: Model, record: FitRecord, folder: Path, evidence: str = "") -> Path:
    """Write model, processor and model card into a new or empty folder; `evidence`: a sentence for the card."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"{folder} is there already and not empty; name a new folder")
    exported = to_transformers(model)
    folder.mkdir(parents=True, exist_ok=True)
    with hub.quiet():
        _library_files.write(model.processor, folder)
        exported.save_pretrained(folder)
    (folder / "README.md").write_text(_card(model, record, type(exported).__name__, evidence), encoding="utf-8")
    return folder


def _in_the_labels_unit(model: Model) -> nn.Linear:
    """The head in float64 on the CPU; of a regression, with the labels' mean and deviation in it."""
    assert isinstance(model.head, nn.Linear)
    weight = model.head.weight.detach().cpu().double()
    bias = torch.zeros(len(weight), dtype=torch.float64) if model.head.bias is None else model.head.bias.detach().cpu().double()
    if isinstance(model.task, Regress):
        weight, bias = weight * model.task.deviation, bias * model.task.deviation + model.task.mean
    head: nn.Linear = nn.utils.skip_init(nn.Linear, weight.shape[1], len(weight), dtype=torch.float64)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        head.weight.copy_(weight)
        head.bias.copy_(bias)
    return head


def _logits(model: Model, head: nn.Linear, inputs: Any) -> Tensor:
    """What the exported model has to give for these inputs."""
    with torch.inference_mode():
        features = model.features(moved(inputs, model.parameters()[0].device))
        assert isinstance(features, Tensor)
        logits: Tensor = head(features.cpu().double()).float()
    return logits


def _settings(model: Model) -> dict[str, Any]:
    """The task in the words of the library's configurations."""
    names = _names(model)
    settings: dict[str, Any] = {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {name: number for number, name in enumerate(names)},
        "problem_type": _PROBLEMS[model.task.name],
    }
    pad = getattr(model.processor, "pad", None)
    return settings if pad is None else {**settings, "pad_token_id": pad}


def _names(model: Model) -> tuple[str, ...]:
    return tuple(getattr(model.task, "classes", ())) or ("value",)


def _card(model: Model, record: FitRecord, class_name: str, evidence: str) -> str:
    """The README.md of the folder: its origin and licence, how to use it, what it does differently from transferkit."""
    modality = model.processor.modality
    licences = {one["licence"].lower() for one in record.origin} - {"unknown", ""}
    said = next(iter(licences)) if len(licences) == 1 else ""
    bases = [one["name"].removeprefix("hf:").partition("?")[0] for one in record.origin if _on_the_hub(one)]
    front = ["---", "library_name: transformers", f"pipeline_tag: {_PIPELINES[modality]}"]
    front += [f"license: {said if said in _LICENCES else 'other'}"] if licences else []
    front += [f"base_model: {json.dumps(bases)}"] if bases else []
    rows = [f"| {_plain(one['name'])} | {_plain(one['trained_on'])} | {_plain(one['licence'])} |" for one in record.origin]
    origin = ["| source | trained on | licence |", "|---|---|---|", *rows]
    limits = {
        "text": f"Texts are cut off after {getattr(model.processor, 'max_length', '')} tokens, as they were in fitting.",
        "audio": _heard(model.processor),
    }
    what = f"{_plain(', '.join(_names(model)[:20]))}{', ...' if len(_names(model)) > 20 else ''}"
    return "\n".join(
        [
            *front,
            "---",
            "",
            f"# {class_name}: {model.task.name} {modality}",
            "",
            f"Outputs: {what}. Fitted by transferkit and exported to plain transformers.",
            *(["", "## Evidence", "", _plain(evidence)] if evidence else []),
            "",
            "## Origin",
            "",
            *(origin if rows else ["Fitted from a fresh initialisation: no pretrained source went in."]),
            "",
            "## Use",
            "",
            "```python",
            "from transformers import pipeline",
            "",
            f'pipeline("{_PIPELINES[modality]}", "path/to/this/folder")({_ITEMS[modality]})',
            "```",
            "",
            "## Limits",
            "",
            "- Keep it in float32: weights between features and logits may be scaled for an activation that they pass.",
            *([f"- {limits[modality]}"] if limits.get(modality) else []),
            "",
        ]
    )


def _on_the_hub(origin: Mapping[str, str]) -> bool:
    """Whether a source is named by its repository, not by a folder of this machine."""
    location = origin["name"].removeprefix("hf:").partition("?")[0]
    return origin["name"].startswith("hf:") and location.count("/") <= 1 and not Path(location).expanduser().exists()


def _heard(processor: Any) -> str:
    seconds = getattr(processor, "seconds", None)
    return f"Of a recording longer than {seconds:g} s transferkit hears the loudest stretch, a pipeline what it takes." if seconds else ""


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is, on one line."""
    joined = " ".join(text.split())
    for sign in "\\`*_[]<>|#":
        joined = joined.replace(sign, f"\\{sign}")
    return joined
