"""`python -m bench list`, `run NAME[/SETTING]`, `report`: see README.md beside this file."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import report, results
from bench.circumstances import circumstances
from bench.experiment import EXPERIMENTS, HERE, Experiment, find, named
from transferkit.core.errors import TransferkitError

REPOSITORY = HERE.parent


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one verb; gives the exit code."""
    asked = _parser().parse_args(words)
    try:
        if asked.verb == "list":
            _list(asked.experiments, asked.results)
        elif asked.verb == "report":
            table = report.rows(results.every(asked.results))
            print(report.as_markdown(table) if asked.markdown else report.as_text(table))
        else:
            for text in asked.names or sorted({e.name for e in find(asked.experiments)}):
                for experiment in named(text, asked.experiments):
                    _run(experiment, asked)
    except TransferkitError as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return reason.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Experiment file in, result file out.")
    places = argparse.ArgumentParser(add_help=False)
    places.add_argument("--experiments", type=Path, default=EXPERIMENTS, help="folder of experiments")
    places.add_argument("--results", type=Path, default=results.RESULTS, help="folder of results")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", parents=[places], help="experiments, settings and how many results each has")
    run = verbs.add_parser("run", parents=[places], help="run experiments and keep their results")
    run.add_argument("names", nargs="*", metavar="NAME[/SETTING]", help="which; none: all that have no result yet")
    run.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data", help="folder of data sets")
    run.add_argument("--again", action="store_true", help="also where a result of the same setting is there")
    run.add_argument("--dry", action="store_true", help="print the figures, keep nothing")
    shown = verbs.add_parser("report", parents=[places], help="a table of all figures")
    shown.add_argument("--markdown", action="store_true")
    return parser


def _list(experiments: Path, folder: Path) -> None:
    for experiment in find(experiments):
        print(f"{experiment.full_name:40} {len(results.earlier(experiment, folder))} result(s)")


def _run(experiment: Experiment, asked: argparse.Namespace) -> None:
    if not (asked.again or asked.dry) and results.done(experiment, asked.results):
        print(f"{experiment.full_name}: has a result of this setting; --again makes another")
        return
    print(f"{experiment.full_name}: running", file=sys.stderr, flush=True)
    under = circumstances(REPOSITORY)  # before the run: the code that is about to run, not what it is edited to
    under |= {"started": datetime.now(UTC).isoformat(timespec="seconds")}
    begun = time.monotonic()
    outcome = experiment.run(asked.data)
    under |= {"seconds": round(time.monotonic() - begun, 3)}
    for name, value in outcome.figures.items():
        print(f"{experiment.full_name}: {name} = {report.spelled(value)}")
    if not asked.dry:
        print(f"{experiment.full_name}: kept as {results.write(experiment, outcome, under, asked.results).name}")


if __name__ == "__main__":
    sys.exit(main())
