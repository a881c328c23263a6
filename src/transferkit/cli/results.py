"""`predict` and `report`: the verbs that use what a study left behind."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transferkit.cli import options, output
from transferkit.cli.as_json import studies_as_json
from transferkit.cli.workplace import Workplace
from transferkit.core.errors import WrongUse

if TYPE_CHECKING:
    from transferkit.core.source import Processor
    from transferkit.core.task import Predictions

Model = Annotated[
    str, typer.Argument(metavar="RUN", help="A run directory (what --out named) or a saved model.", show_default=False)
]
Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES...",
        help="Files of pictures, texts or sounds, tables of rows, or folders of any of these.",
        show_default=False,
    ),
]
Table = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE.csv", help="Write the predictions there as CSV.", show_default=False),
]


def predict(
    model: Model,
    files: Files,
    out: Table = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    group_column: options.GroupColumn = None,
    time_column: options.TimeColumn = None,
    trust: options.Trust = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Predict new items with the model of a study: pictures, texts, sounds, or the rows of tables.

    One line an item: its file, the label and how sure the model is. Files that cannot be read are listed and left out. Of a
    table every row is predicted; for a model of texts its column of texts, for a model of a time series windows that end at its
    last row.

    \b
    Examples:
      transferkit predict runs/leaves new1.jpg new2.jpg
      transferkit predict runs/leaves new/ --out predictions.csv
      transferkit predict runs/patients new.csv
      transferkit predict runs/reviews letter.txt more-reviews.csv
      transferkit predict runs/engines new.csv --time-column cycle --group-column unit
      transferkit predict transferkit-demo new/ --json
    """
    from transferkit import front
    from transferkit.cli.items import read_items
    from transferkit.core.format import ReadOptions

    predictor = front.load(model, trust=trust)
    if predictor.processor is None:
        raise WrongUse(
            f"{model} looks at no item: it says the same of every one; name a model that was fitted to items"
        )
    named = ReadOptions(
        text_column=text_column, label_column=label_column, group_column=group_column, time_column=time_column
    )
    with Workplace(quiet=quiet).progress() as progress:
        given = read_items(files, predictor.processor, progress, named)
        predictions = predictor.predict(given.items, lambda done, total: progress("predicting", done, total))
    rows = _rows(given.names, predictions)
    for line in _remarks(predictor.processor, given.items):
        output.tell(f"note: {line}")
    for name, reason in given.unreadable:
        output.tell(f"unreadable: {name}: {output.one_line(reason)}")
    if out is not None:
        from transferkit.artifact.atomic import write_file

        write_file(out, _csv(rows))
    if as_json:
        unreadable = [{"file": name, "reason": reason} for name, reason in given.unreadable]
        output.show_json({"predictions": rows, "unreadable": unreadable, "out": None if out is None else str(out)})
    elif out is not None:
        left_out = f", {len(given.unreadable)} left out" if given.unreadable else ""
        output.show(f"{out}: {len(rows)} predictions{left_out}")
    else:
        output.show(_csv(rows))


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run directory.", show_default=False)],
    as_json: options.Json = False,
) -> None:
    """Draw the report of a run again, from its report.json, and say where it is.

    Use it after an upgrade, or where report.html was lost. The numbers stay as they were. Of the folder of several targets the
    overview is drawn.

    \b
    Examples:
      transferkit report runs/leaves
      transferkit report transferkit-demo --json
    """
    from transferkit.artifact.atomic import write_file
    from transferkit.artifact.kept import REPORT, REPORT_JSON
    from transferkit.artifact.kept_overview import holds_several
    from transferkit.artifact.report import render
    from transferkit.artifact.report_json import read_summary

    folder = Path(run)
    if not folder.is_dir():
        raise WrongUse(f"{run} is no run directory; name the folder that --out named")
    if holds_several(folder):
        _draw_overview(folder, as_json)
        return
    summary = read_summary(folder / REPORT_JSON)
    page = folder / REPORT
    write_file(page, render(summary))
    if as_json:
        output.show_json({"report": str(page), "verdict": summary.verdict, "sentence": summary.sentence})
    else:
        output.show(f"{summary.sentence}\nReport: {page}")


def _draw_overview(folder: Path, as_json: bool) -> None:
    from transferkit.artifact.kept import REPORT
    from transferkit.artifact.kept_overview import keep_overview, read_overview
    from transferkit.artifact.printed_overview import overview_renderable

    results = read_overview(folder)
    keep_overview(results, folder)
    if as_json:
        output.show_json(studies_as_json(results, folder))
    else:
        output.show(overview_renderable(results))
        output.show(f"Report: {folder / REPORT}")


def _remarks(processor: Processor, items: Sequence[Any]) -> tuple[str, ...]:
    """What of these items the model does not see: columns that say nothing, texts that are too long."""
    return (*processor.notes(items), *processor.remarks(items))


def _rows(names: Sequence[str], predictions: Predictions) -> list[dict[str, Any]]:
    """`confidence`: of a class; of several tags there is no one number."""
    scores = predictions.scores
    is_class = scores is not None and not any(isinstance(label, tuple) for label in predictions.labels)
    sure = scores.max(axis=1).tolist() if scores is not None and is_class else [None] * len(names)
    return [
        {"file": name, "label": label, "confidence": confidence}
        for name, label, confidence in zip(names, predictions.labels, sure, strict=True)
    ]


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    written = io.StringIO()
    table = csv.DictWriter(written, ["file", "label", "confidence"], lineterminator="\n")
    table.writeheader()
    for row in rows:
        sure = row["confidence"]
        table.writerow(row | {"label": _cell(row["label"]), "confidence": "" if sure is None else f"{sure:.4f}"})
    return written.getvalue()


def _cell(label: Any) -> Any:
    """Tags as a table of labels has them, a bar alone for none; anything else as it is."""
    return ("|".join(label) or "|") if isinstance(label, tuple) else label
