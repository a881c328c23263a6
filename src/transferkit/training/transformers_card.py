"""The README.md beside an exported model: its origin and licence, how to use it, what to beware of.

Its front matter is what the Hugging Face hub reads (huggingface.co/docs/hub/model-cards).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from transferkit.core.predictor import FitRecord
from transferkit.training.model import Model

_PIPELINES = {"image": "image-classification", "text": "text-classification", "audio": "audio-classification"}
_ITEMS = {"image": '"new.jpg"', "text": '"a new text", truncation=True', "audio": '"new.wav"'}
_LICENCES = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "openrail")
"""Spellings that the hub knows."""


def transformers_card(model: Model, names: tuple[str, ...], record: FitRecord, class_name: str, evidence: str) -> str:
    """The text of the README.md; `names`: what each output stands for, `evidence`: a sentence, or none."""
    modality = model.processor.modality
    licences = {one["licence"].lower() for one in record.origin} - {"unknown", ""}
    said = next(iter(licences)) if len(licences) == 1 else ""
    bases = [base for one in record.origin if (base := _on_the_hub(one["name"]))]
    front = ["---", "library_name: transformers", f"pipeline_tag: {_PIPELINES[modality]}"]
    front += [f"license: {said if said in _LICENCES else 'other'}"] if licences else []
    front += [f"base_model: {json.dumps(bases)}"] if bases else []
    cells = [[_plain(one[column]) for column in ("name", "trained_on", "licence")] for one in record.origin]
    rows = [f"| {' | '.join(row)} |" for row in cells]
    origin = ["| source | trained on | licence |", "|---|---|---|", *rows]
    what = _plain(", ".join(names[:20])) + (", ..." if len(names) > 20 else "")
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
            *(f"- {line}" for line in _limits(model.processor)),
            "",
        ]
    )


def _on_the_hub(source: str) -> str:
    """The repository of a source; "" for one that is no model of the hub, such as a folder of this machine."""
    scheme, _, location = source.partition(":")
    place = location.partition("?")[0]
    is_repository = (
        scheme == "hf" and re.fullmatch(r"[\w.-]+(/[\w.-]+)?(@[\w.-]+)?", place) and not Path(place).exists()
    )
    return place.partition("@")[0] if is_repository else ""


def _limits(processor: Any) -> list[str]:
    """What of an item is not seen."""
    if processor.modality == "text":
        return [f"Texts are cut off after {processor.max_length} tokens, as they were in fitting."]
    if processor.modality == "audio":
        heard = f"{processor.seconds:g} s"
        return [
            f"Of a recording longer than {heard} transferkit heard the loudest {heard}; a pipeline takes what it takes."
        ]
    return []


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is, on one line."""
    joined = " ".join(text.split())
    for sign in "\\`*_[]<>|#":
        joined = joined.replace(sign, f"\\{sign}")
    return joined
