"""fine-tune-recipes: what each way of fine-tuning adds to plain fine-tuning, by how many labels there are.

Every method that carries one pretrained network over, at its defaults (or tuned, where the setting says so), on the same draws
of labels and judged on the same sealed items. Plain fine-tuning has a random head and one rate for all stages. A seed draws the
labels, the initialisations and the order. Time is the processor's, which other work on the machine leaves as it is, of a fit
beside the plain one of the same seed, with the frozen features cached; memory is what the process held at most beyond what it
held before, with free memory given back to the system first.

Settings `*-later` have the methods that came, or changed, after the others were measured, beside plain fine-tuning anew.
Settings `*-merged` have the methods that merge several networks of one start: the pretrained one, and the same fine-tuned on
all open labels of each of two other data sets, of the same kind (a network that has become one of sounds takes no pictures) or
of pictures. Plain fine-tuning has the pretrained one alone, and the time it took to make the two others counts for nobody.
Settings `*-norms` have the method that moves the layers that normalise, on a network that has some, beside plain fine-tuning of
it: ResNet-20 of CIFAR-10, for which the ten things are not new.
"""

from __future__ import annotations

import ctypes
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.cats_and_dogs import cats_and_dogs
from bench.experiment import Outcome, needed
from bench.sentence_encoder import sentence_encoder
from transferkit.artifact import saved
from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.gain import paired_gain
from transferkit.planner.arms import Arm
from transferkit.training.peak_memory import peak_memory

PLAIN = "plain"
VARIANTS = {
    PLAIN: "full:probe_first=false,layer_decay=1.0",
    "full_probe_first_only": "full:layer_decay=1.0",
    "full_layer_decay_only": "full:probe_first=false",
}
"""Plain fine-tuning, and each half of what our default adds to it."""


@dataclass
class Column:
    """What one method gave, one entry a seed."""

    values: list[np.ndarray] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    extra_bytes: list[int] = field(default_factory=list)
    parameters: list[int] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    refused: str = ""


def run(setting: dict[str, Any], data: Path) -> Outcome:
    target, source = TARGETS[setting["target"]](data), _source(setting["source"], data)
    test = target.test.open("the experiment fine-tune-recipes")
    spelled = spelled_in(setting)
    columns = {name: Column() for name in spelled}
    seeds = tuple(range(setting["n_seeds"]))
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(folder)
        run_of = partial(Run, cache=cache, device=setting.get("device", "cpu"))
        relatives = [
            _fine_tuned(source, TARGETS[name](data), Path(folder) / name) for name in setting.get("relatives", ())
        ]
        for seed in seeds:
            part = with_share(target, setting["share"], seed)
            read_method("linear_probe").fit((source,), part.whole(), run_of(seed))  # fills the cache
            for name, column in columns.items():
                method = read_method(spelled[name])
                sources = (source, *relatives) if method.needs.models[0] > 1 else (source,)
                if seed == seeds[0]:
                    _warm_up(method, column, sources, part, run_of(seed))
                if not column.refused:
                    _fit(method, column, sources, part, test, run_of(seed), setting["tune"])
    plain = columns[PLAIN]
    figures: dict[str, Any] = {"plain_value": 100 * float(np.mean(plain.values))}
    details: dict[str, Any] = {
        "metric": target.task.metric.name,
        "n_labels": len(part.whole().train),
        "n_test": len(test),
        "refused": {name: column.refused for name, column in columns.items() if column.refused},
        "columns": {},
    }
    for name, column in columns.items():
        if column.refused:
            continue
        gain = paired_gain(
            np.stack(column.values), np.stack(plain.values), higher_is_better=target.task.metric.higher_is_better
        )
        times = [ours / theirs for ours, theirs in zip(column.seconds, plain.seconds, strict=True)]
        if name != PLAIN:
            figures |= {f"{name}_gain": 100 * gain.mean, f"{name}_low": 100 * gain.low, f"{name}_high": 100 * gain.high}
        figures[f"{name}_time"] = statistics.median(times)
        figures[f"{name}_megabytes"] = statistics.median(column.extra_bytes) / 1e6
        figures[f"{name}_parameters"] = column.parameters[-1]
        details["columns"][name] = {
            "values": [float(value.mean()) for value in column.values],
            "seconds": [round(second, 3) for second in column.seconds],
            "extra_bytes": column.extra_bytes,
            "trainable_parameters": column.parameters,
            "settings": column.settings,
        }
    return Outcome(figures, details, seeds)


