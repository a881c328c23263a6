"""`timm:` without timm: one line says what to install."""

import importlib.util

import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.source import Source

if importlib.util.find_spec("timm") is not None:
    pytest.skip("timm is installed here", allow_module_level=True)


def test_one_line_says_what_to_install() -> None:
    for read in (Source("timm:resnet18.a1_in1k").card, Source("timm:resnet18.a1_in1k").check):
        with pytest.raises(WrongUse, match=r"pip install transferkit\[timm\]") as caught:
            read()
        assert "\n" not in str(caught.value)
