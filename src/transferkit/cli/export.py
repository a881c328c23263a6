"""`export`: the model of a study as a folder that plain transformers loads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transferkit.cli import options, output
from transferkit.cli.results import Model

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write it; new or empty.", show_default=False)]


def export(model: Model, folder: Folder, as_json: options.Json = False) -> None:
    """Write the model of a study as a folder that plain transformers loads, offline and without transferkit.

    The folder holds the weights, the tokenizer or preprocessor, and a model card with the licence of the source. Before it is
    written the logits of both are compared. A network that is none of transformers is refused, as is one that no classifier
    of transformers computes, such as the mean of a text's tokens; one that can be is fitted from hf:NAME?pooling=cls.

    \b
    Examples:
      transferkit export runs/reviews reviews-model
      transferkit export runs/leaves leaves-model --json
    """
    from transferkit import front
    from transferkit.artifact.kept import REPORT_JSON
    from transferkit.artifact.report_json import read_summary

    predictor = front.load(model)
    report = Path(model) / REPORT_JSON
    evidence = read_summary(report).sentence if report.is_file() else ""
    predictor.save_transformers(folder, evidence)
    files = sorted(path.name for path in folder.iterdir())
    if as_json:
        output.show_json({"folder": str(folder), "files": files})
    else:
        output.show(f"{folder}: {', '.join(files)}")
