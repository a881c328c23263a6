import torch
from torch import nn

from transferkit.training.sharpness import uphill


def test_on_a_quadratic_the_gradient_is_that_at_the_ascended_point() -> None:
    """L = (a x^2 + b y^2) / 2: the gradient at w + rho g / ||g|| by hand."""
    curvature = torch.tensor([4.0, 1.0])
    weight = nn.Parameter(torch.tensor([1.0, -2.0]))
    idle = nn.Parameter(torch.tensor([7.0]))

    def loss() -> torch.Tensor:
        return 0.5 * (curvature * weight**2).sum()

    loss().backward()
    gradient = curvature * weight.detach()
    expected = curvature * (weight.detach() + 0.1 * gradient / gradient.norm())
    with uphill([weight, idle], 0.1):
        weight.grad = None
        loss().backward()
    torch.testing.assert_close(weight.grad, expected)
    torch.testing.assert_close(weight.detach(), torch.tensor([1.0, -2.0]))
    assert idle.item() == 7.0
