"""sentiment: reviews for or against, learned in one domain and needed in another, on features of a frozen encoder.

Every method of adaptation on features and every weighing of source items, the choice among them without labels, and beside
them the source probe and what labels of the target would give. See `bench/adapting.py` for the ways and
`bench/domain_pairs.py` for the pairs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.adapting import outcome
from bench.domain_pairs import PAIRS
from bench.experiment import Outcome


def run(setting: dict[str, Any], data: Path) -> Outcome:
    return outcome(PAIRS[setting["pairs"]](data, setting), setting)
