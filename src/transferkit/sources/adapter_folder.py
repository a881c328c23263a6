"""A LoRA or DoRA adapter as PEFT saves it, merged into the base it was made for.

Hu et al. 2021, arXiv:2106.09685: W + (scale / rank) B A. The base is read by transformers, PEFT lays the adapter in and merges
it, and the result is a checkpoint like any other, in a folder that lives while it is being read. Only safetensors are read.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transferkit.core.errors import Failed, WrongUse
from transferkit.sources import fingerprint, hub
from transferkit.sources.checkpoint_model import Model

_CONFIG, _WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
"""PEFT puts it before every name."""
_MISMATCH = re.compile(
    r"size mismatch for (\S+): .*?torch\.Size\(\[([^]]*)\]\).*?torch\.Size\(\[([^]]*)\]\)", re.DOTALL
)
"""How torch reports a tensor of another shape: its name, the shape in the file, the shape in the network."""


@dataclass(frozen=True)
class AdapterFolder:
    """An adapter that is there, of a kind that can be merged."""

    folder: Path
    base: str
    """What it says it was made for."""

    @classmethod
    def read(cls, location: str) -> AdapterFolder:
        """One line for what is no adapter, or none that can be merged."""
        folder = Path(location).expanduser()
        said = hub.Checkpoint(location, folder).read(_CONFIG)
        if not said:
            raise WrongUse(f"adapter={location} is no folder with an {_CONFIG}; name one that PEFT saved")
        if said.get("peft_type") != "LORA":
            raise WrongUse(
                f"the adapter {location} is of type {said.get('peft_type')}; LORA (and DoRA) adapters can be merged"
            )
        if not (folder / _WEIGHTS).is_file():
            raise WrongUse(f"the adapter {location} has no {_WEIGHTS}; save it with safetensors")
        return cls(folder, str(said.get("base_model_name_or_path") or ""))

    @property
    def fingerprint(self) -> str:
        """Changes with the adapter's weights or settings."""
        return fingerprint.of_files([self.folder / _WEIGHTS], also=(self.folder / _CONFIG).read_text(encoding="utf-8"))

    @property
    def bytes(self) -> int:
        """Of its weights."""
        return (self.folder / _WEIGHTS).stat().st_size

    def check_base(self, checkpoint: hub.Checkpoint) -> None:
        """Refuse an adapter that names another base; of paths only the last part counts, for folders are moved."""
        wanted, given = (_last_part(name) for name in (self.base, checkpoint.name))
        if wanted and wanted != given:
            raise WrongUse(
                f"the adapter {self.folder} was made for {self.base}, not for {checkpoint.name}; name that base, or correct "
                f"base_model_name_or_path in its {_CONFIG}"
            )

    @contextmanager
    def merged_into(self, checkpoint: hub.Checkpoint, model: Model, trust: bool) -> Iterator[hub.Checkpoint]:
        """The checkpoint with the adapter merged into its weights, in a folder that is gone afterwards."""
        self.check_base(checkpoint)
        weights = hub.weights(checkpoint, trust)
        for file in filter(None, (weights.index, *weights.files)):
            checkpoint.fetch(file)
        with tempfile.TemporaryDirectory(prefix="transferkit-") as name:
            folder = Path(name)
            with hub.quiet():
                self._merged(checkpoint, model, weights.pickled).save_pretrained(folder)
            shutil.copy(checkpoint.fetch("config.json"), folder / "config.json")
            yield replace(checkpoint, folder=folder, commit=None, listing={})

    def _merged(self, checkpoint: hub.Checkpoint, model: Model, pickled: bool) -> Any:
        """The base, of its own class, with the adapter in its weights."""
        from peft import PeftModel
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            given = load_file(self.folder / _WEIGHTS)
        except SafetensorError as reason:
            raise Failed(f"{self.folder / _WEIGHTS} is not a whole safetensors file ({reason})") from None
        adapts = {name.removeprefix(_PREFIX).partition(".lora_")[0] for name in given if ".lora_" in name}
        base = _loaded(checkpoint, model, pickled, model.classifier)
        behind_head = f"{base.base_model_prefix}."
        of_classifier = not model.classifier and bool(adapts) and all(name.startswith(behind_head) for name in adapts)
        if of_classifier:  # the base has no head; it got one while the adapter was trained
            heads = [len(tensor) for name, tensor in given.items() if ".lora_" not in name and tensor.ndim == 2]
            base = _loaded(checkpoint, model, pickled, True, num_labels=min(heads, default=2))
        known = dict(base.named_modules())
        strange = sorted(name for name in adapts if name not in known)
        if not adapts:
            raise WrongUse(
                f"the adapter {self.folder} adapts nothing: no lora_A is in its {_WEIGHTS}; save it by PEFT again"
            )
        if strange:
            raise self._unfit(checkpoint, f"{strange[0]}, which it adapts, is not in that model")
        try:
            with warnings.catch_warnings():
                # PEFT asks transformers by a name that is going out of use
                warnings.simplefilter("ignore", FutureWarning)
                merged = PeftModel.from_pretrained(base, self.folder, local_files_only=True).merge_and_unload()
        except RuntimeError as reason:
            raise self._unfit(checkpoint, _first_mismatch(str(reason))) from None
        return merged.base_model if of_classifier else merged

    def _unfit(self, checkpoint: hub.Checkpoint, why: str) -> WrongUse:
        if not self.base:
            return WrongUse(
                f"the adapter {self.folder} does not fit {checkpoint.name}: {why}; it does not say which base it was made for: "
                f"name the one it was trained on, as in hf:BASE?adapter={self.folder}"
            )
        return WrongUse(
            f"the adapter {self.folder} does not fit {checkpoint.name}: {why}; it was made for another base called "
            f"{self.base}; name the folder of its base"
        )


def _loaded(checkpoint: hub.Checkpoint, model: Model, pickled: bool, classifier: bool, **settings: Any) -> Any:
    """The base in the library's own class, which the adapter's names speak of."""
    import torch
    import transformers

    auto_class = getattr(transformers, f"AutoModelFor{model.kind.classifier}") if classifier else transformers.AutoModel
    return auto_class.from_pretrained(
        checkpoint.folder,
        dtype=torch.float32,
        use_safetensors=not pickled,
        local_files_only=True,
        trust_remote_code=False,
        **settings,
    )


def _first_mismatch(reason: str) -> str:
    """The first tensor of another shape that torch reports, by its layer; its own words where it reports something else."""
    found = _MISMATCH.search(reason)
    if found is None:
        return " ".join(reason.split())
    name, given, wanted = found.groups()
    layer, lora, part = name.removeprefix(_PREFIX).partition(".lora_")
    sizes = (" x ".join(shape.split(", ")) for shape in (given, wanted))
    what = f"its {lora[1:]}{part.partition('.')[0]} of layer {layer}" if lora else f"its {layer}"
    return "{} is {}, here {}".format(what, *sizes)


def _last_part(name: str) -> str:
    return name.rstrip("/").partition("@")[0].rpartition("/")[2]
