"""What every task promises."""

import json

import numpy as np
import pytest

from transferkit.core import registry
from transferkit.core.task import Task
from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress
from transferkit.tasks.tag import Tag
from transferkit.tasks.transcribe import Transcribe

EXAMPLES: dict[str, tuple[Task, list[object]]] = {
    "classify": (Classify(("a", "b", "c")), ["a", "c", "b", "a", "c", "c"]),
    "regress": (Regress(mean=2.0, deviation=1.5), [0.5, 1.5, 2.25, 3.0, 4.5, 6.0]),
    "tag": (
        Tag(("a", "b", "c"), "macro_f1", (0.5, 0.5, 0.25)),
        [("a",), ("a", "b"), (), ("b", "c"), ("a", "c"), ("b",)],
    ),
    "transcribe": (
        Transcribe(" efhnortuvw", longest=8),
        ["one two", "three", "four", "two", "one four", "two one"],
    ),
}
"""One value and some labels of each built-in task: what no program can make up."""


@pytest.fixture(params=sorted(registry.find("tasks")))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_has_an_example_here(name: str) -> None:
    assert name in EXAMPLES, f"add a {name} task with labels to EXAMPLES"


def test_is_described_by_json_values(name: str) -> None:
    task, _ = EXAMPLES[name]
    assert type(task)(**json.loads(json.dumps(task.describe()))) == task
    assert task.name == name


def test_strata_are_one_number_an_item(name: str) -> None:
    task, labels = EXAMPLES[name]
    strata = task.strata(labels)
    assert strata.shape == (len(labels),)
    assert np.issubdtype(strata.dtype, np.integer)


def test_its_metric_is_the_mean_of_its_per_item_values(name: str) -> None:
    from transferkit.core.task import Predictions

    task, labels = EXAMPLES[name]
    guesses = Predictions(tuple(reversed(labels)))
    per_item = task.metric.per_item(guesses, labels)
    assert per_item.shape == (len(labels),)
    assert task.metric.value(guesses, labels) == pytest.approx(per_item.mean())
