"""Options that several commands share: one spelling, one help text, one default each."""

from __future__ import annotations

from typing import Annotated

import typer

_DATA = "Your data"
_MACHINE = "This machine"

_TARGET = (
    "Your data: a folder with one folder of pictures, texts or sound files a class, or a table (csv, tsv, jsonl, parquet) of "
    "texts, of paths to pictures or sound files, of numbers and categories, or of a time series"
)
TargetPath = Annotated[str, typer.Argument(metavar="TARGET", help=f"{_TARGET}.", show_default=False)]
TargetPaths = Annotated[
    list[str],
    typer.Argument(
        metavar="TARGET...", help=f"{_TARGET}. Several are a study each, within one budget.", show_default=False
    ),
]
From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="SOURCE",
        help="Where knowledge may come from: a model such as zoo:digits-cnn or hf:microsoft/resnet-18, or labelled data such "
        "as plants/ or old.csv, from which a network is learned first; repeat it for more. "
        "Without it some are proposed that fit the data and this machine.",
        show_default=False,
    ),
]
Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="METHOD",
        help="A method, with settings if you like, such as full:epochs=20; repeat it for more.",
        show_default=False,
    ),
]
BudgetText = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="BUDGET",
        help="How much it may cost, the proof included: 90s, 10m, 1h30m or '20 trials'. Without it all that is planned runs.",
        show_default=False,
    ),
]
_ARM = "an arm, spelled as the report spells it, such as 'full < zoo:digits-cnn'"
Add = Annotated[
    list[str] | None,
    typer.Option(
        "--add",
        metavar="ARM",
        help=f"Try also {_ARM}; settings may be named, as in 'full:epochs=20 < ...'.",
        show_default=False,
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(
        "--drop", metavar="ARM", help="Do not try an arm; * stands for anything, as in 'full < *'.", show_default=False
    ),
]
Pin = Annotated[
    list[str] | None,
    typer.Option(
        "--pin",
        metavar="ARM",
        help="Try an arm to the end and prove it, whatever it promises; * stands for anything.",
        show_default=False,
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="WHERE",
        help="Where trials run: ray (this machine's cores as workers) or ray://host:port; without it this process.",
        show_default=False,
        rich_help_panel=_MACHINE,
    ),
]
NoLabelCurve = Annotated[
    bool,
    typer.Option(
        "--no-label-curve", help="Do not learn from fewer labels too, which says how many the transfer is worth."
    ),
]
Seeds = Annotated[
    int, typer.Option("--seeds", metavar="N", help="Paired refits the proof rests on; more make the interval narrower.")
]
Seed = Annotated[
    int, typer.Option("--seed", metavar="N", help="Decides the split and every draw: same seed, same numbers.")
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="Keep everything there, in a folder or at a URL such as s3://bucket/run: model, report, journal. The same command "
        "again goes on where it was stopped, or joins the run that is at work there.",
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, all else on standard error.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no warnings.")]
Offline = Annotated[
    bool,
    typer.Option("--offline", help="Never ask the network; use what is on this machine.", rich_help_panel=_MACHINE),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Allow pickles and code that come with a source; they can do anything you can.",
        rich_help_panel=_MACHINE,
    ),
]
Device = Annotated[
    str, typer.Option("--device", metavar="DEVICE", help="cpu, cuda, cuda:1 or mps.", rich_help_panel=_MACHINE)
]
CacheDirectory = Annotated[
    str | None,
    typer.Option(
        "--cache-dir",
        metavar="FOLDER",
        help="Where features are kept between runs, a folder or a URL; without it $TRANSFERKIT_CACHE or your cache folder.",
        show_default=False,
        rich_help_panel=_MACHINE,
    ),
]
CacheSize = Annotated[
    str | None,
    typer.Option(
        "--cache-size",
        metavar="SIZE",
        help="The most those features may take, such as 500MB or 2GB; the least recently used go first.",
        show_default=False,
        rich_help_panel=_MACHINE,
    ),
]


MetricName = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="NAME",
        help="What arms are chosen and proven by, such as balanced_accuracy or auroc; without it what suits the labels.",
        show_default=False,
        rich_help_panel=_DATA,
    ),
]


TargetLabels = Annotated[
    str,
    typer.Option(
        "--target-labels",
        metavar="USE",
        help="What the target's labels are for: learn from them, or evidence alone, where labelled data of another domain are "
        "learned from; auto learns where there are enough of them.",
        rich_help_panel=_DATA,
    ),
]
TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="TASK",
        help="What is predicted, such as classify, regress, tag or transcribe; without it the labels say so: words are "
        "classes, numbers with a fraction are quantities, and so are more than 20 whole numbers of which some occur only once.",
        show_default=False,
        rich_help_panel=_DATA,
    ),
]


def _column(flag: str, about: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        flag, metavar="COLUMN", help=about, show_default=False, rich_help_panel=_DATA
    )
    return option


ImageColumn = Annotated[
    str | None, _column("--image-column", "Column of a table that holds the paths of the pictures.")
]
TextColumn = Annotated[str | None, _column("--text-column", "Column of a table that holds the texts.")]
AudioColumn = Annotated[str | None, _column("--audio-column", "Column that holds the paths of the sound files.")]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="How text files and tables are encoded, such as utf-8 or latin-1; without it that is found out.",
        show_default=False,
        rich_help_panel=_DATA,
    ),
]
LabelColumn = Annotated[str | None, _column("--label-column", "Column that holds the labels.")]
SplitColumn = Annotated[str | None, _column("--split-column", "Column that says train, validation or test.")]
GroupColumn = Annotated[
    str | None, _column("--group-column", "Column of groups (a patient, a plant) that no split may tear apart.")
]
WeightColumn = Annotated[str | None, _column("--weight-column", "Column that says how much each item counts.")]
TimeColumn = Annotated[
    str | None,
    _column("--time-column", "Column that orders the rows of a time series, which is then read in windows."),
]
Window = Annotated[
    int | None,
    typer.Option(
        "--window",
        metavar="ROWS",
        help="Rows in a window of a time series; without it as many as the usual series has, at most 32.",
        show_default=False,
        rich_help_panel=_DATA,
    ),
]
Stride = Annotated[
    int | None,
    typer.Option(
        "--stride",
        metavar="ROWS",
        help="Rows from one window to the next; without it as many as a window has, so that no two overlap.",
        show_default=False,
        rich_help_panel=_DATA,
    ),
]
