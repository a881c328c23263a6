"""digits: from MNIST to USPS and back - every deep method, the label-free choice among them, and released methods beside.

Every way starts from the same small network and takes as many steps; the target's items have no labels but for `target_only`.
`automatic` is the arm that `evaluate.label_free.choose` takes of all of ours, the source-only baseline among them, with nothing
but unlabelled target items and held-out source items to go by. `automatic_gap`: the best single method of the run (by its mean
over seeds, which nobody without labels could know) less automatic, in points; the larger one of both directions. The epoch of a
fit is chosen without labels too; its last epoch, and the best one by the test labels, are told beside it.

TLlib's released losses train its own LeNet by its own recipe on the same digits, for as many seconds of the processor as ours
took for the method of that name; their last state counts, as they choose nothing without labels. So do SKADA's methods,
and beside them stands what its DEV score chooses of them. Automatic is compared with a peer on the seeds that it has. Without
the peers' variables (`bench/peers.py`) they are left out, and `above_every_peer` says so.

Seed after seed. A cell that is done is kept beside other temporary files, so that a run that was cut goes on.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from threadpoolctl import threadpool_limits

from bench.experiment import Outcome, needed
from bench.peers import CHECKOUTS, PYTHON, Peers
from transferkit.artifact import saved
from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed
from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.core.task import Predictions
from transferkit.evaluate.gain import paired_gain
from transferkit.evaluate.label_free import Candidate, choose, regret
from transferkit.ops.label_free.judged import Judged
from transferkit.sources import architectures
from transferkit.sources.memory import source_of
from transferkit.sources.processors.image import ImageProcessor
from transferkit.training.domains import Domains
from transferkit.training.fitted import FittedNetwork
from transferkit.training.model import Model

CEILING = "target_only"
BASELINE = "source_only"
ALONE = ("deep_embedded_validation", "soft_neighbourhood_density", "information_maximisation", "source_accuracy")
OURS_BESIDE = {"dan": "mmd"}
"""What a peer's method is called here, where the name differs."""


@dataclass(frozen=True)
class Digits:
    """One draw: uint8 pictures (n, side, side) with their digits."""

    source: tuple[np.ndarray, np.ndarray]
    target: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]


def run(setting: dict[str, Any], data: Path) -> Outcome:
    needed(data, "mnist", "usps")
    threads, before = setting["threads"], torch.get_num_threads()
    has_peers = bool(os.environ.get(PYTHON) and os.environ.get(CHECKOUTS))
    kept, end = Kept(setting), time.monotonic() + 60 * setting["minutes"]
    sets = {"mnist": mnist(data), "usps": usps(data)}
    torch.set_num_threads(threads)
    versions: dict[str, str] = {}
    try:
        with ExitStack() as stack:
            stack.enter_context(threadpool_limits(threads))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            peers: dict[str, Peers] = {}
            for name in setting["peers"] if has_peers else ():
                script = Path(__file__).with_name(f"released_{name}.py")
                peers[name] = stack.enter_context(Peers(script, threads=threads))
                versions |= peers[name].introduction["versions"]
            for seed, direction in itertools.product(range(setting["n_seeds"]), setting["directions"]):
                drawn = draw(sets, direction, seed, setting)
                problem = Problem(drawn, direction, seed, setting, folder)
                for way, spelling in setting["ways"].items():
                    if not kept.has(direction, seed, way) and time.monotonic() < end:
                        kept.add(direction, seed, way, *problem.fit(way, spelling))
                for way, name, method in peer_ways(setting, seed):
                    ours = kept.find(direction, seed, OURS_BESIDE.get(method, method))
                    if name in peers and ours and not kept.has(direction, seed, way) and time.monotonic() < end:
                        seconds = setting["peer_seconds"] * ours["processor_seconds"]
                        found = peers[name].ask(asked(method, direction, seed, drawn, seconds, folder))
                        right = np.array(found.pop("predictions")) == drawn.test[1]
                        kept.add(direction, seed, way, found | {"right": right.astype(int).tolist()}, None)
    finally:
        torch.set_num_threads(before)
    return outcome(kept, setting, versions)


