"""A scikit-learn model as a network: one stage, which runs in numpy and takes no gradient.

The skops file is the network's only weight, a buffer of bytes, so that a saved predictor holds it like any other tensor.
Loading makes objects of the types that skops trusts and of `KNOWN`, nothing else; what a person has trusted beyond that, as
a source or in a saved predictor (`core/trust.py`), holds for this process and these very bytes.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import Any, cast, final

import numpy as np
import torch
from torch import Tensor, nn

from transferkit.core import trust
from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.network import Network, State

FROZEN = True
OUTPUTS = ("scores", "transform", "leaves")
KNOWN = ("sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.", "sklearn._loss.")
"""Types, and modules of types, of scikit-learn's own that skops does not list as trusted."""
MOST_LEAVES = 20_000
_trusted: set[str] = set()
"""SHA-256 of files that a person trusts."""


def build(n_bytes: int, feature_dim: int, output: str) -> SklearnModel:
    """A model of `n_bytes` bytes that are still to be laid in."""
    return SklearnModel(n_bytes, feature_dim, output)


@final
class SklearnModel(Network):
    """From the cells of rows to the features that `output` names."""

    program: Tensor

    def __init__(self, n_bytes: int, feature_dim: int, output: str) -> None:
        super().__init__()
        settings = {"n_bytes": n_bytes, "feature_dim": feature_dim, "output": output}
        self.architecture = Architecture.of("sklearn_model", settings)
        self.stages = ("model",)
        self.feature_dim, self._output = feature_dim, output
        self.register_buffer("program", torch.zeros(n_bytes, dtype=torch.uint8))
        self._body = nn.Module()
        self._model: Any = None

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the cells at position 0 to the features at position 1."""
        if start >= 1 or stop == 0:
            return state
        if self._model is None:
            self._model = loaded(self._program(), "the saved scikit-learn model")
        numbers, words = cast("tuple[Tensor, Tensor]", state)
        table = table_of(numbers.float().cpu().numpy(), words.cpu().numpy(), columns_of(self._model)[0])
        features = features_of(self._model, table, self._output)
        if features.shape[1] != self.feature_dim:
            raise WrongUse(
                f"the scikit-learn model gives {features.shape[1]} features as {self._output}, expected {self.feature_dim}; "
                "take another output"
            )
        return torch.from_numpy(features).to(numbers.device)

    def stage(self, name: str) -> nn.Module:
        """A module without parameters: nothing in it could be trained."""
        return self._body

    def lay_in(self, program: bytes) -> None:
        """Put the model's file in."""
        self.program.copy_(torch.frombuffer(bytearray(program), dtype=torch.uint8))
        self._model = None

    def _load_from_state_dict(self, *arguments: Any, **named: Any) -> None:
        self._model = None  # what runs is the model that is laid in now
        super()._load_from_state_dict(*arguments, **named)
        if trust.is_given():
            _trusted.add(hashlib.sha256(self._program()).hexdigest())

    def _program(self) -> bytes:
        return bytes(self.program.cpu().numpy())


def loaded(program: bytes, where: str, trust: bool = False) -> Any:
    """The model in a skops file; one line where it is none, or holds types that nobody trusts."""
    import zipfile

    from skops.io import get_untrusted_types, loads

    digest = hashlib.sha256(program).hexdigest()
    if trust:
        _trusted.add(digest)
    try:
        with warnings.catch_warnings():  # a version of scikit-learn older than ours
            warnings.simplefilter("ignore")
            untrusted = get_untrusted_types(data=program)
            strange = [name for name in untrusted if not name.startswith(KNOWN)]
            if strange and digest not in _trusted:
                raise WrongUse(
                    f"{where}: holds types that are not known to be harmless: {', '.join(strange[:5])}; if you trust whoever "
                    "made it, say --trust, or trust=True in Python"
                )
            model = loads(program, trusted=untrusted)
    except WrongUse:
        raise
    except (zipfile.BadZipFile, KeyError) as reason:
        raise WrongUse(f"{where}: not a model that skops saved ({reason}); save it with skops.io.dump") from None
    except Exception as reason:  # a damaged file fails in any way while its objects are made
        raise Failed(f"{where}: skops cannot load it ({str(reason).splitlines()[0]})") from reason
    if not hasattr(model, "n_features_in_"):
        raise WrongUse(f"{where}: holds a {type(model).__name__}, which is not a model fitted on a table")
    return model


def columns_of(model: Any) -> tuple[tuple[str, ...] | None, int]:
    """The names of the columns it was fitted on, None where it knows none, and their number."""
    names = getattr(model, "feature_names_in_", None)
    return (None if names is None else tuple(map(str, names))), int(model.n_features_in_)


def usual_output(model: Any) -> str:
    """What features it gives where nobody says."""
    scores = any(hasattr(model, verb) for verb in ("decision_function", "predict_proba", "predict"))
    transforms = _n_transformed(model) is not None
    if not (scores or transforms):
        return "transform"  # which is then refused with a reason
    return "+".join(["scores"] * scores + ["transform"] * transforms)