def _source(spelled: str, data: Path) -> Source:
    encoder = sentence_encoder() if "{encoder}" in spelled else ""
    return Source(spelled.format(data=data, encoder=encoder))


def spelled_in(setting: dict[str, Any]) -> dict[str, str]:
    """Names of the columns, plain fine-tuning first, and how their methods are spelled: those of `methods`, or all."""
    if "methods" not in setting:
        return VARIANTS | {name: name for name in _every_method()} | setting.get("spelled", {})
    return {PLAIN: VARIANTS[PLAIN]} | {name: name for name in setting["methods"]} | setting.get("spelled", {})


def _every_method() -> list[str]:
    """Those that carry one pretrained network over by themselves."""
    found = registry.find("methods").items()
    return sorted(n for n, c in found if c.needs.models[0] == 1 and not c.needs.data[0])


def _fine_tuned(source: Source, data: Target, folder: Path) -> Source:
    """The source, fine-tuned on other data as a study would, and saved in a folder."""
    saved.save(read_method("full").fit((source,), data.whole(), Run(seed=0)), folder)
    return Source(str(folder))


def _fit(
    method: Method, column: Column, sources: tuple[Source, ...], part: Target, test: Examples, run: Run, tune: bool
) -> None:
    if tune:
        method = _tuned(method, sources, part, run)
    _give_memory_back()
    held, begun = psutil.Process().memory_info().rss, time.process_time()
    with peak_memory(run.device) as peak:
        predictor = method.fit(sources, part.whole(), run)
    column.seconds.append(time.process_time() - begun)
    predictions = predictor.judge(test, run)
    column.values.append(np.asarray(part.task.metric.per_item(predictions, test.labels or ()), dtype=float))
    column.extra_bytes.append(peak.bytes - held)
    column.parameters.append(predictor.record.trainable_parameters)
    column.settings.append(str(method))


def _warm_up(method: Method, column: Column, sources: tuple[Source, ...], part: Target, run: Run) -> None:
    """One epoch that is not counted: libraries are imported, and a method that does not suit the source says so."""
    try:
        short = replace(method, stop_after=1) if "stop_after" in method.settings() else method
        short.fit(sources, part.whole(), run)
    except WrongUse as reason:
        column.refused = str(reason)


