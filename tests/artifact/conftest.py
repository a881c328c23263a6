"""Summaries as a study would leave them, one for every kind of end."""

import base64
import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from transferkit.evaluate.label_equivalence import sentence
from transferkit.evaluate.summary import (
    ArmSummary,
    CurvePoint,
    CurveSummary,
    EquivalentLabels,
    Gain,
    Importance,
    LabelEquivalence,
    MetricInfo,
    Mistake,
    RankedSource,
    StudySummary,
    TagResult,
)

ACCURACY = MetricInfo("accuracy", True, "points", 100.0)
LOG_LOSS = MetricInfo("log_loss", False, "nats", 1.0)
PLAN = [
    {"arm": "linear_probe < zoo:digits-cnn", "expected_seconds": 0.3, "seconds": 1.9, "fits": 8, "status": "proven",
     "reason": "a probe of every source"},
    {"arm": "full < zoo:shuffled-cnn", "expected_seconds": None, "seconds": 0.0, "fits": 0, "status": "dropped",
     "reason": "no better than random features"},
]  # fmt: skip
CLASSES = [str(digit) for digit in range(10)]


def gain(mean: float, low: float, high: float, level: float = 0.95) -> Gain:
    return Gain(mean, low, high, level, n_seeds=5, n_items=1347, smallest_detectable=0.031)


def arm(name: str, **facts: Any) -> ArmSummary:
    method, _, source = name.partition(" < ")
    settings: dict[str, Any] = {
        "name": name,
        "method": f"{method}:epochs=60" if method in ("full", "scratch") else method,
        "sources": (source,) if source else (),
        "baseline": "scratch" if source else None,
        "status": "proven" if source else "baseline",
        "validation": 0.9,
        "test": 0.9,
        "gain": None,
        "verdict": None,
        "seconds": 12.0,
        "trials": 8,
        "trainable_parameters": 1290,
        "total_parameters": 390_000,
    }
    return ArmSummary(**(settings | facts))


def curve(name: str, best: int, n_epochs: int = 40, final: float = 0.93) -> CurveSummary:
    epochs = np.arange(n_epochs)
    training = 2.3 * np.exp(-epochs / 8)
    validation = 0.25 + 2.0 * np.exp(-epochs / 6) + 0.006 * np.maximum(0, epochs - best)
    metric = final - 0.8 * np.exp(-epochs / 5) + 0.01 * np.sin(epochs)
    return CurveSummary(name, 0, tuple(training), tuple(validation), tuple(metric), best)


def thumbnail(digit: int) -> str:
    from sklearn.datasets import load_digits

    pixels = (load_digits().images[digit * 7] * 15.9).astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).resize((96, 96), Image.Resampling.NEAREST).save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


def confusion(n_classes: int, each: int = 134) -> tuple[tuple[int, ...], ...]:
    draw = np.random.default_rng(1)
    rows = []
    for truth in range(n_classes):
        wrong = draw.poisson(5 / n_classes**1.5, n_classes)
        wrong[(truth + 5) % n_classes] += draw.integers(0, 12)
        wrong[truth] = 0
        wrong[truth] = max(0, each - int(wrong.sum()))
        rows.append(tuple(int(count) for count in wrong))
    return tuple(rows)


def label_equivalence(worth: EquivalentLabels, arm: str = "linear_probe < zoo:digits-cnn") -> LabelEquivalence:
    """30 labels; scratch's curve goes on to the end of `worth`."""
    measured = {10: (0.62, 0.83), 17: (0.76, 0.89), 30: (0.868, 0.931)}
    scratch, transfer = (
        tuple(CurvePoint(n, v[i], v[i] - 0.05, v[i] + 0.05, 3 if n < 30 else 5) for n, v in measured.items())
        for i in ((0, 1) if worth.at == "beyond" or (worth.labels or 0) > 30 else (1, 0))
    )
    ends = np.geomspace(30, worth.high or 240, 12) if worth.at == "beyond" or (worth.labels or 0) > 30 else ()
    beyond = tuple(
        CurvePoint(n, 1 - 0.132 * (30 / n), 1 - 0.132 * (30 / n) ** 0.5, 1 - 0.132 * (30 / n) ** 1.6, 0)
        for n in map(float, ends)
    )
    better = len(ends) > 0
    enough = (
        EquivalentLabels("within", 14.2, 10.9, 21.0, 10, 30)
        if better
        else EquivalentLabels("beyond", None, 26.0, None, 10, 30)
    )
    said = sentence(30, worth, enough)
    return LabelEquivalence(arm, "scratch", 30, 0.95, transfer, scratch, beyond, worth, enough, said)


