import numpy as np
import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.training.mixing import can_mix, cutmix, mixup


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_mixup_is_the_weighted_mean_of_two_items() -> None:
    values = torch.arange(12.0).reshape(4, 3)
    mix = mixup(4, 0.4, draws(), torch.device("cpu"))
    torch.testing.assert_close(mix.of(values), mix.share * values + (1 - mix.share) * values[mix.partner])
    assert sorted(mix.partner.tolist()) == [0, 1, 2, 3]


def test_shares_follow_the_beta_distribution() -> None:
    generator = draws()
    shares = np.array([mixup(2, 0.5, generator, torch.device("cpu")).share for _ in range(4000)])
    assert abs(shares.mean() - 0.5) < 0.02
    assert abs(shares.var() - 1 / (4 * (2 * 0.5 + 1))) < 0.01  # Var Beta(a, a) = 1 / (4 (2a + 1))


def test_cutmix_says_exactly_how_much_of_the_picture_is_left() -> None:
    pictures = torch.arange(6.0)[:, None, None, None].expand(6, 3, 20, 14).clone()
    generator = draws(3)
    for _ in range(50):
        cut, mix = cutmix(pictures, 1.0, generator)
        for i in range(6):
            own = (cut[i, 0] == i).float().mean().item()
            if mix.partner[i] != i:
                assert own == pytest.approx(mix.share, abs=1e-6)
        assert set(cut.unique().tolist()) <= set(range(6))


def test_cutmix_of_words_is_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match="mixup instead"):
        cutmix(torch.zeros(4, 7), 1.0, draws())


def test_words_and_their_masks_cannot_be_mixed_but_pictures_can() -> None:
    assert not can_mix((torch.zeros(2, 5, dtype=torch.long), torch.ones(2, 5)))
    assert not can_mix(torch.zeros(2, 5, dtype=torch.long))
    assert can_mix(torch.zeros(2, 3, 8, 8))
