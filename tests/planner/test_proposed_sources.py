"""A study whose sources were proposed, begun again where others would be proposed."""

from pathlib import Path

import pytest

import transferkit as tk
from transferkit.core.errors import WrongUse
from transferkit.core.run import NoCache
from transferkit.core.target import Target
from transferkit.sources.candidates.candidate import Candidate, Candidates

PROBE = ["linear_probe:solver=ridge"]


def proposed(*names: str) -> Candidates:
    return Candidates(tuple(Candidate(name, "bundled") for name in names))


def test_it_goes_on_with_the_sources_it_began_with(tiny_target: Target, tmp_path: Path) -> None:
    out = tmp_path / "run"
    more = {"seeds": 2, "cache": NoCache(), "out": out}
    first = tk.compare(proposed("zoo:digits-cnn", "zoo:letters-cnn"), tiny_target, PROBE, **more)
    again = tk.compare(proposed("zoo:letters-cnn", "zoo:objects-cnn"), tiny_target, PROBE, **more)
    assert {row.name for row in again.summary.ranking} == {"zoo:digits-cnn", "zoo:letters-cnn"}
    assert [arm.name for arm in again.summary.arms] == [arm.name for arm in first.summary.arms]
    with pytest.raises(WrongUse):
        tk.compare(["zoo:digits-cnn", "zoo:letters-cnn"], tiny_target, PROBE, **more)
