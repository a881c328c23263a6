"""ADAPT (adapt-python/adapt on GitHub, `adapt` on the package index), one fit at a time; runs in the peers' environment.

Argument: the folder of checkouts, of which none is needed. In: lines {"method", "file"} with the path of an .npz that holds
source rows and labels, target rows, the first labels of these, and test rows. Out: a line of versions first, then a line
{"predicted", "seconds"} for each.

The environment holds adapt, scikit-learn and cvxopt. The package imports TensorFlow for its networks, which the methods here
never reach; where it is not installed its names stand for nothing.
"""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import sys
import time
import types
import warnings
from importlib.metadata import version

import numpy as np


class Nothing(types.ModuleType):
    """A module whose names are empty classes and functions that give back what they decorate."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (object,), {}) if name[0].isupper() else Nothing(f"{self.__name__}.{name}")

    def __call__(self, *arguments, **named):
        return arguments[0] if arguments and callable(arguments[0]) else lambda function: function


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds TensorFlow's modules empty."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "scikeras", "keras"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Nothing(spec.name)

    def exec_module(self, module):
        pass


if importlib.util.find_spec("tensorflow") is None:
    sys.meta_path.insert(0, Finder())
    import tensorflow

    tensorflow.__version__ = "2.15.0"

from adapt.feature_based import CORAL  # noqa: E402
from adapt.instance_based import KLIEP, KMM, RULSIF, BalancedWeighting, TrAdaBoost  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

QUIET = {"verbose": 0, "random_state": 0}


def fitted(method, at):
    """A model, fitted as its documentation shows it; kernel methods at the width that is handed over."""
    model, gamma = LogisticRegression(), float(1 / (2 * at["width"] ** 2))
    own, known = at["target"][: len(at["known"])], at["known"]
    if method == "kmm":
        return KMM(model, Xt=at["target"], kernel="rbf", gamma=gamma, **QUIET).fit(at["source"], at["labels"])
    if method == "kliep":
        widths = [gamma / factor**2 for factor in (0.25, 0.5, 0.75, 1.0, 1.5, 2.5)]
        return KLIEP(model, Xt=at["target"], kernel="rbf", gamma=widths, **QUIET).fit(at["source"], at["labels"])
    if method == "rulsif":
        widths = [gamma / factor**2 for factor in (0.25, 0.5, 0.75, 1.0, 1.5, 2.5)]
        model = RULSIF(
            model, Xt=at["target"], kernel="rbf", gamma=widths, lambdas=[1e-3, 1e-2, 1e-1, 1.0], alpha=0.1, **QUIET
        )
        return model.fit(at["source"], at["labels"])
    if method == "recolouring":
        return CORAL(model, Xt=at["target"], lambda_=1.0, **QUIET).fit(at["source"], at["labels"])
    if method == "balanced_weighting":
        return BalancedWeighting(model, gamma=0.5, Xt=own, yt=known, **QUIET).fit(at["source"], at["labels"])
    if method == "tradaboost":
        return TrAdaBoost(model, n_estimators=20, Xt=own, yt=known, **QUIET).fit(at["source"], at["labels"])
    raise ValueError(f"unknown method {method!r}")


def main():
    print(json.dumps({name: version(name) for name in ("adapt", "scikit-learn", "numpy")}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        with np.load(question["file"]) as kept:
            at = {name: kept[name] for name in kept.files}
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                begun = time.perf_counter()
                model = fitted(question["method"], at)
                predicted = np.asarray(model.predict(at["test"])).ravel()
                seconds = time.perf_counter() - begun
        except Exception as reason:
            print(json.dumps({"error": f"{type(reason).__name__}: {reason}"}), flush=True)
            continue
        print(json.dumps({"predicted": predicted.tolist(), "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
