"""Method: how knowledge is carried. Settings only, with one verb, `fit`; the result is a Predictor.

A method is a frozen dataclass in a file of its own under `methods/<family>/`; the file's stem is its name everywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from transferkit.core.errors import WrongUse, unknown_name

if TYPE_CHECKING:
    from transferkit.core.predictor import FitRecord, Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task


types_of = cache(get_type_hints)
"""The type of each setting of a class by name, which takes long to find out."""

ANY = 99
"""Most sources of a kind, where as many as there are will do."""


@dataclass(frozen=True)
class Needs:
    """What a method takes: (least, most) of each kind of source, and which labels."""

    models: tuple[int, int] = (0, 0)
    data: tuple[int, int] = (0, 0)
    target_labels: bool = True
    """False where the method works without any target label."""
    unlabelled: bool = False
    """True where the method uses unlabelled target items."""
    features: bool = False
    """True where it works on one feature vector an item."""
    moves_weights: bool = True
    """False where the sources' weights stay as they are; such a method also takes a source whose weights cannot be trained."""
    together: bool = False
    """True where it takes as many of the given models as it can at once, even if one would do."""


@dataclass(frozen=True, kw_only=True)
class Method(ABC):
    """How knowledge is carried from sources to a target."""

    needs: ClassVar[Needs]
    paper: ClassVar[str] = ""
    """Where it comes from: "arXiv:1511.05547"."""
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {}
    """Settings worth trying on validation, the default first: {"learning_rate": (1e-3, 3e-3)}."""
    is_baseline: ClassVar[bool] = False
    """True for what transfer is compared with."""
    baseline: ClassVar[str] = "scratch"
    """Name of the method it is compared with, a baseline: what one would do without transfer."""
    says_besides: ClassVar[tuple[str, ...]] = ()
    """Classes it may name that no label does; a study in which it was named knows them."""
    deterministic: ClassVar[bool] = False
    """True where the seed changes nothing: one fit then stands for every seed."""
    positive: ClassVar[tuple[str, ...]] = ()
    """Settings that must be above 0 (or None, where that is allowed)."""
    not_negative: ClassVar[tuple[str, ...]] = ()
    """Settings that must be at least 0."""
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "named"
    """On which sources `transfer` tries it unasked: every one (it costs seconds), the promising ones, or those one names."""

    def __post_init__(self) -> None:
        for name in self.positive:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise WrongUse(f"{self.name}:{name}={value} must be above 0")
        for name in self.not_negative:
            if not getattr(self, name) >= 0:
                raise WrongUse(f"{self.name}:{name}={getattr(self, name)} must be at least 0")
        for name, hint in types_of(type(self)).items():
            if get_origin(hint) is Literal and getattr(self, name) not in get_args(hint):
                raise unknown_name(f"{name} of method {self.name}", str(getattr(self, name)), get_args(hint))

    @abstractmethod
    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Fit to the target. Leaves sources as they were, draws all randomness from `run.seed`, never opens the test.

        Choices inside the fit (early stopping, a penalty) use `target.validation`; where that is empty the settings
        are final and all of `target.train` is used.
        """

    def suits(self, task: Task) -> bool:
        """False where these settings make no sense for the task; they are then not tried."""
        return True

    def refit(self, record: FitRecord) -> Method:
        """The settings for a last fit on all labels, once validation has taught what `record` says."""
        return self

    def resized(self, n_fitted: int, n_items: int) -> Method:
        """The settings that validation taught for `n_fitted` items, for another number of items."""
        return self

    def steps(self, n_items: int) -> int:
        """Training steps that a fit on so many items takes at most; 0 where there are none (a closed form)."""
        return 0

    @property
    def name(self) -> str:
        """The file stem: `lora` for `methods/finetune/lora.py`."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def family(self) -> str:
        """The folder: `finetune`."""
        return type(self).__module__.split(".")[-2]

    def settings(self) -> dict[str, Any]:
        """Every setting by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __str__(self) -> str:
        """As the command line spells it: the name, then what differs from the defaults.

        >>> from transferkit.methods.baseline.scratch import Scratch
        >>> str(Scratch(epochs=5))
        'scratch:epochs=5'
        """
        values = ((f, getattr(self, f.name)) for f in fields(self))
        changed = [f"{f.name}={_spell(value)}" for f, value in values if value != f.default]
        return self.name + (":" + ",".join(changed) if changed else "")


def check_sources(method: Method, sources: tuple[Source, ...]) -> None:
    """Raise one line that names the fix where these sources are not what the method takes."""
    kinds = (("model", method.needs.models, "zoo:digits-cnn"), ("data", method.needs.data, "old_data/"))
    for what, (least, most), example in kinds:
        given = [s for s in sources if _serves_as(s, method) == what]
        if least <= len(given) <= most:
            continue
        wanted = f"{least} or more" if most >= ANY else str(least) if least == most else f"{least} to {most}"
        noun = "pretrained model" if what == "model" else "labelled data set"
        names = ", ".join(s.name for s in given) or "none"
        fix = f"name one with --from, such as {example}" if len(given) < least else "leave some out"
        raise WrongUse(f"method {method.name} takes {wanted} {noun}(s) as source, got {len(given)} ({names}); {fix}")
    stuck = [s.name for s in sources if not trainable_by(method, s)]
    if stuck:
        raise WrongUse(
            f"method {method.name} moves the weights of its source, and those of {stuck[0]} cannot be trained; "
            "use a method that leaves them as they are, such as linear_probe"
        )


def models_and_data(method: Method, sources: tuple[Source, ...]) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    """Of the sources that a method takes, those it takes for models and those it takes for labelled data."""
    check_sources(method, sources)
    models = tuple(source for source in sources if _serves_as(source, method) == "model")
    return models, tuple(source for source in sources if source not in models)


def _serves_as(source: Source, method: Method) -> str:
    """A data set from which a network was learned is data to methods that take data, and that network to all others."""
    return "data" if method.needs.data[1] and source.lends_data else source.holds


def trainable_by(method: Method, source: Source) -> bool:
    """False where the method would have to move weights that cannot be trained."""
    if _serves_as(source, method) == "data":
        return True
    return not (method.needs.moves_weights and method.needs.models[1] and source.card().frozen)


def _spell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)
