"""`transfer`, `rank` and `compare`: the verbs that look for what helps, and prove it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from transferkit.cli import options, output
from transferkit.cli.as_json import ranking_as_json, study_as_json
from transferkit.cli.workplace import Workplace

if TYPE_CHECKING:
    from transferkit.plan.study import Study

INTERRUPTED = 130


def transfer(
    context: typer.Context,
    target: options.TargetPath,
    sources: options.From = None,
    budget: options.BudgetText = None,
    seeds: options.Seeds = 5,
    out: options.Out = None,
    seed: options.Seed = 0,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    split_column: options.SplitColumn = None,
    group_column: options.GroupColumn = None,
    weight_column: options.WeightColumn = None,
    offline: options.Offline = False,
    trust: options.Trust = False,
    device: options.Device = "cpu",
    cache_directory: options.CacheDirectory = None,
    cache_size: options.CacheSize = None,
) -> int:
    """Find the source and method that help most, and prove it against training from scratch.

    Ranks the sources, tries what promises most within the budget, then opens the sealed test split once. Gives the fitted
    model, the verdict with its interval, and a report. Where nothing helps you get the network trained from scratch.

    \b
    Examples:
      transferkit transfer leaves/ --from zoo:objects-cnn --from hf:microsoft/resnet-18 --budget 10m --out runs/leaves
      transferkit transfer scans.csv --label-column finding --group-column patient --from hf:facebook/dinov2-small
      transferkit transfer leaves/ --from zoo:objects-cnn --json --quiet
    """
    from transferkit import front
    from transferkit.core.format import ReadOptions

    place = Workplace(offline, trust, device, cache_directory, cache_size, quiet)
    columns = ReadOptions(image_column, label_column, split_column, group_column, weight_column)
    given, cache = place.sources(sources), place.cache()
    with place.progress(budget) as progress:
        study = front.transfer(
            given,
            place.target(target, seed, columns, progress),
            budget=budget,
            seeds=seeds,
            seed=seed,
            out=out,
            cache=cache,
            device=place.device,
            progress=progress,
            command=command_line(context),
        )
    return show_study(study, out, as_json)


def rank(
    target: options.TargetPath,
    sources: options.From = None,
    seed: options.Seed = 0,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    split_column: options.SplitColumn = None,
    group_column: options.GroupColumn = None,
    weight_column: options.WeightColumn = None,
    offline: options.Offline = False,
    trust: options.Trust = False,
    device: options.Device = "cpu",
    cache_directory: options.CacheDirectory = None,
    cache_size: options.CacheSize = None,
) -> None:
    """Say which source promises most for your data, from one pass through each; nothing is trained.

    The predicted accuracy comes with an interval, and with a floor: what random features reach. A ranking is a guess to
    start from; `transfer` proves it.

    \b
    Examples:
      transferkit rank leaves/ --from zoo:objects-cnn --from zoo:letters-cnn
      transferkit rank leaves/ --from hf:microsoft/resnet-18 --from hf:facebook/dinov2-small --offline --json
    """
    from transferkit import front
    from transferkit.artifact.printed import ranking_renderable
    from transferkit.core.format import ReadOptions

    place = Workplace(offline, trust, device, cache_directory, cache_size, quiet)
    columns = ReadOptions(image_column, label_column, split_column, group_column, weight_column)
    given, cache = place.sources(sources), place.cache()
    with place.progress() as progress:
        data = place.target(target, seed, columns, progress)
        ranking = front.rank(given, data, seed=seed, cache=cache, device=place.device, progress=progress)
    if as_json:
        output.show_json(ranking_as_json(ranking.rows, data.task.metric))
    else:
        output.show(ranking_renderable(ranking.rows))


def compare(
    context: typer.Context,
    target: options.TargetPath,
    sources: options.From = None,
    methods: options.Methods = None,
    budget: options.BudgetText = None,
    seeds: options.Seeds = 5,
    out: options.Out = None,
    seed: options.Seed = 0,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    split_column: options.SplitColumn = None,
    group_column: options.GroupColumn = None,
    weight_column: options.WeightColumn = None,
    offline: options.Offline = False,
    trust: options.Trust = False,
    device: options.Device = "cpu",
    cache_directory: options.CacheDirectory = None,
    cache_size: options.CacheSize = None,
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
    from transferkit.core.format import ReadOptions

    place = Workplace(offline, trust, device, cache_directory, cache_size, quiet)
    columns = ReadOptions(image_column, label_column, split_column, group_column, weight_column)
    given, cache = place.sources(sources), place.cache()
    with place.progress(budget) as progress:
        study = front.compare(
            given,
            place.target(target, seed, columns, progress),
            methods or [],
            budget=budget,
            seeds=seeds,
            seed=seed,
            out=out,
            cache=cache,
            device=place.device,
            progress=progress,
            command=command_line(context),
        )
    return show_study(study, out, as_json)


def command_line(context: typer.Context) -> str:
    """The command as it was typed, for the report."""
    return shlex.join(["transferkit", *(context.obj or ())])


def show_study(study: Study, out: Path | None, as_json: bool) -> int:
    """Print what a study found and where it lies; gives the exit code."""
    from transferkit.artifact.kept import REPORT
    from transferkit.artifact.printed import study_renderable

    if as_json:
        output.show_json(study_as_json(study.summary, out))
    else:
        output.show(study_renderable(study.summary))
        if out is None:
            output.tell("Nothing was kept; add --out FOLDER to keep the model and the report.")
        else:
            output.show(f"Report: {out / REPORT}")
    return INTERRUPTED if study.summary.extra.get("interrupted") else 0
