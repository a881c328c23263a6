"""Saved: a fitted predictor as two files, `settings.json` and `tensors.safetensors`. No pickle, no code.

`settings.json` names the task and the predictor's class and holds their settings; only classes of transferkit itself
and of installed plug-ins are ever imported. It also holds the SHA-256 of the tensors, so that neither damage nor a mix
of two saves goes unseen.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.artifact import plain_json
from transferkit.artifact.atomic import new_directory, write_file
from transferkit.core import registry
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.remote import as_path, fetched, is_remote
from transferkit.core.task import Curve
from transferkit.core.trust import trusting

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1
SETTINGS = "settings.json"
TENSORS = "tensors.safetensors"
STUDIES = "studies.json"
"""In a folder of several targets' studies, which holds a model in the folder of each."""


def save(predictor: Predictor, directory: str | Path) -> None:
    """Write a predictor into `directory`, made where it is missing; one saved there before is replaced.

    Other files in the folder stay. A folder whose `settings.json` is somebody else's is refused.
    """
    directory = Path(directory)
    files = files_of(predictor)
    if not directory.exists():
        with new_directory(directory) as fresh:
            write_into(fresh, files)
        return
    if directory.is_dir() and any((directory / name).exists() for name in files):
        _settings(directory)  # refuses to overwrite what is not ours
    for name, content in files.items():
        write_file(directory / name, content)


def files_of(predictor: Predictor) -> dict[str, bytes]:
    """File name -> content of all that `save` writes: what a predictor is while it travels between machines."""
    tensors = _bytes(predictor.tensors())
    settings = plain_json.exact(_described(predictor, tensors), indent=1) + "\n"
    return {TENSORS: tensors, SETTINGS: settings.encode()}


def write_into(fresh: Path, files: Mapping[str, bytes]) -> None:
    """Write what `files_of` gave into an empty folder that nobody else sees yet."""
    for name in (TENSORS, SETTINGS):
        (fresh / name).write_bytes(files[name])


def load(directory: str | Path, trust: bool = False) -> Predictor:
    """The predictor saved in `directory`, a folder or a URL. What is missing, damaged or foreign gives one line.

    `trust`: the person allows code that came with its source, such as a Lambda layer or types that skops does not know.
    """
    if is_remote(directory):
        with fetched(directory, (SETTINGS, TENSORS)) as copy:
            return load(copy, trust)
    directory = as_path(directory)
    settings = _settings(directory)
    try:
        described = settings["predictor"]
        cls = _predictor_class(str(described["class"]), directory)
        task = registry.get("tasks", settings["task"]["name"])(**settings["task"]["settings"])
        tensors = _tensors(directory, settings["tensors"]["sha256"])
        with trusting(trust):
            predictor = cls.restore(task, described["settings"], tensors)
        predictor.record = _record(settings["record"])
    except (Failed, WrongUse):
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as reason:
        short = f"{type(reason).__name__}: {reason}".splitlines()[0]
        raise Failed(f"{directory} holds a saved model that cannot be rebuilt ({short}); save it again") from reason
    return predictor


def is_saved(directory: Path) -> bool:
    """Whether `directory` looks as if `save` had written it."""
    return (directory / SETTINGS).is_file() and (directory / TENSORS).is_file()


def _described(predictor: Predictor, tensors: bytes) -> dict[str, Any]:
    cls = type(predictor)
    return {
        "format": FORMAT,
        "transferkit": version("transferkit"),
        "task": {"name": predictor.task.name, "settings": predictor.task.describe()},
        "predictor": {"class": f"{cls.__module__}:{cls.__qualname__}", "settings": predictor.describe()},
        "record": asdict(predictor.record),
        "tensors": {"sha256": hashlib.sha256(tensors).hexdigest(), "bytes": len(tensors)},
    }


def _bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors in the safetensors layout. Two names of one storage are written as two tensors."""
    from safetensors.torch import save as serialised

    plain: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in tensors.items():
        own = tensor.detach().cpu().contiguous()
        storage = own.untyped_storage()
        if storage.data_ptr() in seen or storage.nbytes() > own.nbytes:
            own = own.clone()
        seen.add(own.untyped_storage().data_ptr())
        plain[name] = own
    written: bytes = serialised(plain)
    return written


def _settings(directory: Path) -> dict[str, Any]:
    path = directory / SETTINGS
    if not directory.exists():
        raise WrongUse(f"{directory} does not exist; give the folder that a model was saved to")
    if not path.is_file():
        if (directory / STUDIES).is_file():
            raise WrongUse(f"{directory} holds the studies of several targets; name the folder of one of them in it")
        raise WrongUse(f"{directory} holds no saved model (no {SETTINGS}); give the folder that a model was saved to")
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as reason:
        raise Failed(f"{path} is damaged ({reason}); save the model again") from reason
    if not (isinstance(settings, dict) and isinstance(settings.get("format"), int) and "transferkit" in settings):
        raise WrongUse(f"{path} was not written by transferkit; give the folder that a model was saved to")
    if settings["format"] > FORMAT:
        raise WrongUse(
            f"{path} was written by transferkit {settings['transferkit']} in format {settings['format']}, this one reads "
            f"up to {FORMAT}; upgrade transferkit"
        )
    return settings


def _tensors(directory: Path, expected: str) -> dict[str, Tensor]:
    from safetensors.torch import load as deserialised

    path = directory / TENSORS
    try:
        data = path.read_bytes()
    except OSError as reason:
        raise Failed(f"{path} cannot be read ({reason.strerror}); save the model again") from reason
    if hashlib.sha256(data).hexdigest() != expected:
        raise Failed(f"{path} is damaged or belongs to another save (its SHA-256 is not the one in {SETTINGS})")
    tensors: dict[str, Tensor] = deserialised(data)
    return tensors


def _predictor_class(spelled: str, directory: Path) -> type[Predictor]:
    """The class `module:Class` names, if it is a predictor of transferkit or of an installed plug-in."""
    module, colon, name = spelled.partition(":")
    if not (colon and re.fullmatch(r"\w+(\.\w+)*", module) and re.fullmatch(r"\w+", name)):
        raise WrongUse(f"{directory / SETTINGS} names no class: {spelled!r}; expected module:Class")
    if module.partition(".")[0] not in _trusted_packages():
        raise WrongUse(
            f"{directory / SETTINGS} wants code of {module.partition('.')[0]!r}, which is neither transferkit nor an "
            "installed plug-in; install that plug-in, or do not load this model"
        )
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as reason:
        raise Failed(f"{directory} needs {spelled}, which this installation lacks ({reason})") from reason
    if not (inspect.isclass(cls) and issubclass(cls, Predictor) and not inspect.isabstract(cls)):
        raise WrongUse(f"{directory / SETTINGS} names {spelled}, which is not a predictor")
    return cls


def _trusted_packages() -> set[str]:
    plugged_in = (entry for kind in registry.CONTRACTS for entry in entry_points(group=f"transferkit.{kind}"))
    return {"transferkit"} | {entry.module.partition(".")[0] for entry in plugged_in}


def _record(plain: Mapping[str, Any]) -> FitRecord:
    curve = Curve(**{name: tuple(values) for name, values in plain["curve"].items()})
    return FitRecord(**{**plain, "curve": curve, "notes": tuple(plain["notes"])})