def helping() -> StudySummary:
    """Digits with a source that helps, one that does not, one poisoned."""
    best = gain(0.063, 0.041, 0.085)
    return StudySummary(
        verdict="helps",
        sentence="Transfer from zoo:digits-cnn by linear_probe beats training from scratch by 6.3 accuracy points (95 % "
        "interval 4.1 to 8.5; 5 seeds, 1347 test items).",
        best="linear_probe < zoo:digits-cnn",
        gain=best,
        metric=ACCURACY,
        target={
            "name": "handwritten digits",
            "modality": "image",
            "task": "classify",
            "classes": CLASSES,
            "n_train": 30,
            "n_validation": 10,
            "n_test": 1347,
            "n_unlabelled": 420,
            "skipped": [
                {"name": "7/broken.png", "reason": "is cut short: 120 of 812 bytes"},
                {"name": "3/huge.tif", "reason": "has 1.2 gigapixels, more than the limit of 100 million"},
            ],
            "warnings": ["2 identical pictures lie in both train and test: 1/a.png, 1/b.png; the test flatters"],
            "fingerprint": "2f9d8c7b6a5e4f30",
        },
        ranking=(
            RankedSource(
                "zoo:digits-cnn", 0.921, 0.862, 0.965, {"logme": 0.412, "knn": 0.9}, True, 389_000, "CC0-1.0", "MNIST", 0.4
            ),
            RankedSource(
                "zoo:letters-cnn", 0.853, 0.77, 0.92, {"logme": 0.31, "knn": 0.83}, True, 389_000, "MIT", "Omniglot", 0.4
            ),
            RankedSource(
                "zoo:objects-cnn", 0.77, 0.68, 0.85, {"logme": -0.22, "knn": 0.71}, True, 389_000, "MIT", "CIFAR-10", 0.4
            ),
            RankedSource("zoo:shuffled-cnn", 0.52, 0.42, 0.63, {"logme": -0.4, "knn": 0.5}, False, 389_000, "MIT", "?", 0.4),
            RankedSource("hf:nobody/nothing", None, None, None, {}, None, note="cannot be reached: you are offline"),
        ),
        arms=(
            arm("scratch", test=0.868, seconds=41.2, metrics={"accuracy": 0.868, "log_loss": 0.41}),
            arm("majority", test=0.102, seconds=0.01, trials=1, trainable_parameters=10, total_parameters=10),
            arm(
                "linear_probe < zoo:digits-cnn", status="chosen", gain=best, verdict="helps", test=0.931, seconds=1.9,
                metrics={"accuracy": 0.931, "log_loss": 0.23}, further_gains={"log_loss": gain(0.18, 0.12, 0.24)},
            ),
            arm("full < zoo:digits-cnn", status="tried", test=None, validation=0.92, seconds=22.5, trials=3),
            arm("full < zoo:letters-cnn", gain=gain(0.021, -0.009, 0.051, 0.9833), verdict="undecided", seconds=38.0),
            arm("full < zoo:objects-cnn", gain=gain(0.001, -0.008, 0.009, 0.9833), verdict="no_difference", seconds=36.1),
            arm("linear_probe < zoo:shuffled-cnn", gain=gain(-0.241, -0.29, -0.19, 0.9833), verdict="hurts", seconds=1.8),
            arm(
                "full < hf:nobody/nothing", status="failed", test=None, validation=None, seconds=0.2, trials=1,
                trainable_parameters=None, total_parameters=None, notes=("cannot be reached: you are offline",),
            ),
        ),
        curves=(
            curve("scratch", 30, final=0.87),
            curve("full < zoo:digits-cnn", 22),
            curve("full < zoo:letters-cnn", 35, final=0.89),
            curve("full < zoo:objects-cnn", 12, n_epochs=17, final=0.86),
        ),
        confusion=confusion(10),
        mistakes=tuple(
            Mistake(f"test/{d}/item-{d}.png", str(d), str((d + 5) % 10), 0.999 - 0.02 * d, thumbnail(d)) for d in range(10)
        ),
        cost={"rank": 1.6, "try": 61.0, "prove": 80.4, "total": 144.8, "trials": 45.0},
        budget="180s",
        repeat={
            "command": "transferkit transfer digits/ --from zoo:digits-cnn --from zoo:letters-cnn --from zoo:objects-cnn "
            "--from zoo:shuffled-cnn --budget 3m --out runs/digits",
            "python": "3.11.9",
            "platform": "Linux x86_64",
            "device": "cpu",
            "versions": {"transferkit": "0.1.0", "torch": "2.13.0", "numpy": "2.4.1"},
            "seeds": [0, 1, 2, 3, 4],
            "folds": [0, 1, 2],
            "sources": {"zoo:digits-cnn": "b1946ac92492d234", "zoo:letters-cnn": "591785b794601e21"},
            "target": "2f9d8c7b6a5e4f30",
        },
        notes=("full < zoo:digits-cnn was not proven: the budget left no time for its refits",),
        seeds=(0, 1, 2, 3, 4),
        label_equivalence=label_equivalence(EquivalentLabels("within", 58.0, 41.0, 104.0, 10, 240)),
        metrics=(ACCURACY, LOG_LOSS),
        extra={"margin": 0.01, "interrupted": False, "plan": PLAN},
    )  # fmt: skip


