"""The model card has the front matter the hub reads, and says how far to trust the model."""

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml

from transferkit.artifact.model_card import model_card
from transferkit.evaluate.summary import StudySummary


def front_matter(card: str) -> dict[str, Any]:
    assert card.startswith("---\n")
    loaded: dict[str, Any] = yaml.safe_load(card.split("---\n")[1])
    return loaded


def test_front_matter_has_the_licence_the_task_and_the_metric_with_its_interval(
    summaries: dict[str, StudySummary],
) -> None:
    matter = front_matter(model_card(summaries["helps"]))
    assert matter["license"] == "cc0-1.0"
    assert matter["pipeline_tag"] == "image-classification"
    assert "base_model" not in matter
    accuracy, gain = matter["model-index"][0]["results"][0]["metrics"]
    assert accuracy["type"] == "accuracy"
    assert accuracy["value"] == 0.931
    assert gain["value"] == 0.063
    assert "95 % interval 0.041 to 0.085" in gain["name"]


def test_a_hub_model_is_named_as_the_base(summaries: dict[str, StudySummary]) -> None:
    start = summaries["helps"]
    arms = tuple(replace(a, sources=("hf:microsoft/resnet-18",)) if a.name == start.best else a for a in start.arms)
    ranking = tuple(
        replace(r, name="hf:microsoft/resnet-18", licence="house rules") if r.name == "zoo:digits-cnn" else r
        for r in start.ranking
    )
    matter = front_matter(model_card(replace(start, arms=arms, ranking=ranking)))
    assert matter["base_model"] == ["microsoft/resnet-18"]
    assert matter["license"] == "other"


def test_a_model_from_scratch_claims_no_source(summaries: dict[str, StudySummary]) -> None:
    card = model_card(summaries["undecided"])
    assert "license" not in front_matter(card)
    assert "no pretrained source went in" in card
    assert "Undecided" in card


def test_limits_and_use_are_told(summaries: dict[str, StudySummary]) -> None:
    card = model_card(summaries["helps"])
    assert "2 identical pictures" in card
    assert "transferkit.load(" in card
    assert "1347 pictures" in card


@pytest.mark.parametrize(
    ("end", "pipeline", "does", "use"),
    [
        (
            "texts",
            "text-classification",
            "A text model that tells 10 classes apart",
            'predict(["what somebody wrote"])',
        ),
        ("clips", "audio-classification", "An audio model", 'predict(["new.wav"])'),
        ("rows", "tabular-regression", "A tabular model that predicts a number", 'predict(pandas.read_csv("new.csv"))'),
        ("windows", "time-series-forecasting", "A time series model", "float32 (length, channels)"),
        ("transcripts", "automatic-speech-recognition", "writes down what is said", 'predict(["new.wav"])'),
        ("tags", "text-classification", "says which of 10 tags hold", 'predict(["what somebody wrote"])'),
    ],
)
def test_each_modality_has_its_pipeline_and_its_line_of_code(
    summaries: dict[str, StudySummary], end: str, pipeline: str, does: str, use: str
) -> None:
    card = model_card(summaries[end])
    assert front_matter(card)["pipeline_tag"] == pipeline
    assert does in card
    assert use in card


@pytest.mark.parametrize("end", ["hostile", "many_classes", "no_pictures", "not_finite", "empty"])
def test_no_name_breaks_out_of_its_place(summaries: dict[str, StudySummary], end: str) -> None:
    card = model_card(summaries[end])
    front_matter(card)
    text = re.sub(r"```.*?```|(?<!\\)`[^`]*`", "", card.split("---\n", 2)[2], flags=re.DOTALL)
    assert re.search(r"(?<!\\)[<>]", text) is None
    assert all(line.startswith("# ") is (line == first_heading(card)) for line in text.splitlines() if line[:2] == "# ")


def first_heading(card: str) -> str:
    return next(line for line in card.splitlines() if line.startswith("# "))


def test_what_was_cross_fitted_claims_no_sealed_test(summaries: dict[str, StudySummary]) -> None:
    start = summaries["helps"]
    folds = {"folds": 5, "repeats": 3, "n_items": 40, "chosen": {}, "seconds": 1.0, "fits": 9}
    card = model_card(replace(start, target={**start.target, "n_test": 0}, extra={"cross_fitting": folds}))
    metric = front_matter(card)["model-index"][0]["results"][0]["metrics"][0]
    assert metric["name"] == "accuracy by 5-fold cross-fitting, 3 repeats"
    assert "Judged on 40 pictures" in card
    assert "pictures judged on: 40" in card
