"""Rows as sentences: a text network takes a table, and what it is told is written down."""

from typing import Any

import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.core.source import Processor
from transferkit.sources.across import adapted
from transferkit.sources.processors import build
from transferkit.sources.processors.tabular_as_text import TabularAsText, sentences
from transferkit.sources.processors.words import WordProcessor


class Letters(Processor):
    """How many letters a text has."""

    modality = "text"

    def __call__(self, items: Any) -> torch.Tensor:
        return torch.tensor([[float(len(item))] for item in items])

    def describe(self) -> dict[str, Any]:
        return {"kind": "letters"}


def test_a_row_becomes_sentences_without_what_is_missing() -> None:
    row = {"age": 63.0, "resting_pressure": "?", "sex": "male", "oldpeak": 2.3000001, "big": 123456.0, "sick": True}
    assert sentences(row) == "age is 63. sex is male. oldpeak is 2.3. big is 123456. sick is true."
    assert sentences({"age": None}) == "nothing is known."


def test_the_seam_finds_the_bridge_from_tables_to_text() -> None:
    bridged = adapted(Letters(), "tabular", [])
    assert isinstance(bridged, TabularAsText)
    assert bridged.modality == "tabular"
    assert bridged([{"a": 1.0}]).tolist() == [[float(len("a is 1."))]]
    assert bridged.describe() == {"kind": "tabular_as_text", "inner": {"kind": "letters"}, "columns": None}


def test_columns_that_were_no_part_of_what_it_learned_from_change_nothing() -> None:
    inner = WordProcessor(words=("age", "sick", "is"), length=12)
    bridged = adapted(inner, "tabular", [{"age": 63.0, "sex": "m"}])
    assert bridged is not None
    of_a_file = {"number": 7.0, "sex": "m", "age": 63.0, "sick": "yes"}
    (learned, _), (predicted, _) = bridged([{"age": 63.0, "sex": "m"}]), bridged([of_a_file])
    assert torch.equal(learned, predicted)
    assert build(bridged.describe()) == bridged
    assert bridged.column_names == ("age", "sex")


def test_what_is_no_row_is_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match="a row is a mapping"):
        adapted(Letters(), "tabular", [])(["a text"])  # type: ignore[misc]