class Problem:
    """One draw as a source and a target, and the network that every way starts from."""

    def __init__(self, drawn: Digits, direction: str, seed: int, setting: dict[str, Any], folder: Path) -> None:
        self._setting, self._seed = setting, seed
        labels = [str(label) for label in drawn.source[1]]
        self._source = source_of(drawn.source[0], labels, name=f"{direction}-{seed}")
        target, test = ((pictures, [str(label) for label in known]) for pictures, known in (drawn.target, drawn.test))
        self._labelled = Target.of(*target, test=test, name="digits", modality="image", task="classify")
        self._target = self._labelled.hidden()
        self._test = self._labelled.test.open("the bench")
        path = folder / f"{direction}-{seed}"
        processor = ImageProcessor(size=(setting["side"],) * 2, mean=(0.5,) * 3, std=(0.25,) * 3)
        network = architectures.build(Architecture.of("small_cnn", {"width": setting["width"]}), seed)
        task = self._labelled.task
        saved.save(FittedNetwork(Model(task, network, task.head(network, seed), processor)), path)
        self._network = Source(str(path))

    def fit(self, way: str, spelling: str) -> tuple[dict[str, Any], Judged | None]:
        """Whether each test item was right, the seconds, the epochs; and what the model says of unlabelled items."""
        settings = f"epochs={self._setting['epochs']}"
        rate = "" if way == CEILING else ",body_rate=1.0"  # nothing in this network was learned before
        method = read_method(f"{spelling}{',' if ':' in spelling else ':'}{settings}{rate}")
        accuracies: list[float] = []
        watched, watched_items = [0.0], self._test.take(range(self._setting["n_watched"]))

        def watch(epoch: int, predict: Any) -> None:
            begun = time.process_time()
            accuracies.append(_share(predict(watched_items), watched_items))
            watched[0] += time.process_time() - begun

        begun, spent = time.perf_counter(), time.process_time()
        run = Run(seed=self._seed, watch=watch)
        if way == CEILING:
            predictor = method.fit((self._network,), self._labelled, run)
        else:
            predictor = method.fit((self._network, self._source), self._target, run)
        times = {"seconds": time.perf_counter() - begun, "processor_seconds": time.process_time() - spent - watched[0]}
        predictions = predictor.predict(self._test.items)
        right = [int(a == b) for a, b in zip(predictions.labels, self._test.labels or (), strict=True)]
        found = {"right": right, "epochs": accuracies, "kept": predictor.record.best_epoch, **times}
        return found, None if way == CEILING else self._judged(predictor)

    def _judged(self, predictor: Predictor) -> Judged:
        run = Run(seed=self._seed)
        domains = Domains.of((self._source,), self._target, run)
        items, held = domains.unlabelled, domains.held_out
        on_target, on_source = predictor.judge(items, run).scores, predictor.judge(held, run).scores
        assert on_target is not None
        return Judged(
            target_probabilities=on_target,
            target_features=predictor.features(items, run),
            source_probabilities=on_source,
            source_labels=predictor.task.strata(held.labels or ()),
            source_features=predictor.features(held, run),
        )


def outcome(kept: Kept, setting: dict[str, Any], versions: dict[str, str]) -> Outcome:
    """Rows of both directions, over the seeds that every way of ours has."""
    details: dict[str, Any] = {"versions": versions, "rows": [], "choices": []}
    figures: dict[str, float | int | bool | str] = {}
    gaps, above, all_seeds = [], [], set()
    for direction in setting["directions"]:
        ways = list(setting["ways"])
        seeds = [s for s in range(setting["n_seeds"]) if all(kept.has(direction, s, way) for way in ways)]
        if not seeds:
            continue
        all_seeds |= set(seeds)
        tables = {w: np.array([kept.cell(direction, s, w)["right"] for s in seeds], float) for w in ways}
        chosen = [choice(kept, direction, seed, [w for w in ways if w != CEILING]) for seed in seeds]
        details["choices"] += [{"direction": direction, "seed": s} | c for s, c in zip(seeds, chosen, strict=True)]
        tables["automatic"] = np.stack([tables[c["arm"]][i] for i, c in enumerate(chosen)])
        for way, table in tables.items():
            details["rows"].append(row(direction, way, table, tables[BASELINE], kept, seeds))
        theirs = of_peers(kept, setting, direction, seeds)
        for way, (places, table) in theirs.items():
            found = row(direction, way, table, tables[BASELINE][places], kept, [seeds[i] for i in places])
            details["rows"].append(found | {"automatic_same_seeds": _points(tables["automatic"][places])})
            above.append(tables["automatic"][places].mean() > table.mean())
        ours = [w for w in ways if w != CEILING]
        best = max(ours, key=lambda w: tables[w].mean())
        gaps.append(100 * float(tables[best].mean() - tables["automatic"].mean()))
        name = direction.replace("-", "_to_")
        figures |= {f"{name}_best": best, f"{name}_gap": round(gaps[-1], 2)}
        figures |= {f"{name}_{way}": _points(table) for way, table in tables.items()}
        figures |= {f"{name}_{way.replace(' ', '_')}": _points(table) for way, (_, table) in theirs.items()}
        figures[f"{name}_regret"] = round(100 * float(np.mean([c["regret"] for c in chosen])), 2)
        for score in ALONE:
            found = [c["regret_alone"][score] for c in chosen if score in c["regret_alone"]]
            figures |= {f"{name}_regret_{score}": round(100 * float(np.mean(found)), 2)} if found else {}
    if not gaps:
        raise Failed("no seed is complete yet; run it again to go on")
    summary: dict[str, float | int | bool | str] = {
        "automatic_gap": round(max(gaps), 2),
        "above_every_peer": all(above) if above else "no peers",
        "seeds": len(all_seeds),
    }
    return Outcome(figures=summary | figures, details=details, seeds=tuple(sorted(all_seeds)))