def _give_memory_back() -> None:
    """So that what a fit needs is seen to be asked for; without glibc memory may look smaller than it is."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _tuned(method: Method, sources: tuple[Source, ...], part: Target, run: Run) -> Method:
    """The settings with the best validation metric on one fold, as they are to be refitted."""
    fold = part.fold(run.seed)
    best: tuple[float, Method] | None = None
    for candidate in Arm(method.name, method, sources).candidates():
        predictor = candidate.fit(sources, fold, run)
        value = part.task.metric.value(predictor.judge(fold.validation, run), fold.validation.labels or ())
        if best is None or value > best[0]:
            best = value, candidate.refit(predictor.record).resized(len(fold.train), len(part.whole().train))
    assert best is not None
    return best[1]


def with_share(target: Target, share: float, seed: int) -> Target:
    """The same target with that share of the open labels of each class, at least two, drawn by `seed`."""
    everything = target.whole().train
    strata = target.task.strata(everything.labels or ())
    shuffled = np.random.default_rng(seed).permutation(len(everything))
    kept = []
    for stratum in np.unique(strata):
        mine = shuffled[strata[shuffled] == stratum]
        kept += mine[: max(2, round(share * len(mine)))].tolist()
    chosen = everything.take(kept)
    empty = chosen.take(())
    return type(target)(
        name=target.name,
        modality=target.modality,
        task=target.task,
        train=chosen,
        validation=empty,
        test=target.test,
        unlabelled=empty,
        fingerprint=f"{target.fingerprint}-{share}-{seed}",
    )


def objects(data: Path) -> Target:
    """32x32 photographs of ten things: 2000 open labels, 1000 sealed."""
    import io
    import zipfile

    from PIL import Image

    (folder,) = needed(data, "cifar10_subset")
    found: dict[str, dict[str, list[Any]]] = {"train": {}, "test": {}}
    with zipfile.ZipFile(folder / "cifar10_subset_jpg.zip") as archive:
        for name in sorted(n for n in archive.namelist() if n.endswith(".jpg")):
            split, label, _ = name.split("/")[-3:]
            most = 200 if split == "train" else 100
            if len(found[split].setdefault(label, [])) < most:
                found[split][label].append(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
    parts = {
        split: ([p for pictures in of.values() for p in pictures], [c for c, pictures in of.items() for _ in pictures])
        for split, of in found.items()
    }
    return Target.of(*parts["train"], test=parts["test"], name="objects")


def spoken_digits(data: Path) -> Target:
    """Ten digits by six speakers, 8 kHz: 1200 open labels, and the official test recordings of each speaker sealed."""
    import io
    import zipfile

    import soundfile

    from transferkit.core.sound import Sound

    (folder,) = needed(data, "fsdd")
    (path,) = folder.glob("*.zip")
    parts: dict[str, tuple[list[Any], list[str]]] = {"train": ([], []), "test": ([], [])}
    with zipfile.ZipFile(path) as archive:
        for name in sorted(n for n in archive.namelist() if n.endswith(".wav")):
            digit, _, take = Path(name).stem.split("_")
            samples, rate = soundfile.read(io.BytesIO(archive.read(name)), dtype="float32", always_2d=True)
            items, labels = parts["test" if int(take) < 5 else "train"]
            items.append(Sound(samples, rate))
            labels.append(f"digit {digit}")
    return Target.of(*parts["train"], test=parts["test"], name="spoken digits", modality="audio")


def handwritten_digits(data: Path) -> Target:
    """8x8 pictures of ten digits, those that come with scikit-learn: 1347 open labels."""
    from PIL import Image
    from sklearn.datasets import load_digits

    found = load_digits()
    pictures = [Image.fromarray(np.uint8(one * (255 / 16))) for one in found.images]
    return Target.of(pictures, [f"digit {label}" for label in found.target], name="handwritten digits")


def product_reviews(data: Path) -> Target:
    """Sentences of product reviews, for or against: 1000 open labels, 1000 sealed."""
    (folder,) = needed(data, "sentence_classification")
    (path,) = folder.rglob("custrev.all")
    lines = [line.partition(" ") for line in path.read_text(encoding="latin-1").split("\n")]
    lines = [line for line in lines if line[2].strip()]
    shuffled = np.random.default_rng(0).permutation(len(lines))
    texts = [lines[i][2] for i in shuffled[:2000]]
    labels = [{"0": "against", "1": "for"}[lines[i][0]] for i in shuffled[:2000]]
    test = (texts[1000:], labels[1000:])
    return Target.of(texts[:1000], labels[:1000], test=test, name="product reviews", modality="text")


TARGETS: dict[str, Callable[[Path], Target]] = {
    "cats_and_dogs": cats_and_dogs,
    "objects": objects,
    "spoken_digits": spoken_digits,
    "handwritten_digits": handwritten_digits,
    "product_reviews": product_reviews,
}
