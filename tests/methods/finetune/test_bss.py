import numpy as np
import torch

from transferkit.methods.finetune.bss import weakest


def test_the_weakest_directions_are_the_smallest_eigenvalues_of_the_gram_matrix() -> None:
    features = torch.randn(6, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    eigenvalues = np.linalg.eigvalsh((features @ features.T).numpy())
    for k in (1, 3):
        np.testing.assert_allclose(weakest(features, k), eigenvalues[:k].sum())


def test_its_gradient_is_exact() -> None:
    features = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: weakest(x, 2), (features,))
