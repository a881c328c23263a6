"""Summary: everything a study has to say, as plain values. Printed, written to report.json and drawn in report.html.

All gains and metric values are in the metric's own scale (accuracy: 0 to 1); `MetricInfo.scale` turns them into points.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from transferkit.core.task import Metric

VerdictWord = Literal["helps", "hurts", "no_difference", "undecided"]
"""`no_difference` needs the whole interval inside the margin; `undecided` is everything else that includes 0."""


@dataclass(frozen=True)
class MetricInfo:
    """Which metric, which way is better, and how to word it."""

    name: str
    higher_is_better: bool
    unit: str
    scale: float

    @classmethod
    def of(cls, metric: Metric) -> MetricInfo:
        """What a metric says of itself."""
        return cls(metric.name, metric.higher_is_better, metric.unit, metric.scale)


@dataclass(frozen=True)
class Gain:
    """A paired difference from the baseline, positive where better, with its interval."""

    mean: float
    low: float
    high: float
    level: float
    """Coverage of the interval, e.g. 0.95."""
    n_seeds: int
    n_items: int
    smallest_detectable: float
    """The smallest true difference this test would have found with 80 % power."""


@dataclass(frozen=True)
class RankedSource:
    """One row of the ranking."""

    name: str
    predicted: float | None
    """Predicted metric on the target, with its interval."""
    low: float | None
    high: float | None
    scores: dict[str, float]
    """logme, h_score, leave_one_out, knn, ..."""
    above_floor: bool | None
    """False where it does no better than random features."""
    parameters: int | None = None
    licence: str = "unknown"
    trained_on: str = "unknown"
    seconds: float = 0.0
    note: str = ""
    """Why it was left out, or what disagreed."""
    chance: float | None = None
    """That it turns out to be the best of those ranked, 0 to 1; None where nothing is known of that."""
    ranked: bool = True
    """False where the task gives nothing to rank by: the source is usable all the same, in the order given."""

    @property
    def is_usable(self) -> bool:
        """False for a source that was left out."""
        return self.predicted is not None or not self.ranked


@dataclass(frozen=True)
class CurveSummary:
    """One learning curve to draw."""

    arm: str
    seed: int
    training_loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    validation_metric: tuple[float, ...]
    best_epoch: int | None


@dataclass(frozen=True)
class ArmSummary:
    """One arm: sources x method."""

    name: str
    """"linear_probe < zoo:digits-cnn"."""
    method: str
    """As the command line spells it, with the chosen settings."""
    sources: tuple[str, ...]
    baseline: str | None
    """Name of the arm it is compared with; None for a baseline itself."""
    status: Literal["chosen", "baseline", "proven", "tried", "failed", "not_tried"]
    validation: float | None
    """Mean over the selection folds."""
    test: float | None
    """Mean over seeds, where the arm was proven on the sealed test split."""
    gain: Gain | None
    verdict: VerdictWord | None
    seconds: float
    trials: int
    trainable_parameters: int | None
    total_parameters: int | None
    notes: tuple[str, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    """Test value, mean over seeds, by every metric of the task that could be computed."""
    further_gains: dict[str, Gain] = field(default_factory=dict)
    """Paired gain by every metric but that of choice. Each interval stands alone at 95 %: described, not claimed."""
    peak_bytes: int | None = None
    """The most memory a fit of this arm held; see `TrialResult.peak_bytes`."""


@dataclass(frozen=True)
class CurvePoint:
    """What an arm reaches with so many labels, with its interval."""

    labels: float
    mean: float
    low: float
    high: float
    n_seeds: int
    """0 where nothing was measured: the curve was followed beyond its last point."""


@dataclass(frozen=True)
class EquivalentLabels:
    """With how many labels one arm does as well as another with all of them."""

    at: Literal["below", "within", "beyond"]
    """below: with fewer than `smallest`; beyond: not with up to `farthest`; then there is no number."""
    labels: float | None
    low: float | None
    """None: fewer than `smallest`."""
    high: float | None
    """None: more than `farthest`."""
    smallest: float
    """The fewest labels that were tried."""
    farthest: float
    """The most that can be told."""


@dataclass(frozen=True)
class LabelEquivalence:
    """What transfer is worth in labels: the chosen arm and its baseline with fewer labels, judged on the same test items."""

    arm: str
    baseline: str
    n_labels: int
    """All open labels."""
    level: float
    arm_curve: tuple[CurvePoint, ...]
    baseline_curve: tuple[CurvePoint, ...]
    baseline_beyond: tuple[CurvePoint, ...]
    """The baseline's curve, followed beyond `n_labels`; empty where the answer does not need it."""
    worth: EquivalentLabels
    """Labels the baseline needs for what the arm reaches with all."""
    enough: EquivalentLabels
    """Labels the arm needs for what the baseline reaches with all."""
    sentence: str


