"""Keras 3 on its torch backend, on the CPU, drawing its random numbers as it is told."""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transferkit.core.errors import WrongUse


def keras_on_torch() -> Any:
    """The keras module; one line where it is missing, too old, or runs on another backend already."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "torch"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries that keras finds beside it
            import keras
    except ImportError:
        raise WrongUse("keras sources need Keras 3; install it with: pip install transferkit[keras]") from None
    backend = getattr(keras, "backend", None)
    used = backend.backend() if backend is not None and hasattr(backend, "backend") else "none"
    if not str(keras.__version__).startswith("3") or used != "torch":
        raise WrongUse(
            f"keras {keras.__version__} runs on {used} in this program; import transferkit first, or set KERAS_BACKEND=torch"
        )
    return keras


@contextmanager
def drawing_from(seed: int) -> Iterator[None]:
    """A context in which Keras's initialisers draw from `seed`: they take their own seeds from Python's generator, which
    is left as it was."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