def ended(summary: StudySummary, verdict: Any, said: str, chosen: Gain, worth: EquivalentLabels) -> StudySummary:
    """The same study with another end: the baseline is returned."""
    arms = tuple(replace(a, gain=chosen, verdict=verdict) if a.status == "chosen" else a for a in summary.arms)
    return replace(
        summary,
        verdict=verdict,
        sentence=said,
        best="scratch",
        gain=chosen,
        arms=arms,
        label_equivalence=label_equivalence(worth),
    )


def many_classes(summary: StudySummary, n_classes: int) -> StudySummary:
    names = [f"species {i:03d} of the genus Quercus" for i in range(n_classes)]
    return replace(summary, target=summary.target | {"classes": names}, confusion=confusion(n_classes, 20))


def interrupted(summary: StudySummary) -> StudySummary:
    arms = tuple(
        replace(a, gain=None, verdict=None, test=None, status="tried" if a.baseline else "baseline")
        for a in summary.arms
    )
    return replace(
        summary, verdict="undecided", best="scratch", gain=None, arms=arms, confusion=None, mistakes=(),
        label_equivalence=None,
        sentence="Interrupted after 12 fits: nothing is proven and the test split is still sealed; run the same command with "
        "the same --out to go on.",
        extra={"margin": 0.01, "interrupted": True},
    )  # fmt: skip


def hostile(summary: StudySummary) -> StudySummary:
    """Every name tries to break out of its place."""
    evil = "<script>alert(1)</script>\"'&`|*\n# x"
    return replace(
        summary,
        sentence=f"Transfer from {evil} helps.",
        best=evil,
        target=summary.target
        | {"name": evil, "classes": [evil] * 10, "warnings": [evil], "skipped": [{"name": evil, "reason": evil}]},
        ranking=tuple(replace(row, name=evil, note=evil, licence=evil, trained_on=evil) for row in summary.ranking),
        arms=tuple(replace(a, name=evil, method=evil, sources=(evil,), notes=(evil,)) for a in summary.arms),
        curves=tuple(replace(c, arm=evil) for c in summary.curves),
        label_equivalence=label_equivalence(EquivalentLabels("beyond", None, 55.0, None, 10, 240), evil),
        mistakes=tuple(replace(m, name=evil, truth=evil, predicted=evil) for m in summary.mistakes),
        repeat=summary.repeat | {"command": evil, "sources": {evil: evil}, "versions": {evil: evil}, "device": evil},
        notes=(evil,),
    )


def png() -> str:
    written = io.BytesIO()
    Image.fromarray(np.zeros((64, 40), dtype=np.uint8)).save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


