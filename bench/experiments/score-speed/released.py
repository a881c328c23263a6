"""The released implementations of transferability scores, timed one call at a time; runs in the peers' environment.

Argument: the folder of checkouts. In: lines {"score", "features", "labels", "outputs"} with paths of .npy files. Out: a line of
versions first, then a line {"value", "seconds"} for each. Features are handed over in float64, as the codes want them.

The environment holds numba, scikit-learn, scipy, pandas, tqdm and torch; the checkouts are thuml/LogME,
thuml/Transfer-Learning-Library, dbolya/parc and TencentARC/SFDA of GitHub.
"""

import contextlib
import hashlib
import importlib.util
import io
import json
import math
import sys
import time
import types
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

CHECKOUTS = Path(sys.argv[1])
FINGERPRINTS = {}


def load(checkout, file, beside=(), changes=()):
    """A module of a checkout by its file; modules it imports only for its own data sets and networks are left empty.

    changes: pairs of text, what is replaced wherever it is found and by what.
    """
    folder = CHECKOUTS / checkout
    for name in beside:
        sys.modules[name] = types.ModuleType(name)
    sys.path.insert(0, str(folder))
    try:
        path = folder / file
        specification = importlib.util.spec_from_file_location(f"{checkout}.{path.stem}".replace("-", "_"), path)
        module = importlib.util.module_from_spec(specification)
        text = path.read_text()
        for old, new in changes:
            if old not in text:
                raise ValueError(f"{file} holds no {old!r} to change")
            text = text.replace(old, new)
        exec(compile(text, path, "exec"), module.__dict__)
    finally:
        sys.path.remove(str(folder))
        for name in {*beside, "utils", "constants"} & sys.modules.keys():
            del sys.modules[name]
    FINGERPRINTS[f"{checkout}/{file}"] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return module


LOGME = load("thuml-LogME", "LogME.py")
LATER = ("range(11)", "range(10_000)")
RUN_ON = (LATER, ("/ t <= 1e-3:", "/ t <= 1e-12:"))
"""Their iteration stops after 11 steps, or where a step moves its ratio by less than 1/1000; so it goes on until it stands."""
LOGME_CONVERGED = load("thuml-LogME", "LogME.py", changes=RUN_ON)
LOGME_EXACT = load("thuml-LogME", "LogME.py", changes=(*RUN_ON, (" + 1e-5)", ")")))
"""Nor is 1e-5 added to the two sums of squares that its updates divide by, which moves it off the maximum it looks for."""
TLLIB = {
    stem: load("thuml-Transfer-Learning-Library", f"tllib/ranking/{stem}.py")
    for stem in ("logme", "hscore", "leep", "nce", "transrate")
}
TLLIB_CONVERGED = load(
    "thuml-Transfer-Learning-Library", "tllib/ranking/logme.py", changes=(LATER, ("/ lam < 0.01:", "/ lam < 1e-12:"))
)
PARC = load("dbolya-parc", "methods.py", beside=("datasets",))
SFDA = load("TencentARC-SFDA", "metrics.py", beside=("models", "models.group1"))


def of_parc(method, features, outputs, labels):
    """A method of the PARC repository, which looks the number of classes up by the name of a data set."""
    PARC.constants.num_classes["target"] = int(labels.max()) + 1
    return method(features, outputs, labels, "source", "target", "network", None)


SCORES = {
    "logme": lambda f, y, o: LOGME.LogME(regression=False).fit(f, y),
    "logme_converged": lambda f, y, o: LOGME_CONVERGED.LogME(regression=False).fit(f, y),
    "logme_exact": lambda f, y, o: LOGME_EXACT.LogME(regression=False).fit(f, y),
    "logme_tllib_converged": lambda f, y, o: TLLIB_CONVERGED.log_maximum_evidence(f, y),
    "logme_numbers": lambda f, y, o: LOGME.LogME(regression=True).fit(f, y),
    "logme_tllib": lambda f, y, o: TLLIB["logme"].log_maximum_evidence(f, y),
    "h_score": lambda f, y, o: TLLIB["hscore"].h_score(f, y),
    "h_score_shrunk": lambda f, y, o: TLLIB["hscore"].regularized_h_score(f, y),
    "leep": lambda f, y, o: TLLIB["leep"].log_expected_empirical_prediction(o, y),
    "nce": lambda f, y, o: TLLIB["nce"].negative_conditional_entropy(o.argmax(axis=1), y),
    "transrate": lambda f, y, o: TLLIB["transrate"].transrate(f, y),
    "parc": lambda f, y, o: of_parc(PARC.PARC(n_dims=32), f, o, y),
    "knn": lambda f, y, o: of_parc(PARC.kNN(k=5, metric="cosine"), f, o, y),
    "nleep": lambda f, y, o: SFDA.NLEEP(f, y),
    "sfda": lambda f, y, o: SFDA.SFDA_Score(f.copy(), y),  # it changes its features
}


def answer(question):
    features, labels, outputs = (np.load(question[name]) for name in ("features", "labels", "outputs"))
    start, spent = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = float(SCORES[question["score"]](features, labels, outputs))
    times = {"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - spent}
    return {"value": value if math.isfinite(value) else str(value), **times}


def main():
    compiled = bool(LOGME.truncated_svd.signatures)
    packages = ("numpy", "numba", "scipy", "scikit-learn", "torch")
    print(
        json.dumps({"numba_on": compiled, "sha256": FINGERPRINTS, "versions": {p: version(p) for p in packages}}),
        flush=True,
    )
    for line in sys.stdin:
        try:
            print(json.dumps(answer(json.loads(line))), flush=True)
        except Exception as reason:  # the other side says it, in one line
            print(json.dumps({"error": f"{type(reason).__name__}: {reason}"[:300]}), flush=True)


if __name__ == "__main__":
    main()
