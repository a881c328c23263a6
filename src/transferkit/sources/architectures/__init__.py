"""Networks by name, rebuilt without their weights: one file an architecture, with `build(**settings) -> Network`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import TransferkitError, WrongUse, unknown_name

if TYPE_CHECKING:
    from transferkit.core.architecture import Architecture
    from transferkit.core.network import Network
    from transferkit.core.source import Processor


def names() -> tuple[str, ...]:
    """Every architecture there is, by file stem; imports none of them.

    >>> "small_cnn" in names()
    True
    """
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def settings(kind: str) -> tuple[str, ...]:
    """The settings that networks of this kind are built with.

    >>> settings("small_cnn")
    ('width', 'n_classes')
    """
    return tuple(inspect.signature(_module(kind).build).parameters)


def from_scratch(architecture: Architecture) -> Architecture:
    """The architecture to train from nothing: without the source's own head, and where weights for inference have
    something folded in, it is put back. Sources that differ in their classes alone have the same one."""
    change = getattr(_module(architecture.kind), "from_scratch", dict)
    arguments = change(architecture.arguments())
    if "n_classes" in arguments:
        arguments["n_classes"] = None
    return type(architecture).of(architecture.kind, arguments)


def gives_frames(architecture: Architecture) -> bool:
    """Whether the last state is features of moments with their numbers, ((n, t, d), (n,)), and not one vector an item.

    >>> from transferkit.core.architecture import Architecture
    >>> gives_frames(Architecture.of("small_cnn"))
    False
    """
    gives = getattr(_module(architecture.kind), "gives_frames", None)
    return bool(gives and gives(architecture.arguments()))


def is_frozen(architecture: Architecture) -> bool:
    """Whether such networks give features and take no gradient: nothing in them can be trained.

    >>> from transferkit.core.architecture import Architecture
    >>> is_frozen(Architecture.of("small_cnn"))
    False
    """
    return bool(getattr(_module(architecture.kind), "FROZEN", False))


def usual_settings(architecture: Architecture, from_scratch: bool) -> dict[str, tuple[Any, ...]]:
    """What training such networks wants, beginning with fresh weights or with learned ones: setting -> values, the usual one
    first; empty where the methods' own defaults serve.

    >>> from transferkit.core.architecture import Architecture
    >>> usual_settings(Architecture.of("small_cnn"), from_scratch=False)
    {}
    """
    return dict(getattr(_module(architecture.kind), "FROM_SCRATCH" if from_scratch else "FINE_TUNING", {}))


def good_methods(architecture: Architecture) -> tuple[str, ...]:
    """Names of methods that cost seconds and often serve such networks best, beside those that are tried on every network.

    >>> from transferkit.core.architecture import Architecture
    >>> good_methods(Architecture.of("small_cnn"))
    ()
    """
    return tuple(getattr(_module(architecture.kind), "GOOD_METHODS", ()))


def usually_best(architecture: Architecture, n_labels: int) -> str | None:
    """The method that usually serves such networks best with so few labels that trials could hardly tell, with its settings
    as they are spelled; None where nothing is known, or the labels are more.

    >>> from transferkit.core.architecture import Architecture
    >>> usually_best(Architecture.of("small_cnn"), 16)
    """
    rows = getattr(_module(architecture.kind), "WITH_FEW_LABELS", ())
    return next((method for most_labels, method in rows if n_labels <= most_labels), None)


def grown_for(
    processor: Processor, architecture: Architecture, make: Callable[[], Network]
) -> tuple[Architecture, Callable[[], Network]]:
    """The architecture of `make()`'s networks, and how to make one, once their input has grown to what `processor` gives."""
    grown = _module(architecture.kind).grown

    def make_grown() -> Network:
        network: Network = grown(make(), processor)
        return network

    return _module(architecture.kind).grown_architecture(architecture, processor), make_grown


def pooled(architecture: Architecture) -> Architecture | None:
    """The architecture that gives one vector an item, of one that gives features of moments: `build` it and lay the same
    weights in. None where there is no such thing."""
    change = getattr(_module(architecture.kind), "pooled", None)
    return change and type(architecture).of(architecture.kind, change(architecture.arguments()))


def build(architecture: Architecture, seed: int = 0) -> Network:
    """A freshly initialised network, in eval mode: the same seed gives the same weights, the global generator is kept.

    Raises one line for an unknown kind and for settings that the architecture does not take.
    """
    from transferkit.core.network import seeded

    module = _module(architecture.kind)
    arguments = architecture.arguments()
    signature = inspect.signature(module.build)
    try:
        signature.bind(**arguments)
    except TypeError as reason:
        takes = ", ".join(signature.parameters) or "nothing"
        raise WrongUse(
            f"architecture {architecture.kind} cannot be built: {reason}; its settings are {takes}"
        ) from None
    try:
        with seeded(seed):
            network: Network = module.build(**arguments)
    except (TypeError, ValueError, RuntimeError) as reason:
        if isinstance(reason, TransferkitError):
            raise
        said = (str(reason).strip() or type(reason).__name__).splitlines()[0]
        raise WrongUse(f"architecture {architecture.kind} cannot be built with these settings: {said}") from reason
    network.architecture = architecture
    return network.eval()


def _module(kind: str) -> ModuleType:
    if kind not in names():
        raise unknown_name("architecture", kind, names())
    return importlib.import_module(f"{__name__}.{kind}")
