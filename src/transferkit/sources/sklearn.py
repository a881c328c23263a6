"""`sklearn:` a scikit-learn model of tables as a frozen feature extractor: `sklearn:model.skops?output=leaves`.

Saved with skops, which names every type in a file before it makes one; a pickle is refused, for it may run any code. Types that
skops does not know are listed and refused unless the person says --trust; the trees of scikit-learn's own forests are known.
Rows are given to the model by the column names it was fitted with, or in the order of the table where it knows no names.

`output` says which features: `scores` (decision function, log-probabilities or the predicted number), `transform` (what a
pipeline's steps before the last make of a row), `leaves` (which leaf of each tree a row falls into, one of many), or several
with a `+` between. Without it: scores, and transform where the model is a pipeline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import fingerprint
from transferkit.sources.model_file import ModelFile

if TYPE_CHECKING:
    from transferkit.core.network import Network

_PICKLES = (".pkl", ".pickle", ".joblib")


class Sklearn(SourceKind):
    """A fitted estimator or pipeline, frozen."""

    example = "sklearn:model.skops"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the fitted model, which is loaded for it."""
        file = _file(location)
        settings = _settings(file, options)
        return Card(
            name=f"sklearn:{location}",
            modality="tabular",
            holds="model",
            fingerprint=fingerprint.of_files([file.path], also=settings["output"]),
            architecture=Architecture.of("sklearn_model", settings),
            parameters=0,
            bytes=file.path.stat().st_size,
            licence=file.licence,
            trained_on=file.trained_on,
            frozen=True,
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """One stage without parameters; the file itself travels with it."""
        from transferkit.sources import architectures
        from transferkit.sources.architectures.sklearn_model import SklearnModel

        file = _file(location)
        network = architectures.build(Architecture.of("sklearn_model", _settings(file, options)))
        assert isinstance(network, SklearnModel)
        network.lay_in(file.path.read_bytes())
        return network

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """Cells of the columns the model was fitted on."""
        from transferkit.sources.architectures.sklearn_model import columns_of
        from transferkit.sources.processors.cells import CellsProcessor

        names, count = columns_of(_model(_file(location), options))
        return CellsProcessor(names=names, count=count)

    def check(self, location: str) -> None:
        """Refuse a file that is not there, and a pickle."""
        _file(location)


def _file(location: str) -> ModelFile:
    file = ModelFile.read("sklearn", location, ("output",))
    if file.path.suffix.lower() in _PICKLES:
        raise WrongUse(f"{file.path}: a pickle may run any code and is not read; save the model with skops.io.dump")
    return file


def _model(file: ModelFile, options: SourceOptions) -> Any:
    from transferkit.sources.architectures.sklearn_model import loaded

    return loaded(file.path.read_bytes(), str(file.path), trust=options.trust)


def _settings(file: ModelFile, options: SourceOptions) -> dict[str, Any]:
    from transferkit.sources.architectures.sklearn_model import feature_dim, usual_output

    model = _model(file, options)
    output = file.wish("output") or usual_output(model)
    return {
        "n_bytes": file.path.stat().st_size,
        "feature_dim": feature_dim(model, output, str(file.path)),
        "output": output,
    }