def feature_dim(model: Any, output: str, where: str) -> int:
    """The number of features; one line where the model does not have that output."""
    return sum(_width(model, part, where) for part in output.split("+"))


def _width(model: Any, part: str, where: str) -> int:
    if part == "scores" and hasattr(model, "predict"):
        return _n_scores(model)
    if part == "transform" and (count := _n_transformed(model)) is not None:
        return count
    if part == "transform" and _before_last(model) is not None:
        raise WrongUse(f"{where}: its steps do not say how many features they give; take output=scores")
    trees = _trees(_last(model))
    if part == "leaves" and trees:
        width = sum(trees)
        if width > MOST_LEAVES:
            raise WrongUse(
                f"{where}: {width} nodes of its trees are more features than {MOST_LEAVES}; take output=scores"
            )
        return width
    raise WrongUse(
        f"{where}: a {type(_last(model)).__name__} has no output {part!r}; known outputs: {', '.join(OUTPUTS)}"
    )


def _n_scores(model: Any) -> int:
    """Of a row: one a class, for each of several labels; of pairs of classes, where these are compared; one a number."""
    last, classes = _last(model), getattr(model, "classes_", None)
    if isinstance(classes, list):
        return sum(map(len, classes))
    if classes is not None:
        n = len(classes)
        in_pairs = (
            n > 2 and getattr(last, "decision_function_shape", "") == "ovo" and not hasattr(model, "predict_proba")
        )
        return n * (n - 1) // 2 if in_pairs else n
    if hasattr(last, "n_outputs_"):
        return int(last.n_outputs_)
    coefficients = np.asarray(getattr(last, "coef_", 0.0))
    return len(coefficients) if coefficients.ndim == 2 else 1


def _n_transformed(model: Any) -> int | None:
    """Features that the steps before the last give; None where there are none, or they do not say."""
    try:
        return len(_before_last(model).get_feature_names_out())
    except (AttributeError, ValueError):
        return None


def features_of(model: Any, table: Any, output: str) -> np.ndarray:
    """(n, feature_dim) float32."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = [_features(model, table, part) for part in output.split("+")]
    except ValueError as reason:
        said = str(reason).splitlines()[0]
        raise WrongUse(f"the scikit-learn model does not take these rows ({said})") from None
    return np.concatenate(parts, axis=1).astype(np.float32)


def _features(model: Any, table: Any, part: str) -> np.ndarray:
    if part == "transform":
        found = _before_last(model).transform(table)
        return np.asarray(found.toarray() if hasattr(found, "toarray") else found, dtype=np.float64)
    if part == "leaves":
        before = _before_last(model)
        leaves = _last(model).apply(table if before is None else before.transform(table)).reshape(len(table), -1)
        counts = _trees(_last(model))
        hit = np.zeros((len(table), sum(counts)))
        offsets = np.cumsum([0, *counts[:-1]])
        np.put_along_axis(hit, (leaves + offsets).astype(np.int64), 1.0, axis=1)
        return hit
    if hasattr(model, "predict_proba"):
        chances = model.predict_proba(table)  # a list of several, one for each label of a row
        logits: np.ndarray = np.log(
            np.clip(np.concatenate(chances, axis=1) if isinstance(chances, list) else chances, 1e-6, 1.0)
        )
        return logits
    values = np.asarray(model.decision_function(table) if hasattr(model, "decision_function") else model.predict(table))
    if values.ndim == 1 and hasattr(model, "classes_") and len(model.classes_) == 2:
        values = np.stack([-values, values], axis=1)
    return values.reshape(len(table), -1).astype(np.float64)


def table_of(numbers: np.ndarray, words: np.ndarray, names: tuple[str, ...] | None) -> Any:
    """The rows as the model was given them: a pandas table where it knows names, else an array."""
    has_words: np.ndarray = np.any(words, axis=2)  # (n, k)
    if names is None and not has_words.any():
        return numbers.astype(np.float64)
    cells = numbers.astype(np.float64).astype(object)
    for i, j in np.argwhere(has_words):
        cells[i, j] = words[i, j].tobytes().rstrip(b"\0").decode(errors="ignore")
    if names is None:
        return cells
    import pandas

    columns = {
        name: cells[:, j] if has_words[:, j].any() else cells[:, j].astype(np.float64) for j, name in enumerate(names)
    }
    return pandas.DataFrame(columns)


def _last(model: Any) -> Any:
    return model.steps[-1][1] if hasattr(model, "steps") else model


def _before_last(model: Any) -> Any:
    """A pipeline without its last step; the whole of one that only transforms; None for anything else."""
    if not hasattr(model, "steps"):
        return None if hasattr(model, "predict") or not hasattr(model, "transform") else model
    if not hasattr(_last(model), "predict"):
        return model
    return model[:-1] if len(model.steps) > 1 else None


def _trees(model: Any) -> list[int]:
    """Nodes of each tree, in the order of `apply`."""
    several = list(np.ravel(getattr(model, "estimators_", []))) if hasattr(model, "apply") else []
    found = several or ([model] if hasattr(model, "tree_") else [])
    return [int(tree.tree_.node_count) for tree in found]
