"""What can be said of a gain in predicting numbers without target labels.

With g and f what two models say of n items and y the truth, whatever it is,

    |RMSE of g - RMSE of f| <= root mean square of g - f        (triangle inequality; of absolute errors likewise with |g - f|)

so that a small difference bounds the gain and a large one says that labels must decide. Which items are labelled does not
matter to a fair answer as long as each has the same chance; those named lie at equal steps along what the models differ by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LABELS = 30
"""How many items a person is asked to label."""
_AVERAGE = {"RMSE": "root mean square", "MAE": "mean"}
"""Measure -> what is taken of the differences of two models."""


@dataclass(frozen=True)
class UnverifiedNumbers:
    """A bounded statement on a chosen model and its baseline where the target has no labels."""

    most: float
    """Largest gain or loss on these items, in the labels' unit."""
    measure: str
    """What it is of: RMSE or MAE."""
    items: tuple[int, ...]
    """To label: positions in the target."""
    n_items: int

    def sentence(self, about: str, baseline: str = "the source only") -> str:
        """The statement for a person; `about` names what was chosen.

        >>> print(UnverifiedNumbers(3.21, "RMSE", tuple(range(30)), 160).sentence("Transfer from old by jdot"))
        Transfer from old by jdot cannot be verified without labels: its numbers and those of the source only differ by 3.21
        over these 160 target items (root mean square), so on these its gain lies between -3.21 and 3.21 RMSE; label the 30
        items named to know more.
        """
        if not self.most:
            return (
                f"{about} makes no difference on these {self.n_items} target items: it gives each the number that "
                f"{baseline} gives it."
            )
        most = f"{self.most:.3g}"
        return (
            f"{about} cannot be verified without labels: its numbers and those of {baseline} differ by {most} over these "
            f"{self.n_items} target items ({_AVERAGE[self.measure]}), so on these its gain lies between -{most} and {most} "
            f"{self.measure}; label the {len(self.items)} items named to know more."
        )


def unverified_numbers(
    chosen: np.ndarray, baseline: np.ndarray, metric_name: str = "rmse", n_labels: int = LABELS, seed: int = 0
) -> UnverifiedNumbers:
    """The statement on what two models say of the same n target items, each (n,); for metrics other than mae in RMSE.

    >>> unverified_numbers(np.array([3.0, 5.0]), np.zeros(2), "mae").most
    4.0
    """
    differences = chosen - baseline
    most = np.abs(differences).mean() if metric_name == "mae" else np.sqrt(np.square(differences).mean())
    k = min(n_labels, len(differences))
    start = np.random.default_rng(seed).random()
    steps = ((start + np.arange(k)) * len(differences) / max(k, 1)).astype(np.int64)
    items = np.argsort(differences, kind="stable")[steps]
    measure = "MAE" if metric_name == "mae" else "RMSE"
    return UnverifiedNumbers(float(most), measure, tuple(sorted(int(i) for i in items)), len(differences))
