"""`transfer`, `rank` and `compare`: the verbs that look for what helps, and prove it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from transferkit.cli import options, output
from transferkit.cli.as_json import candidates_as_json, ranking_as_json, report_at, study_as_json
from transferkit.cli.lent import lent
from transferkit.cli.workplace import Workplace

if TYPE_CHECKING:
    from transferkit.core.format import ReadOptions
    from transferkit.core.source import Source
    from transferkit.planner.study import Study

INTERRUPTED = 130


@lent
def transfer(
    context: typer.Context,
    target: options.TargetPath,
    place: Workplace,
    columns: ReadOptions,
    sources: options.From = None,
    budget: options.BudgetText = None,
    add: options.Add = None,
    drop: options.Drop = None,
    pin: options.Pin = None,
    seeds: options.Seeds = 5,
    out: options.Out = None,
    on: options.On = None,
    no_label_curve: options.NoLabelCurve = False,
    target_labels: options.TargetLabels = "auto",
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> int:
    """Find the source and method that help most, and prove it against training from scratch.

    Ranks the sources, tries what promises most within the budget, then opens the sealed test split once. Gives the fitted
    model, the verdict with its interval, and a report. Where nothing helps you get the network trained from scratch.

    \b
    Examples:
      transferkit transfer leaves/ --from zoo:objects-cnn --from hf:microsoft/resnet-18 --budget 10m --out runs/leaves
      transferkit transfer scans.csv --label-column finding --group-column patient --from hf:facebook/dinov2-small
      transferkit transfer leaves/ --budget 10m --offline
      transferkit transfer unlabelled_photos/ --from labelled_drawings/ --from zoo:objects-cnn --out runs/photos
      transferkit transfer leaves/ --from zoo:objects-cnn --json --quiet
    """
    from transferkit import front

    given, cache = place.sources(sources, columns), place.cache()
    with place.progress(budget) as progress:
        data = place.target(target, seed, columns, progress, given)
        offered = given or place.candidates(data)
        study = front.transfer(
            offered,
            data,
            budget=budget,
            add=add or (),
            drop=drop or (),
            pin=pin or (),
            seeds=seeds,
            seed=seed,
            out=out,
            on=on,
            label_curve=not no_label_curve,
            target_labels=target_labels,
            cache=cache,
            device=place.device,
            progress=progress,
            command=command_line(context),
            begun=place.begun,
        )
    return show_study(study, out, as_json, offered)


@lent
def rank(
    target: options.TargetPath,
    place: Workplace,
    columns: ReadOptions,
    sources: options.From = None,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Say which source promises most for your data, from one pass through each; nothing is trained.

    The predicted accuracy comes with an interval, and with a floor: what random features reach. A ranking is a guess to
    start from; `transfer` proves it.

    \b
    Examples:
      transferkit rank leaves/
      transferkit rank leaves/ --from zoo:objects-cnn --from zoo:letters-cnn
      transferkit rank leaves/ --from hf:microsoft/resnet-18 --from hf:facebook/dinov2-small --offline --json
    """
    from transferkit import front
    from transferkit.artifact.printed import ranking_renderable

    given, cache = place.sources(sources, columns), place.cache()
    with place.progress() as progress:
        data = place.target(target, seed, columns, progress, given)
        offered = given or place.candidates(data)
        ranking = front.rank(offered, data, seed=seed, cache=cache, device=place.device, progress=progress)
    if as_json:
        output.show_json(ranking_as_json(ranking.rows, data.task.metric) | candidates_as_json(offered))
    else:
        output.show(ranking_renderable(ranking.rows))


@lent
def compare(
    context: typer.Context,
    target: options.TargetPath,
    place: Workplace,
    columns: ReadOptions,
    sources: options.From = None,
    methods: options.Methods = None,
    budget: options.BudgetText = None,
    seeds: options.Seeds = 5,
    out: options.Out = None,
    on: options.On = None,
    no_label_curve: options.NoLabelCurve = False,
    target_labels: options.TargetLabels = "auto",
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> int:
    """Prove the methods you name, each on every source that it takes, against training from scratch.

    Like `transfer`, with the arms chosen by you instead of by the ranking; all of them are proven, with intervals that hold
    for all of them together. `transferkit methods` lists the methods and their settings.

    \b
    Examples:
      transferkit compare leaves/ --from zoo:objects-cnn --method linear_probe --method full:learning_rate=0.0005
      transferkit compare leaves/ --from zoo:objects-cnn --from zoo:letters-cnn --method full --seeds 3 --out runs/full
    """
    from transferkit import front

    given, cache = place.sources(sources, columns), place.cache()
    with place.progress(budget) as progress:
        data = place.target(target, seed, columns, progress, given)
        offered = given or place.candidates(data)
        study = front.compare(
            offered,
            data,
            methods or [],
            budget=budget,
            seeds=seeds,
            seed=seed,
            out=out,
            on=on,
            label_curve=not no_label_curve,
            target_labels=target_labels,
            cache=cache,
            device=place.device,
            progress=progress,
            command=command_line(context),
            begun=place.begun,
        )
    return show_study(study, out, as_json, offered)


def command_line(context: typer.Context) -> str:
    """The command as it was typed, for the report."""
    return shlex.join(["transferkit", *(context.obj or ())])


def show_study(study: Study, out: str | Path | None, as_json: bool, offered: Sequence[Source] = ()) -> int:
    """Print what a study found and where it lies; gives the exit code."""
    from transferkit.artifact.printed import study_renderable

    if as_json:
        output.show_json(study_as_json(study.summary, out) | candidates_as_json(offered))
    else:
        output.show(study_renderable(study.summary))
        if out is None:
            output.tell("Nothing was kept; add --out FOLDER to keep the model and the report.")
        else:
            output.show(f"Report: {report_at(out)}")
    return INTERRUPTED if study.summary.extra.get("interrupted") else 0