def peer_ways(setting: dict[str, Any], seed: int) -> list[tuple[str, str, str]]:
    """(way, peer, method) of all that is asked of peers for this seed."""
    return [
        (f"{name} {method}", name, method)
        for name, one in setting["peers"].items()
        for method in one["methods"]
        if seed < one["n_seeds"]
    ]


def of_peers(
    kept: Kept, setting: dict[str, Any], direction: str, seeds: Sequence[int]
) -> dict[str, tuple[list[int], np.ndarray]]:
    """Way -> places of the seeds it has, and whether each test item was right (seeds, items); DEV's choice among them."""
    found = {}
    for name, one in setting["peers"].items():
        ways = [f"{name} {method}" for method in one["methods"]]
        for way in ways:
            places = [i for i, s in enumerate(seeds) if kept.has(direction, s, way)]
            if places:
                table = [kept.cell(direction, seeds[i], way)["right"] for i in places]
                found[way] = (places, np.array(table, float))
        whole = [i for i, s in enumerate(seeds) if all(kept.has(direction, s, way) for way in ways)]
        cells = [[kept.cell(direction, seeds[i], way) for way in ways] for i in whole]
        if cells and "dev" in cells[0][0]:
            chosen = [max(of_seed, key=lambda cell: cell["dev"])["right"] for of_seed in cells]
            found[f"{name} chosen by dev"] = (whole, np.array(chosen, float))
    return found


def choice(kept: Kept, direction: str, seed: int, arms: Sequence[str]) -> dict[str, Any]:
    """Which arm is taken without labels, and what that and each score alone cost against the best arm, 0 to 1."""
    candidates = [Candidate(arm, kept.judged(direction, seed, arm), is_baseline=arm == BASELINE) for arm in arms]
    truths = [float(np.mean(kept.cell(direction, seed, arm)["right"])) for arm in arms]
    found = choose(candidates)
    return {
        "arm": arms[found.chosen],
        "reason": found.reason,
        "regret": regret(truths[found.chosen], truths),
        "regret_alone": {score: regret(truths[place], truths) for score, place in found.alone.items()},
        "table": {one.arm: {"combined": round(one.combined, 4)} | _rounded(one.scores) for one in found.rows},
        "accuracy": dict(zip(arms, truths, strict=True)),
    }


def row(
    direction: str, way: str, table: np.ndarray, baseline: np.ndarray, kept: Kept, seeds: Sequence[int]
) -> dict[str, Any]:
    """Accuracy in points, its gain over source only with its interval, and what other epochs would have given."""
    found: dict[str, Any] = {"direction": direction, "way": way, "accuracy": round(100 * float(table.mean()), 2)}
    found["by_seed"] = [round(100 * float(one.mean()), 2) for one in table]
    if way != BASELINE and len(seeds) > 1:
        gain = paired_gain(table, baseline)
        found |= {"gain": round(100 * gain.mean, 2), "low": round(100 * gain.low, 2), "high": round(100 * gain.high, 2)}
    cells = [kept.cell(direction, seed, way) for seed in seeds if kept.has(direction, seed, way)]
    if cells and all(one.get("epochs") for one in cells):  # on the watched items alone, that the three compare
        of_kept = [one["epochs"][one["kept"] - 1] for one in cells]
        of_last, of_best = ([pick(one["epochs"]) for one in cells] for pick in (_last, max))
        epochs = {"kept_epoch": of_kept, "last_epoch": of_last, "best_epoch": of_best}
        found |= {name: round(100 * float(np.mean(values)), 2) for name, values in epochs.items()}
    if cells:
        found["processor_seconds"] = round(float(np.mean([one["processor_seconds"] for one in cells])), 1)
    return found


