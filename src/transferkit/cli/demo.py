"""`demo`: the whole job on data that comes along - which source helps with a few handwritten digits, and is it proven?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transferkit.cli import options, output
from transferkit.cli.carry_out import show_study
from transferkit.cli.studies import command_line
from transferkit.cli.workplace import Workplace

Folder = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where model and report are left.")]


def demo(
    context: typer.Context,
    out: Folder = Path("transferkit-demo"),
    seeds: options.Seeds = 5,
    seed: options.Seed = 0,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    cache_directory: options.CacheDirectory = None,
    cache_size: options.CacheSize = None,
) -> int:
    """Show everything on real handwritten digits: three labels a class, four sources, one of them poisoned.

    Needs no data and no network. Ranks the sources, tries them, proves the best against training from scratch on digits
    that nothing has seen, and leaves model and report. The same command again shows the result again.

    \b
    Examples:
      transferkit demo
      transferkit demo --out digits-demo --json
    """
    from transferkit import front
    from transferkit.planner.demo import SOURCES, demo_target

    place = Workplace(cache_directory=cache_directory, cache_size=cache_size, quiet=quiet)
    if not (as_json or quiet):
        output.tell(
            "Handwritten digits, 3 labels a class, and four sources: networks that know digits, objects and letters, and "
            "one that was taught nonsense. Which one helps?"
        )
    with place.progress() as progress:
        study = front.transfer(
            place.sources(SOURCES),
            demo_target(seed),
            seeds=seeds,
            seed=seed,
            out=out,
            cache=place.cache(),
            progress=progress,
            command=command_line(context),
        )
    return show_study(study, out, as_json)
