"""What deep methods of adaptation do on two tiny domains: the same bars, dark and with noise, or pale on white."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.adapt.adabn import AdaBN
from transferkit.methods.adapt.adda import ADDA
from transferkit.methods.adapt.cdan import CDAN
from transferkit.methods.adapt.coral import CORAL
from transferkit.methods.adapt.dann import DANN
from transferkit.methods.adapt.jan import JAN
from transferkit.methods.adapt.m3sda import M3SDA
from transferkit.methods.adapt.mcc import MCC
from transferkit.methods.adapt.mcd import MCD
from transferkit.methods.adapt.mdd import MDD
from transferkit.methods.adapt.mmd import MMD
from transferkit.methods.adapt.open_set import OpenSet
from transferkit.methods.adapt.partial import Partial
from transferkit.methods.adapt.self_training import SelfTraining
from transferkit.methods.adapt.shot import SHOT
from transferkit.methods.adapt.tent import Tent
from transferkit.methods.baseline.source_only import SourceOnly
from transferkit.sources.memory import source_of
from transferkit.training.adapting_method import DomainMethod

ALIGNED = (MMD, CORAL, JAN, DANN, CDAN, MCC, MCD, MDD, SHOT, SelfTraining, AdaBN, Tent, ADDA, M3SDA, Partial)
KINDS = ("disc", "lying", "upright")


def pictures(
    n: int, seed: int, pale: bool = False, kinds: tuple[str, ...] = KINDS
) -> tuple[list[Image.Image], list[str]]:
    """n grey pictures of 16 x 16 with noise; pale: the same, grey on white."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[:16, :16]
    found, labels = [], []
    for i in range(n):
        kind, phase, period = kinds[i % len(kinds)], draw.integers(0, 6), draw.integers(4, 7)
        if kind == "disc":
            shape = (rows - draw.integers(5, 11)) ** 2 + (columns - draw.integers(5, 11)) ** 2 < draw.integers(9, 30)
        else:
            shape = ((rows if kind == "lying" else columns) + phase) % period < period // 2
        picture = Image.fromarray(np.clip(200 * shape + draw.normal(25, 30, (16, 16)), 0, 255).astype(np.uint8))
        found.append(ImageOps.invert(picture).point(lambda v: int(v * 0.5 + 20)) if pale else picture)
        labels.append(kind)
    return found, labels


@pytest.fixture(name="source", scope="module")
def _source() -> Source:
    return source_of(*pictures(120, 2), name="dark")


@pytest.fixture(name="target", scope="module")
def _target() -> Target:
    return Target.of(*pictures(120, 0, pale=True), test=pictures(90, 1, pale=True), name="pale").hidden()


def accuracy(predictor: Predictor, target: Target) -> float:
    test = target.test.open("a test")
    return float(np.mean([a == b for a, b in zip(predictor.predict(test.items).labels, test.labels, strict=True)]))


FITTED: dict[str, Predictor] = {}


@pytest.fixture(name="alone", scope="module")
def _alone(source: Source, target: Target) -> float:
    FITTED["source_only"] = SourceOnly(epochs=15).fit((source,), target, Run(seed=4))
    return accuracy(FITTED["source_only"], target)


@pytest.mark.parametrize(
    "method",
    [kind() for kind in ALIGNED],
    ids=str,
)
def test_adapting_gains_where_only_the_look_differs(
    method: DomainMethod, source: Source, target: Target, alone: float
) -> None:
    predictor = dataclasses.replace(method, epochs=15).fit((source,), target, Run(seed=4))
    assert alone < 0.8
    assert accuracy(predictor, target) > alone + 0.08


def test_source_only_looks_at_no_target_item(source: Source, target: Target) -> None:
    """The same predictor for another target of the same size."""
    other = Target.of(*pictures(120, 7), test=pictures(30, 8), name="other").hidden()
    first, second = (SourceOnly(epochs=2).fit((source,), one, Run(seed=4)).tensors() for one in (target, other))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_adabn_moves_statistics_alone(source: Source, target: Target, alone: float) -> None:
    before = FITTED["source_only"].tensors()
    after = AdaBN(epochs=15).fit((source,), target, Run(seed=4)).tensors()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert all("running" in name or "num_batches" in name for name in moved)


def test_tent_moves_normalisation_alone(source: Source, target: Target, alone: float) -> None:
    before = FITTED["source_only"].tensors()
    after = Tent(epochs=15).fit((source,), target, Run(seed=4)).tensors()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert any("norm" in name and name.endswith("weight") for name in moved)
    network = {name for name in moved if "running" not in name and "num_batches" not in name}
    assert all("norm" in name or "shortcut.2" in name or "shortcut.1" in name for name in network)
    assert "head.weight" not in moved


def test_shot_keeps_the_classifier_of_the_source(source: Source, target: Target) -> None:
    method = SHOT(epochs=3)
    from transferkit.training.source_stage import learn_source

    domains, body = method.read((source,), target, Run(seed=4))
    learned = learn_source(method, domains, body, Run(seed=4))
    fitted = method.fit((source,), target, Run(seed=4))
    assert torch.equal(learned.tensors()["head.weight"], fitted.tensors()["head.weight"])
    assert not torch.equal(
        learned.tensors()["network.body.stem.convolution.weight"],
        fitted.tensors()["network.body.stem.convolution.weight"],
    )


