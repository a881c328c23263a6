"""The curated list, `curated.toml`: a few models of the hub that carry well, for each modality, with licence and size.

The order of the file is the order in which they are proposed. Their facts are checked by `tests/sources/candidates`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIST = Path(__file__).with_name("curated.toml")


@dataclass(frozen=True, kw_only=True)
class Curated:
    """One model of the list."""

    name: str
    """As a source is named: `hf:organisation/model`, `sentence:organisation/model`, either with `@revision`."""
    modality: str
    licence: str
    parameters: int
    """Of the body."""
    bytes: int
    """Of the file of weights, head included."""
    trained_on: str
    config: Mapping[str, Any]
    """What of its config.json differs from the usual of its `model_type`."""
    classifier: bool
    """Whether it brings a head."""
    input_size: int | None = None
    """Pixels of a picture's side; None for what is no picture."""

    @property
    def location(self) -> str:
        """Its place on the hub, without the scheme.

        >>> curated("text")[0].location
        'sentence-transformers/all-mpnet-base-v2'
        """
        return self.name.partition(":")[2]


def curated(modality: str) -> tuple[Curated, ...]:
    """The models of the list for one modality, the most promising first.

    >>> [model.name for model in curated("image") if "resnet" in model.name]
    ['hf:microsoft/resnet-50', 'hf:microsoft/resnet-18']
    """
    with LIST.open("rb") as file:
        models = [Curated(**row) for row in tomllib.load(file)["model"]]
    return tuple(model for model in models if model.modality == modality)
