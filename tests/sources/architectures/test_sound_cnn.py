import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.sources.architectures import sound_cnn


def test_features_do_not_depend_on_how_long_a_steady_sound_lasts() -> None:
    network = sound_cnn.build(width=4).eval()
    pitches = torch.randn(2, 1, 40, 1, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        short, long = network(pitches.expand(-1, -1, -1, 200)), network(pitches.expand(-1, -1, -1, 400))
    assert short.shape == (2, network.feature_dim) == (2, 32)  # type: ignore[union-attr]
    torch.testing.assert_close(short, long, atol=0.05, rtol=0.05)  # but for the ends


def test_the_shapes_tell_the_settings() -> None:
    network = sound_cnn.build(width=6, n_classes=3)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert sound_cnn.settings_of(shapes) == {"width": 6, "n_classes": 3}


def test_no_width_is_one_line() -> None:
    with pytest.raises(WrongUse, match="no width 0"):
        sound_cnn.build(width=0)
