"""The default networks of rows and of windows: they know what the training rows hold, and learn from them."""

import numpy as np
import pandas as pd

from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.training.default_bodies import default_body

DRAW = np.random.default_rng(0)


def rows(n: int = 120) -> Target:
    """A number and a word decide, noise does not."""
    frame = pd.DataFrame({"x": DRAW.normal(size=n), "noise": DRAW.normal(size=n), "kind": DRAW.choice(["a", "b"], n)})
    label = np.where(frame["x"] + 1.5 * (frame["kind"] == "a") > 0.7, "yes", "no")
    return Target.of(frame.where(DRAW.random(frame.shape) > 0.05, None), label.tolist(), task="classify")


def series(n: int = 120) -> Target:
    """The number is how the first channel ends."""
    windows = DRAW.normal(size=(n, 12, 2)).cumsum(axis=1)
    return Target.of(windows, (10 + windows[:, -1, 0]).tolist())


def test_it_looks_at_the_training_rows_alone() -> None:
    target = rows()
    body = default_body(target, seed=0)
    unseen = Target.of([{"y": 1.0 * i} for i in range(40)], ["a", "b"] * 20)
    assert body.processor.column_names == ("x", "noise", "kind")
    assert default_body(unseen, seed=0).processor.column_names == ("y",)


def test_few_rows_are_learned_by_a_line_and_many_by_more() -> None:
    few, many = default_body(rows(120), seed=0), default_body(rows(800), seed=0)
    assert few.make().stages == ("columns",)
    assert len(many.make().stages) == 3


def test_it_learns_what_rows_say() -> None:
    target = rows()
    predictor = Scratch(epochs=30).fit((), target, Run())
    test = target.test.open("a test of the default network")
    assert target.task.metric.value(predictor.predict(test.items), test.labels or ()) > 0.8


def test_it_learns_what_a_series_comes_to() -> None:
    target = series()
    predictor, blind = Scratch(epochs=30).fit((), target, Run()), Majority().fit((), target, Run())
    test = target.test.open("a test of the default network")
    error, blind_error = (
        target.task.metric.value(p.predict(test.items), test.labels or ()) for p in (predictor, blind)
    )
    assert error < 0.5 * blind_error
