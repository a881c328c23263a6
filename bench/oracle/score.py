"""Score every source on every target: `python -m bench.oracle.score --data DIR --trained DIR --cache DIR --out FILE`.

What `rank` sees: one cached pass over the labelled items, every score there is, the size of the network, its own accuracy
where it is known. Nothing of the test.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
import torch

from bench.oracle.sources import TRAINED_HERE, sources
from bench.oracle.targets import TARGETS
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.ranking import above_floor
from transferkit.planner.ranking import floor, scored

FACTS = ("target", "source", "n_labels", "n_classes", "parameters", "own_accuracy", "above_floor", "seconds")


def main() -> None:
    """Read the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--trained", type=Path, required=True, help="where train_sources wrote")
    parser.add_argument("--cache", type=Path, required=True, help="feature cache")
    parser.add_argument("--out", type=Path, required=True, help="the CSV")
    given = parser.parse_args()
    torch.set_num_threads(1)
    run = Run(cache=FeatureCache(given.cache))
    rows: list[dict[str, str]] = []
    names: list[str] = []
    for target_name, read in TARGETS.items():
        target = read(given.data)
        open_labels = target.whole().train
        random = floor(target, open_labels, run)
        for source_name, source in sources(given.data, given.trained).items():
            begun = time.monotonic()
            candidate = scored(source, target, open_labels, run)
            names += [name for name in candidate.scores if name not in names]
            own = own_accuracy(source_name, source, given.trained)
            rows.append(
                {
                    "target": target_name,
                    "source": source_name,
                    "n_labels": str(len(open_labels)),
                    "n_classes": str(len(np.unique(target.task.strata(open_labels.labels or ())))),
                    "parameters": str(candidate.parameters),
                    "own_accuracy": "" if own is None else f"{own:.4f}",
                    "above_floor": "" if random is None else str(above_floor(candidate.per_item, random)),
                    "seconds": f"{time.monotonic() - begun:.3f}",
                    **{name: f"{value:.6g}" for name, value in candidate.scores.items()},
                }
            )
        print(target_name, flush=True)
    with given.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, (*FACTS, *sorted(names)), restval="")
        writer.writeheader()
        writer.writerows(rows)


def own_accuracy(name: str, source: Source, trained: Path) -> float | None:
    """On the test split of what the source was trained on: from its card, where it has one."""
    if name in TRAINED_HERE:
        said = json.loads((trained / f"{name}.json").read_text(encoding="utf-8"))
        return float(said["test"]["accuracy"])
    return source.card().accuracy


if __name__ == "__main__":
    main()
