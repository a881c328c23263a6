"""JSON is written exactly for us and strictly for others."""

import json

import numpy as np
import pytest

from transferkit.artifact import plain_json


def test_exact_floats_come_back_bit_for_bit() -> None:
    numbers = [0.1 + 0.2, 1e-308, float("inf"), -0.0]
    assert json.loads(plain_json.exact(numbers)) == numbers


def test_strict_json_has_no_nan_and_no_numpy() -> None:
    written = plain_json.strict({"a": (np.float32("nan"), np.int64(3), True), "b": [float("-inf"), None, "é"]})

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(written, parse_constant=refuse) == {"a": [None, 3, True], "b": [None, None, "é"]}
    assert "é" in written


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        plain_json.exact(object())
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        plain_json.strict([object()])
