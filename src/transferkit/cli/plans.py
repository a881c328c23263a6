"""`plan`: what `transfer` would do, before it does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transferkit.cli import options, output
from transferkit.cli.lent import lent
from transferkit.cli.workplace import Workplace

if TYPE_CHECKING:
    from transferkit.core.format import ReadOptions


@lent
def plan(
    target: options.TargetPath,
    place: Workplace,
    columns: ReadOptions,
    sources: options.From = None,
    budget: options.BudgetText = None,
    add: options.Add = None,
    drop: options.Drop = None,
    pin: options.Pin = None,
    seeds: options.Seeds = 5,
    target_labels: options.TargetLabels = "auto",
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Show what `transfer` would try, in which order and at which cost, and what it would leave out and why.

    Ranks the sources and times a few training steps; nothing is fitted, and the test split stays sealed. Take an arm out
    with --drop, put one in with --add, keep one to the end with --pin - here and in `transfer`. For a target without labels,
    beside labelled data of another domain, it shows the methods of adaptation, how is chosen among them and what can be said.

    \b
    Examples:
      transferkit plan leaves/ --from zoo:objects-cnn --from hf:microsoft/resnet-18 --budget 10m
      transferkit plan leaves/ --budget 10m --drop 'full < *' --pin 'linear_probe < zoo:objects-cnn'
      transferkit plan unlabelled_photos/ --from labelled_drawings/ --budget 10m
    """
    from transferkit import front
    from transferkit.artifact.printed_adaptation_plan import adaptation_plan_renderable
    from transferkit.artifact.printed_plan import plan_renderable
    from transferkit.cli.as_json import candidates_as_json
    from transferkit.evaluate.planned_adaptation import AdaptationPlan

    given, cache = place.sources(sources, columns), place.cache()
    with place.progress(budget) as progress:
        data = place.target(target, seed, columns, progress, given)
        offered = given or place.candidates(data)
        found = front.plan(
            offered,
            data,
            budget=budget,
            add=add or (),
            drop=drop or (),
            pin=pin or (),
            seeds=seeds,
            seed=seed,
            target_labels=target_labels,
            cache=cache,
            device=place.device,
            progress=progress,
            begun=place.begun,
        )
    if as_json:
        output.show_json(found.as_dict() | candidates_as_json(offered))
    elif isinstance(found, AdaptationPlan):
        output.show(adaptation_plan_renderable(found))
    else:
        output.show(plan_renderable(found))
