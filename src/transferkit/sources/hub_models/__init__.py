"""Which models of the hub transferkit reads: one file a modality, each with one `ModelKind`; `hf:` asks them in turn."""

from __future__ import annotations

import importlib
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from transferkit.core.source import Processor
    from transferkit.sources.hub import Checkpoint


class ModelKind(ABC):
    """The transformers models of one modality, named in a file of this folder by the variable `KIND`."""

    modality: ClassVar[str]
    things: ClassVar[str]
    """What such a model takes, in the plural: "pictures"."""
    inputs: ClassVar[tuple[str, ...]]
    """The library's names of its main input: "pixel_values"."""
    classifier: ClassVar[str]
    """What the library calls its classifiers after `For`: "ImageClassification"."""
    architecture: ClassVar[str]
    """File stem under `sources/architectures/`. That file gives `settings_for(config, classifier, **choices)`,
    `outline(config, classifier, **choices)`, `load(folder, config, classifier, pickled, **choices)` and `families()`, the
    model types whose stages it knows."""
    serves: ClassVar[str] = ""
    """Name of the one task it is read for; "" for all that take one vector an item."""
    towers: ClassVar[Mapping[str, str]] = {}
    """Model types of several modalities -> the part of their configuration whose model stands alone for this one."""

    @abstractmethod
    def processor(self, checkpoint: Checkpoint, config: Any) -> Processor:
        """What turns items into the model's input, as the checkpoint says."""

    def choices(self, checkpoint: Checkpoint, config: Any, classifier: bool) -> dict[str, Any]:
        """Settings of the architecture that the configuration does not tell."""
        return {}

    @property
    def wrapper(self) -> ModuleType:
        """The module that makes networks of these models; imports torch."""
        return importlib.import_module(f"transferkit.sources.architectures.{self.architecture}")

    def classifies(self, config: Any, architectures: tuple[str, ...]) -> bool:
        """Whether a checkpoint of this configuration brings a classifier of this modality."""
        import transformers

        known = getattr(transformers, f"MODEL_FOR_{_upper_snake(self.classifier)}_MAPPING")
        return type(config) in known and any(f"For{self.classifier}" in name for name in architectures)


@cache
def kinds(serves: str = "") -> tuple[ModelKind, ...]:
    """Every kind of model there is, by modality; those for the task `serves`, where there are such.

    >>> [kind.things for kind in kinds() if kind.modality == "image"]
    ['pictures']
    """
    stems = sorted(module.name for module in pkgutil.iter_modules(__path__))
    every = tuple(importlib.import_module(f"{__name__}.{stem}").KIND for stem in stems)
    return tuple(kind for kind in every if kind.serves == serves) or kinds()


def _upper_snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