@dataclass(frozen=True)
class Mistake:
    """A test item most surely, or farthest, wrong; where none is, one the model was least sure of.

    What is known of the item beside its name depends on its modality.
    """

    name: str
    truth: str
    predicted: str
    confidence: float | None
    """0 to 1; None where the task gives no one probability for what was said."""
    thumbnail: str | None
    """`data:image/png;base64,...`: a picture at most 96 px large, a sound's spectrogram; None where there is nothing to see."""
    off: str = ""
    """How far off, where that is more than right or wrong: "+2.1", "3 of 7 words"."""
    text: str = ""
    """A text's beginning and end."""
    clip: str | None = None
    """`data:audio/wav;base64,...` of a short sound."""
    about: str = ""
    """In a few words what the item is like: "1.2 s at 8000 Hz"."""
    cells: dict[str, str] = field(default_factory=dict)
    """A row's columns, the most important first; "" where nothing is said."""
    window: tuple[tuple[float, ...], ...] = ()
    """The channels of a window over time, thinned out; NaN where nothing is said."""
    channels: tuple[str, ...] = ()
    """What those channels are called."""
    is_right: bool = False
    """It is no mistake: no test item is wrong, and this is among those that came nearest to it."""


@dataclass(frozen=True)
class TagResult:
    """How well one tag is told."""

    tag: str
    n_items: int
    """Test items that bear it."""
    average_precision: float | None
    """0 to 1; None where no test item bears it."""
    missed: int
    """Items that bear it, and were not said to."""
    wrongly: int
    """Items that were said to bear it, and do not."""


@dataclass(frozen=True)
class Importance:
    """How much the returned predictor looks at one column of a table."""

    column: str
    mean: float
    """What the metric loses where the column is shuffled, in its own scale; positive where the column matters."""
    spread: float
    """Standard deviation over shuffles."""


@dataclass(frozen=True)
class StudySummary:
    """A whole study."""

    verdict: VerdictWord
    """Of the chosen arm against its baseline."""
    sentence: str
    """The verdict in words."""
    best: str
    """The arm whose predictor is returned: the baseline where nothing helped."""
    gain: Gain | None
    metric: MetricInfo
    target: dict[str, Any]
    """name, modality, task, classes, n_train, n_validation, n_test, n_unlabelled, skipped, warnings, fingerprint."""
    ranking: tuple[RankedSource, ...]
    arms: tuple[ArmSummary, ...]
    curves: tuple[CurveSummary, ...]
    confusion: tuple[tuple[int, ...], ...] | None
    """Of the returned predictor on the test split: row = truth, column = prediction, in the order of target.classes."""
    mistakes: tuple[Mistake, ...]
    cost: dict[str, float]
    """seconds: {"rank", "try", "prove", "total"}, plus "trials"."""
    budget: str
    repeat: dict[str, Any]
    """Everything needed to run it again: command, python, versions, device, seeds, sources with fingerprints."""
    notes: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    """Of the proof: those the chosen arm and its baseline were both refitted with."""
    label_equivalence: LabelEquivalence | None = None
    """None where it was not asked for, or not possible."""
    metrics: tuple[MetricInfo, ...] = ()
    """How to word every metric of the task, that of choice first."""
    importances: tuple[Importance, ...] = ()
    """Of the returned predictor on the test split, where items are rows of a table; the most important column first."""
    tags: tuple[TagResult, ...] = ()
    """Of the returned predictor on the test split, where items bear tags."""
    numbers: tuple[tuple[float, float], ...] = ()
    """(truth, prediction) of some test items by the returned predictor, where numbers are predicted."""
    extra: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return asdict(self)