class Kept:
    """The cells of one setting that are done: a line of JSON each, and an array file for what was judged."""

    def __init__(self, setting: dict[str, Any]) -> None:
        apart = ("minutes", "goals", "n_seeds", "ways", "peers", "directions")
        same = {key: value for key, value in setting.items() if key not in apart}
        digest = hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:12]
        self._folder = Path(tempfile.gettempdir()) / "transferkit-bench" / f"digits-{digest}"
        self._folder.mkdir(parents=True, exist_ok=True)

    def _path(self, direction: str, seed: int, way: str) -> Path:
        return self._folder / f"{direction}-{seed}-{way.replace(' ', '_')}.json"

    def has(self, direction: str, seed: int, way: str) -> bool:
        """Whether this cell is there."""
        return self._path(direction, seed, way).exists()

    def find(self, direction: str, seed: int, way: str) -> dict[str, Any] | None:
        """The cell, where it is there."""
        return self.cell(direction, seed, way) if self.has(direction, seed, way) else None

    def cell(self, direction: str, seed: int, way: str) -> dict[str, Any]:
        """The cell, which is there."""
        found: dict[str, Any] = json.loads(self._path(direction, seed, way).read_text(encoding="utf-8"))
        return found

    def judged(self, direction: str, seed: int, way: str) -> Judged:
        """What this cell's model said."""
        with np.load(self._path(direction, seed, way).with_suffix(".npz")) as arrays:
            return Judged(**{name: arrays[name] for name in arrays.files})

    def add(self, direction: str, seed: int, way: str, found: dict[str, Any], judged: Judged | None) -> None:
        """Keep one more; a killed run leaves whole cells only."""
        path = self._path(direction, seed, way)
        if judged is not None:
            arrays = {name: value for name, value in vars(judged).items() if value is not None}
            np.savez_compressed(path.with_suffix(".npz"), **arrays)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(found), encoding="utf-8")
        draft.replace(path)
        accuracy = 100 * float(np.mean(found["right"]))
        print(f"{direction} seed {seed} {way}: {accuracy:.1f} in {found['processor_seconds']:.0f} s", flush=True)


def draw(
    sets: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    direction: str,
    seed: int,
    setting: dict[str, Any],
) -> Digits:
    """Source and target items from the training splits, test items from the target's test split, by the seed."""
    order = np.random.default_rng([seed, setting["directions"].index(direction)])
    source, target = (sets[name] for name in direction.split("-"))

    def some(pictures: np.ndarray, labels: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = order.permutation(len(pictures))[:n]
        return pictures[chosen], labels[chosen]

    return Digits(
        some(*source[:2], setting["n_source"]),
        some(*target[:2], setting["n_target"]),
        some(*target[2:], setting["n_test"]),
    )


def mnist(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures (n, 28, 28) and digits of the training split, then of the test split."""
    with np.load(data / "mnist" / "mnist.npz") as arrays:
        return tuple(arrays[name] for name in ("train_x", "train_y", "test_x", "test_y"))  # type: ignore[return-value]


def usps(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same of USPS, whose 16 x 16 pixels are enlarged to 28 x 28."""
    try:
        import h5py
    except ImportError:
        raise Failed("USPS is an HDF5 file; to read it: pip install h5py") from None
    found = []
    with h5py.File(data / "usps" / "usps.h5") as file:
        for part in ("train", "test"):
            small = np.round(file[part]["data"][:].reshape(-1, 16, 16) * 255).astype(np.uint8)
            large = [Image.fromarray(one).resize((28, 28), Image.Resampling.BILINEAR) for one in small]
            found += [np.stack([np.asarray(one) for one in large]), file[part]["target"][:]]
    return tuple(found)  # type: ignore[return-value]


def asked(peer: str, direction: str, seed: int, drawn: Digits, seconds: float, folder: Path) -> dict[str, Any]:
    """A question to the peers; the digits are handed over in a file."""
    path = folder / f"{direction}-{seed}.npz"
    if not path.exists():
        parts = {"source_x": drawn.source[0], "source_y": drawn.source[1], "target_x": drawn.target[0]}
        np.savez(path, **parts, test_x=drawn.test[0])
    return {"method": peer, "digits": str(path), "direction": direction, "seed": seed, "seconds": seconds}


def _points(table: np.ndarray) -> float:
    return round(100 * float(table.mean()), 2)


def _last(values: Sequence[float]) -> float:
    return values[-1]


def _share(predictions: Predictions, examples: Examples) -> float:
    return float(np.mean([a == b for a, b in zip(predictions.labels, examples.labels or (), strict=True)]))


def _rounded(scores: Any) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in scores.items()}
