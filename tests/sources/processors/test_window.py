"""Window: one length, each channel standardised by what it was fitted on."""

import json

import numpy as np
import pytest
import torch

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.sources import architectures, processors
from transferkit.sources.architectures import series_cnn
from transferkit.sources.processors.window import fitted

WINDOWS = [np.random.default_rng(i).normal([5.0, -100.0], [2.0, 30.0], size=(12, 2)) for i in range(6)]
PROCESSOR = fitted(WINDOWS)


def test_channels_come_standardised() -> None:
    batch = PROCESSOR(WINDOWS)
    assert batch.shape == (6, 2, 12)
    rows = np.concatenate(WINDOWS)
    expected = (WINDOWS[2] - rows.mean(axis=0)) / rows.std(axis=0)
    np.testing.assert_allclose(batch[2].T, expected, rtol=1e-5, atol=1e-6)


def test_it_is_rebuilt_from_what_it_describes() -> None:
    assert processors.build(json.loads(json.dumps(PROCESSOR.describe()))) == PROCESSOR


def test_gaps_count_as_the_mean_and_the_end_of_a_window_is_kept() -> None:
    gappy = WINDOWS[0].copy()
    gappy[3, 1] = np.nan
    assert float(PROCESSOR([gappy])[0, 1, 3]) == 0
    longer = np.concatenate([WINDOWS[1], WINDOWS[0]])
    assert torch.equal(PROCESSOR([longer]), PROCESSOR([WINDOWS[0]]))
    shorter = PROCESSOR([WINDOWS[0][-5:]])
    assert shorter[0, :, :7].eq(0).all()
    assert torch.equal(shorter[0, :, 7:], PROCESSOR([WINDOWS[0]])[0, :, 7:])


def test_a_channel_that_stands_still_is_no_trouble() -> None:
    still = [np.column_stack([window[:, 0], np.full(12, 518.67)]) for window in WINDOWS]
    batch = fitted(still)(still)
    assert torch.isfinite(batch).all()
    assert batch[:, 1].abs().max() < 1e-3


def test_other_channels_are_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match=r"takes windows \(length, 2 channels\), got shape \(12, 3\)"):
        PROCESSOR([np.zeros((12, 3))])


def test_the_network_of_series_runs_in_parts_as_it_runs_whole() -> None:
    network = architectures.build(Architecture.of("series_cnn", {"channels": 2, "width": 8}))
    inputs = PROCESSOR(WINDOWS)
    whole = network(inputs)
    assert whole.shape == (6, network.feature_dim)
    for cut in range(len(network.stages) + 1):
        torch.testing.assert_close(network.run(network.run(inputs, 0, cut), cut), whole)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = series_cnn.settings_of(shapes)
    assert found == {"channels": 2, "width": 8, "n_classes": None}
    with pytest.raises(WrongUse, match="multiple of 8"):
        architectures.build(Architecture.of("series_cnn", {"channels": 2, "width": 9}))
