"""`torch:` on a `.pt2` file: a program that `torch.export` wrote, of pictures: `torch:model.pt2?scale=imagenet&output=name`.

Its features are what enters its last linear layer, which is the source's own head, or else its output; `output` names any
other tensor of the program. Pictures are scaled as `scale` says (`sources/model_file.py`), `imagenet` by default.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse, unknown_name
from transferkit.core.source import Card
from transferkit.sources import exported_file, fingerprint
from transferkit.sources.model_file import BLUE_FIRST, ModelFile

if TYPE_CHECKING:
    from transferkit.core.network import Network

SUFFIX = ".pt2"


def card(location: str) -> Card:
    """From the graph; the weights stay on disk."""
    from transferkit.sources.architectures import exported_program

    file, read = _read(location)
    settings = _settings(file, read)
    n_classes = settings["n_classes"]
    return Card(
        name=f"torch:{location}",
        modality="image",
        holds="model",
        fingerprint=fingerprint.of_files([file.path], also=f"{settings['features']} {settings['blue_first']}"),
        architecture=Architecture.of("exported_program", settings),
        parameters=exported_program.parameters_of(read.graph, settings["features"]),
        bytes=file.path.stat().st_size,
        classes=file.classes(n_classes) if n_classes else (),
        licence=file.licence,
        trained_on=file.trained_on,
        notes=file.assumed("imagenet"),
    )


def network(location: str) -> Network:
    """The program with its weights."""
    from transferkit.sources import architectures
    from transferkit.sources.architectures.exported_program import ExportedProgram

    file, read = _read(location)
    made = architectures.build(Architecture.of("exported_program", _settings(file, read)))
    assert isinstance(made, ExportedProgram)
    made.lay_in(exported_file.tensors(file.path, read))
    return made


def processor(location: str) -> dict[str, Any]:
    """The settings of the processor: pictures of the size the program takes, scaled as the name says."""
    file, read = _read(location)
    return file.processor(file.size(*_side(file, read)), file.scale("imagenet"))


def check(location: str) -> None:
    """Refuse a file that is not there, and a wish that nobody knows."""
    ModelFile.read("torch", location, ("output",))


def _read(location: str) -> tuple[ModelFile, exported_file.Exported]:
    file = ModelFile.read("torch", location, ("output",))
    return file, _once(file.path, file.path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _once(path: Path, changed: int) -> exported_file.Exported:
    """`changed` makes a rewritten file another one."""
    return exported_file.read(path)


def _settings(file: ModelFile, read: exported_file.Exported) -> dict[str, Any]:
    from transferkit.sources.architectures import exported_program

    _side(file, read)
    output = file.wish("output")
    if output is not None and output not in read.graph["sizes"]:
        raise unknown_name(f"tensor of {file.path}", output, read.graph["sizes"])
    try:
        features, n_classes = (output, None) if output else exported_program.ending(read.graph)
    except WrongUse as reason:
        raise WrongUse(f"{file.path}: {reason}") from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as reason:
        raise Failed(f"{file.path} is no program of a known form ({type(reason).__name__}: {reason})") from reason
    return {
        "graph": read.graph,
        "features": features,
        "n_classes": n_classes,
        "batch": read.batch,
        "blue_first": file.scale("imagenet") in BLUE_FIRST,
    }


def _side(file: ModelFile, read: exported_file.Exported) -> tuple[int | None, int | None]:
    """(height, width) of the pictures it takes."""
    shape = read.shape
    if len(shape) == 4 and shape[1] in (1, 3):
        return shape[2], shape[3]
    if len(shape) == 4 and shape[3] in (1, 3):
        return shape[1], shape[2]
    raise WrongUse(f"{file.path} takes input of the shape {shape}, expected pictures (n, 1 or 3, height, width)")
