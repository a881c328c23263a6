"""Sounds in the main job: sources of sounds and of pictures are ranked, profiled and compared on the same target."""

import numpy as np
import pytest

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.arms import with_baselines
from transferkit.planner.profile import profile
from transferkit.planner.ranking import rank_sources


@pytest.fixture(scope="module")
def chirps() -> Target:
    """Rising tones, falling tones and hisses."""
    sounds, labels = [], []
    for i in range(60):
        draw = np.random.default_rng(i)
        n, kind = int(draw.integers(3000, 6000)), ("rising", "falling", "hiss")[i % 3]
        pitch = np.linspace(300, 2000, n) if kind == "rising" else np.linspace(2000, 300, n)
        tone = np.sin(2 * np.pi * np.cumsum(pitch + draw.uniform(-100, 100)) / 8000)
        samples = draw.normal(size=n) if kind == "hiss" else tone + 0.05 * draw.normal(size=n)
        sounds.append((0.2 * samples, 8000))
        labels.append(kind)
    return Target.of(sounds, labels, modality="audio", name="chirps")


def test_networks_of_pictures_are_ranked_on_sounds(chirps: Target) -> None:
    ranking = rank_sources([Source("zoo:objects-cnn"), Source("zoo:shuffled-cnn")], chirps, Run())
    assert [row.note for row in ranking.rows if row.note] == []
    assert all(row.predicted is not None for row in ranking.rows)
    assert ranking.rows[0].scores["leave_one_out"] > 0.8


def test_a_networks_distance_from_sounds_is_told(chirps: Target) -> None:
    found = profile(chirps, [Source("zoo:objects-cnn")], Run())
    assert found.modality == "audio"
    assert found.item_size is None
    assert (found.shifts["zoo:objects-cnn"] or 0) > 0.3


def test_a_network_of_pictures_is_compared_with_the_default_network_of_sounds(chirps: Target) -> None:
    wanted = [(LinearProbe(), frozenset[str](), (Source("zoo:objects-cnn"),))]
    (scratch, *_), (own, *_) = with_baselines(wanted, "audio"), with_baselines(wanted, "image")
    assert scratch.sources == ()
    assert own.sources == (Source("zoo:objects-cnn"),)
