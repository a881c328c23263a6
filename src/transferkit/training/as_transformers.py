"""A fitted network as plain transformers reads it: the model, and a folder with all that belongs beside it.

`sources/architectures/_library_classifier.py` finds the library's class; here the task is put into its configuration and, of a
regression, the mean and deviation of the labels into its head, so that the model's output is in the unit of the labels.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.predictor import FitRecord
from transferkit.sources import hub
from transferkit.sources.architectures._library_classifier import Trial, kinds, library_classifier
from transferkit.sources.processors import _library_files
from transferkit.tasks.regress import Regress
from transferkit.training.model import Model, as_precise, moved
from transferkit.training.transformers_card import transformers_card

_PROBLEMS = {
    "classify": "single_label_classification",
    "regress": "regression",
    "tag": "multi_label_classification",
}
"""Task -> the library's name of it."""


def to_transformers(model: Model) -> Any:
    """A plain transformers model with the logits of this one; one line where the library has no class for it."""
    task, kind = model.task, model.network.architecture.kind
    if kind not in kinds():
        raise WrongUse(
            f"this predictor runs a {kind} network, which is none of transformers; only what started from an hf: source can be "
            "exported, and save() keeps the rest"
        )
    if task.name not in _PROBLEMS:
        known = ", ".join(sorted(_PROBLEMS))
        raise WrongUse(f"task {task.name} is not exported; {known} are, and save() keeps the rest")
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
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as name, hub.quiet():
            partial = Path(name)
            _library_files.write(model.processor, partial)
            exported.save_pretrained(partial)
            card = transformers_card(model, names_of(model), record, type(exported).__name__, evidence)
            (partial / "README.md").write_text(card, encoding="utf-8")
            folder.mkdir(exist_ok=True)
            for file in list(partial.iterdir()):
                file.rename(folder / file.name)
    except OSError as reason:
        raise Failed(f"{folder} cannot be written ({reason.strerror or reason}); name another folder") from None
    return folder


def _in_the_labels_unit(model: Model) -> nn.Linear:
    """The head in float64 on the CPU; of a regression, with the labels' mean and deviation in it."""
    assert isinstance(model.head, nn.Linear)
    weight = model.head.weight.detach().cpu().double()
    own = model.head.bias
    bias = weight.new_zeros(len(weight)) if own is None else own.detach().cpu().double()
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
        weight = model.parameters()[0]
        features = model.features(as_precise(moved(inputs, weight.device), weight.dtype))
        assert isinstance(features, Tensor)
        logits: Tensor = head(features.cpu().double()).float()
    return logits


def _settings(model: Model) -> dict[str, Any]:
    """The task in the words of the library's configurations."""
    names = names_of(model)
    settings: dict[str, Any] = {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {name: number for number, name in enumerate(names)},
        "problem_type": _PROBLEMS[model.task.name],
    }
    pad = getattr(model.processor, "pad", None)
    return settings if pad is None else {**settings, "pad_token_id": pad}


def names_of(model: Model) -> tuple[str, ...]:
    """What each output stands for."""
    return tuple(getattr(model.task, "classes", ())) or ("value",)
