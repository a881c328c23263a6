"""Fine-tune every source on every target: `python -m bench.oracle.fine_tune --data DIR --trained DIR --out FILE`.

A row is added to the CSV as soon as its fit has ended; a second call goes on where the first was stopped. Seeds are the
outermost loop, so that the table is balanced wherever it is cut.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import torch

from bench.oracle.sources import sources
from bench.oracle.targets import TARGETS
from transferkit.core.examples import Examples
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe

FIELDS = ("target", "source", "method", "seed", "accuracy", "seconds")
EPOCHS = 12
"""Of `full`: about a quarter of its default, which gave two points more where both were tried (one network, two targets)."""
SLOW = ("squeezenet", "mobilenet_v2-insects", "cifar-resnet56")
"""Fitted when all others are done: they take two fifths of the time of all."""


def main() -> None:
    """Read the command line and fit what is not in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--trained", type=Path, required=True, help="where train_sources wrote")
    parser.add_argument("--out", type=Path, required=True, help="the CSV")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cache", type=Path, required=True, help="feature cache")
    parser.add_argument("--only", nargs="*", help="targets, for a quick look")
    given = parser.parse_args()
    torch.set_num_threads(1)
    targets = {name: read(given.data).whole() for name, read in TARGETS.items() if not given.only or name in given.only}
    tests = {name: target.test.open("the oracle") for name, target in targets.items()}
    for name, target in targets.items():
        print(
            f"{name}: {len(target.train)} labels, {len(tests[name])} test, {len(set(target.train.labels))} classes",
            flush=True,
        )
    found = sources(given.data, given.trained)
    cache = FeatureCache(given.cache)
    full = Full(epochs=EPOCHS)
    plan: list[tuple[Method, dict[str, Source], int]] = [(LinearProbe(), found, 0)]
    for part in ({k: v for k, v in found.items() if (k in SLOW) == slow} for slow in (False, True)):
        plan += [(full, part, seed) for seed in range(given.seeds)]
    done = finished(given.out)
    for method, lent, seed in plan:
        for target_name, target in targets.items():
            for source_name, source in lent.items():
                key = (target_name, source_name, method.name, str(seed))
                if key in done:
                    continue
                begun = time.monotonic()
                accuracy = fitted(method, source, target, tests[target_name], Run(seed=seed, cache=cache))
                add(given.out, (*key, f"{accuracy:.6f}", f"{time.monotonic() - begun:.2f}"))


def fitted(method: Method, source: Source, target: Target, test: Examples, run: Run) -> float:
    """Test accuracy of one fit on all labels."""
    predictor = method.fit((source,), target, run)
    return target.task.metric.value(predictor.judge(test, run), test.labels or ())


def finished(table: Path) -> set[tuple[str, ...]]:
    """(target, source, method, seed) of every row."""
    if not table.exists():
        with table.open("w", newline="") as file:
            csv.writer(file).writerow(FIELDS)
    with table.open(newline="") as file:
        return {tuple(row[:4]) for row in list(csv.reader(file))[1:]}


def add(table: Path, row: tuple[str, ...]) -> None:
    """Write one row at once."""
    with table.open("a", newline="") as file:
        csv.writer(file).writerow(row)


if __name__ == "__main__":
    main()
