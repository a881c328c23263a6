"""speakers: spoken digits of each speaker, learned from the five others, on features of a frozen keyword network.

The ways are those of `sentiment`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.adapting import outcome
from bench.domain_pairs import PAIRS
from bench.experiment import Outcome


def run(setting: dict[str, Any], data: Path) -> Outcome:
    return outcome(PAIRS[setting["pairs"]](data, setting), setting)
