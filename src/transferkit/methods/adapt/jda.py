"""JDA: learn in components in which the domains have the same mean, over all items and in each class.

Long, Wang, Ding, Sun & Yu 2013, "Transfer feature learning with joint distribution adaptation", ICCV; `balance` as in
Wang et al. 2017, arXiv:1807.00516; see `ops/alignment/joint_distributions.py`. Differs: a linear head in place of the
nearest neighbour, which guesses the classes on the way; target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.core.errors import WrongUse
from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class JDA(AlignmentMethod):
    """Features in which each class has its mean where the other domain has it, by classes guessed and guessed again.

    Use when a classifier of the source is right about most target items already; not when it is wrong about most, for
    then what it guesses misleads.

    >>> str(JDA(penalty=0.1))
    'jda:penalty=0.1'
    """

    paper: ClassVar[str] = "doi:10.1109/ICCV.2013.274"
    positive: ClassVar[tuple[str, ...]] = ("n_components", "penalty", "rounds", "width")

    n_components: int | None = None
    """None: 30 at most, without those in which the domains differ more than items vary."""
    penalty: float = 1.0
    """lambda: what a long direction costs beside differences of the means."""
    balance: float = 0.5
    """How much the means of classes count beside those of all items, 0 to 1; 0.5: one class as much as all items."""
    rounds: int = 10
    """Most rounds of guessing; they end where no guess changes."""
    kernel: Literal["linear", "gaussian"] = "linear"
    width: float | None = None
    """Of the Gaussian, 1 / (2 sigma^2) with items of length 1 on average; None: 1 / the median squared distance of
    two items."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.balance <= 1:
            raise WrongUse(f"{self.name}:balance={self.balance} must be from 0 to 1")

    @property
    def of_classes(self) -> bool:
        """It aligns the mean of each."""
        return True

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.joint_distributions import joint_distributions

        return joint_distributions(
            *sides.with_classes(),
            n_components=self.n_components,
            penalty=self.penalty,
            balance=self.balance,
            rounds=self.rounds,
            kernel=self.kernel,
            width=self.width,
        )