def of_every_kind(start: StudySummary) -> dict[str, StudySummary]:
    """One summary for each modality and task whose items are shown in a way of their own."""
    texts = (
        "an <b>empty</b> \N{HORIZONTAL ELLIPSIS} promise",
        "\u0647\u0630\u0627 \u0627\u0644\u0641\u0646\u062f\u0642",
        "\u9152\u5e97",
    )
    wrong = [Mistake(f"item {i}", "bad", "good", 0.9 - i / 10, None) for i in range(3)]
    numbers = [replace(m, truth="5", predicted="7.1", confidence=None, off="+2.1") for m in wrong]
    heard = [("one two three", "one too three four"), ("hello", ""), ("<i>a</i> b", "a b")]

    def kind(modality: str, task: str, mistakes: list[Mistake], **facts: Any) -> StudySummary:
        classes = start.target["classes"] if task in ("classify", "tag") else []
        target = start.target | {"modality": modality, "task": task, "classes": classes}
        confusion = start.confusion if task == "classify" else None
        return replace(start, target=target, mistakes=tuple(mistakes), **{"confusion": confusion} | facts)

    sound = {"thumbnail": png(), "clip": "data:audio/wav;base64,UklGRg==", "about": "0.5 s at 8000 Hz"}
    return {
        "texts": kind("text", "classify", [replace(m, text=t) for m, t in zip(wrong, texts, strict=True)]),
        "clips": kind("audio", "classify", [replace(m, **sound) for m in wrong]),
        "rows": kind(
            "tabular", "regress", [replace(m, cells={"age": "63", "sex<": ""}) for m in numbers],
            metric=MetricInfo("rmse", False, "units", 1.0), metrics=(MetricInfo("rmse", False, "units", 1.0),),
            numbers=((1.0, 1.5), (4.0, 3.0), (9.0, 7.25)),
            importances=(Importance("age", 0.31, 0.02), Importance("sex<", 0.0, 0.0), Importance("id", -0.01, 0.02)),
        ),
        "windows": kind(
            "time_series", "regress", [replace(m, window=((1.0, 2.0, math.inf, 4.0, 3.0), (0.0,) * 5)) for m in numbers],
        ),
        "transcripts": kind(
            "audio", "transcribe",
            [
                replace(m, truth=a, predicted=b, confidence=None, off="2 errors", **sound)
                for m, (a, b) in zip(wrong, heard, strict=True)
            ],
        ),
        "tags": kind(
            "text", "tag", [replace(m, confidence=None, off="rare: missed, 4 %", text="t") for m in wrong],
            tags=(TagResult("red", 30, 0.93, 2, 1), TagResult("rare", 2, 0.25, 2, 0), TagResult("none<", 0, None, 0, 3)),
        ),
    }  # fmt: skip


def study_ends() -> dict[str, StudySummary]:
    start = helping()
    about = "Transfer from zoo:digits-cnn by linear_probe"
    tail = "5 seeds, 1347 test items)"
    return {
        "helps": start,
        "hurts": ended(
            start, "hurts",
            f"{about} is worse than training from scratch by 7.2 accuracy points (95 % interval -9.9 to -4.5; {tail}.",
            gain(-0.072, -0.099, -0.045), EquivalentLabels("within", 16.0, 12.0, 22.0, 10, 240),
        ),
        "undecided": ended(
            start, "undecided",
            f"{about} is undecided against training from scratch: the gain is 1.1 accuracy points (95 % interval "
            f"-1.2 to 3.4; {tail}. This test would have shown a difference of 3.1 or more (80 % power); more seeds or more "
            "test items would show a smaller one.",
            gain(0.011, -0.012, 0.034), EquivalentLabels("within", 35.0, 21.0, None, 10, 240),
        ),
        "no_difference": ended(
            start, "no_difference",
            f"{about} makes no difference that matters against training from scratch: the gain is 0.1 accuracy points (95 % "
            f"interval -0.6 to 0.8, all of it within 1.0 of 0; {tail}.",
            gain(0.001, -0.006, 0.008), EquivalentLabels("below", None, None, 14.0, 10, 240),
        ),
        "fifteen_classes": many_classes(start, 15),
        "many_classes": many_classes(start, 150),
        "no_pictures": replace(
            start, mistakes=tuple(replace(m, thumbnail=None) for m in start.mistakes), curves=(), ranking=(), confusion=None
        ),
        "interrupted": interrupted(start),
        "hostile": hostile(start),
        "not_finite": replace(
            start,
            gain=gain(0.01, -math.inf, math.inf),
            arms=tuple(replace(a, gain=gain(0.01, -math.inf, math.inf)) if a.gain else a for a in start.arms),
            curves=(replace(start.curves[0], training_loss=(2.3, math.nan, 1.0), validation_loss=(math.inf, math.nan, 1.0)),),
        ),
        **of_every_kind(start),
        "empty": StudySummary(
            "undecided", "Nothing ran.", "scratch", None, ACCURACY, {}, (), (), (), None, (), {}, "no limit", {}
        ),
    }  # fmt: skip


@pytest.fixture(scope="session")
def summaries() -> dict[str, StudySummary]:
    """Name of an end -> the summary of a study that ended so."""
    return study_ends()