def test_open_set_calls_what_no_source_has_unknown(source: Source) -> None:
    """The source has no discs; most of what is called unknown in the target are discs."""
    two = source_of(*pictures(120, 2, kinds=("lying", "upright")), name="two kinds")
    target = Target.of(*pictures(120, 0), test=pictures(90, 1), name="three kinds").hidden()
    target = dataclasses.replace(target, task=dataclasses.replace(target.task, classes=("lying", "upright")))
    predictor = OpenSet(epochs=25).fit((two,), target, Run(seed=4))
    assert "unknown" in predictor.task.classes
    test = target.test.open("a test")
    said = np.array(predictor.predict(test.items).labels)
    discs = np.array(test.labels) == "disc"
    assert (said[discs] == "unknown").mean() > 2 * (said[~discs] == "unknown").mean()
    assert (said[discs] == "unknown").mean() > 0.5


def test_partial_weighs_classes_that_the_target_lacks_less(source: Source) -> None:
    target = Target.of(*pictures(90, 0, pale=True, kinds=("lying", "upright")), test=pictures(30, 1), name="two")
    test, _ = pictures(60, 9, pale=True, kinds=("lying", "upright"))
    discs = [
        np.mean(np.array(method.fit((source,), target.hidden(), Run(seed=4)).predict(test).labels) == "disc")
        for method in (Partial(epochs=20), DANN(epochs=20))
    ]
    assert discs[0] < discs[1]


def test_several_sources_are_told_apart(target: Target) -> None:
    origins = []

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Seen(M3SDA):
        def objective(self, model, domains, run):
            inner = super().objective(model, domains, run)

            def loss(both):
                origins.append(both.origin)
                return inner.loss(both)

            return dataclasses.replace(inner, loss=loss)

    sources = (
        source_of(*pictures(60, 11), name="first"),
        source_of(*pictures(60, 12, pale=True), name="second"),
    )
    Seen(epochs=1).fit(sources, target, Run(seed=4))
    assert set(torch.cat(origins).tolist()) == {0, 1}


def texts(thing: str, n: int) -> tuple[list[str], list[str]]:
    """n sentences of two classes about one thing."""
    words, draw = (("good", "great", "fine"), ("bad", "poor", "dull")), np.random.default_rng(0)
    found = [f"the {thing} was {draw.choice(words[i % 2])} and {draw.choice(words[i % 2])} {i}" for i in range(n)]
    return found, [("yes", "no")[i % 2] for i in range(n)]


@pytest.mark.parametrize("name", ["adabn", "tent"])
def test_a_network_without_normalisation_is_refused_in_one_line(name: str) -> None:
    """The default network of texts has none."""
    source = source_of(*texts("film", 40), name="films", modality="text")
    target = Target.of(*texts("book", 40), name="books", modality="text").hidden()
    with pytest.raises(WrongUse, match=r"word_bag has none; use shot or mcc instead$"):
        registry.get("methods", name)(epochs=1).fit((source,), target, Run())


@pytest.mark.parametrize("name", ["mmd", "coral", "dann", "adda", "m3sda"])
def test_numbers_are_predicted_by_methods_that_need_no_classes(name: str) -> None:
    draw = np.random.default_rng(0)
    rows = [{"a": float(a), "b": float(b)} for a, b in draw.normal(size=(80, 2))]
    values = [3 * row["a"] + row["b"] for row in rows]
    source = source_of(rows, values, name="numbers", modality="tabular", task="regress")
    moved = [{"a": row["a"] + 0.3, "b": row["b"] + 0.2 * float(draw.normal())} for row in rows]
    target = Target.of(moved, values, modality="tabular", task="regress", name="moved").hidden()
    method = registry.get("methods", name)(epochs=2)
    assert method.suits(target.task)
    predictor = method.fit((source,), target, Run(seed=1))
    assert np.isfinite(predictor.predict(moved[:5]).labels).all()


@pytest.mark.parametrize("name", ["cdan", "mcc", "jan", "mcd", "mdd", "shot", "tent", "self_training", "partial"])
def test_numbers_are_refused_by_methods_of_classes(name: str) -> None:
    method = registry.get("methods", name)()
    rows = [{"a": float(i)} for i in range(40)]
    source = source_of(rows, [float(i) / 3 for i in range(40)], name="ramp", modality="tabular", task="regress")
    moved = [{"a": row["a"] + 0.25} for row in rows]
    target = Target.of(moved, [i / 3 + 0.01 for i in range(40)], modality="tabular", task="regress").hidden()
    assert not method.suits(target.task)
    with pytest.raises(WrongUse, match="needs one class an item"):
        method.fit((source,), target, Run())


def test_a_pretrained_network_moves_at_a_share_of_the_rate(source: Source, target: Target) -> None:
    method = MMD(learning_rate=1e-3, body_rate=0.2)
    _, body = method.read((Source("zoo:letters-cnn"), source), target, Run())
    recipe = method.recipe_for(body, 64)
    assert (recipe.learning_rate, recipe.head_learning_rate) == (pytest.approx(2e-4), 1e-3)
    _, fresh = method.read((source,), target, Run())
    assert method.recipe_for(fresh, 64).learning_rate == 1e-3


def test_texts_are_adapted_too() -> None:
    source = source_of(*texts("film", 60), name="films", modality="text")
    test = texts("book", 30)
    target = Target.of(*texts("book", 60), test=test, name="books", modality="text").hidden()
    predictor = CDAN(epochs=8).fit((source,), target, Run(seed=1))
    assert np.mean([a == b for a, b in zip(predictor.predict(test[0]).labels, test[1], strict=True)]) > 0.9
