"""`transfer`, `rank` and `compare`: the verbs that look for what helps, and prove it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from transferkit.cli import options, output
from transferkit.cli.as_json import candidates_as_json, ranking_as_json
from transferkit.cli.carry_out import Asked, Limits, carry_out
from transferkit.cli.lent import lent
from transferkit.cli.workplace import Workplace

if TYPE_CHECKING:
    from transferkit.core.format import ReadOptions
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.planner.study import Study


@lent
def transfer(
    context: typer.Context,
    targets: options.TargetPaths,
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
    model, the verdict with its interval, and a report. Where nothing helps you get the baseline, mostly the network
    trained from scratch. Several targets are studied one after the other: the budget is shared out, and each has its own
    folder in --out.

    \b
    Examples:
      transferkit transfer leaves/ --from zoo:objects-cnn --from hf:microsoft/resnet-18 --budget 10m --out runs/leaves
      transferkit transfer scans.csv --label-column finding --group-column patient --from hf:facebook/dinov2-small
      transferkit transfer leaves/ --budget 10m --offline
      transferkit transfer unlabelled_photos/ --from labelled_drawings/ --from zoo:objects-cnn --out runs/photos
      transferkit transfer north/ south/ west/ --from labelled/ --budget 1h --out runs/all
      transferkit transfer leaves/ --from zoo:objects-cnn --json --quiet
    """
    from transferkit import front

    given, cache = place.sources(sources, columns), place.cache()

    def study_of(data: Target, offered: Sequence[Source], limits: Limits) -> Study:
        return front.transfer(
            offered,
            data,
            budget=limits.budget,
            add=add or (),
            drop=drop or (),
            pin=pin or (),
            seeds=seeds,
            seed=seed,
            out=limits.out,
            on=on,
            label_curve=not no_label_curve,
            target_labels=target_labels,
            cache=cache,
            device=place.device,
            progress=limits.progress,
            command=command_line(context),
            begun=limits.begun,
        )

    return carry_out(Asked(targets, given, columns, seed, budget, out, as_json), place, study_of)


@lent
def rank(
    target: options.TargetPath,
    place: Workplace,
    columns: ReadOptions,
    sources: options.From = None,
    target_labels: options.TargetLabels = "auto",
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Say which source promises most for your data, from one pass through each; nothing is trained.

    The predicted accuracy comes with an interval, and with a floor: what random features reach. A ranking is a guess to
    start from; `transfer` proves it. For a target without labels it puts labelled data of other domains in an order, by
    how far they lie from it and how well they are learned; nothing is predicted then.

    \b
    Examples:
      transferkit rank leaves/
      transferkit rank unlabelled_photos/ --from drawings/ --from paintings/ --from zoo:objects-cnn
      transferkit rank leaves/ --from zoo:objects-cnn --from zoo:letters-cnn
      transferkit rank leaves/ --from hf:microsoft/resnet-18 --from hf:facebook/dinov2-small --offline --json
    """
    from transferkit import front
    from transferkit.artifact.printed import ranking_renderable
    from transferkit.artifact.printed_domains import domains_renderable
    from transferkit.planner.domain_ranking import DomainRanking

    given, cache = place.sources(sources, columns), place.cache()
    with place.progress() as progress:
        data = place.target(target, seed, columns, progress, given)
        offered = given or place.candidates(data)
        ranking = front.rank(
            offered,
            data,
            target_labels=target_labels,
            seed=seed,
            cache=cache,
            device=place.device,
            progress=progress,
        )
    if isinstance(ranking, DomainRanking):
        if as_json:
            output.show_json(ranking.as_dict())
        else:
            output.show(domains_renderable(ranking.rows, ranking.notes))
    elif as_json:
        output.show_json(ranking_as_json(ranking.rows, data.task.metric) | candidates_as_json(offered))
    else:
        output.show(ranking_renderable(ranking.rows))


@lent
def compare(
    context: typer.Context,
    targets: options.TargetPaths,
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
    from transferkit.core.spelling import read_method

    for method in methods or []:
        read_method(method)  # a slip is told once, before any data is read
    given, cache = place.sources(sources, columns), place.cache()

    def study_of(data: Target, offered: Sequence[Source], limits: Limits) -> Study:
        return front.compare(
            offered,
            data,
            methods or [],
            budget=limits.budget,
            seeds=seeds,
            seed=seed,
            out=limits.out,
            on=on,
            label_curve=not no_label_curve,
            target_labels=target_labels,
            cache=cache,
            device=place.device,
            progress=limits.progress,
            command=command_line(context),
            begun=limits.begun,
        )

    return carry_out(Asked(targets, given, columns, seed, budget, out, as_json), place, study_of)


def command_line(context: typer.Context) -> str:
    """The command as it was typed, for the report."""
    return shlex.join(["transferkit", *(context.obj or ())])
