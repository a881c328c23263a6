"""SKADA's data sets of four kinds of shift, and its shallow methods fitted to them; runs in an environment of its own.

In: lines {"make", "seed", "clusters", "noise", "path"}, answered when the .npz is written, or {"fit", "estimator",
"path"}, answered by {"labels", "seconds"}: predictions for the items held out, and processor seconds of fit and
prediction. Out, first: a line of versions. The environment holds skada, POT and scikit-learn; no checkout is needed.
"""

import contextlib
import io
import json
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np
import skada
from skada.datasets import make_shifted_datasets
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

ESTIMATORS = {"logistic": LogisticRegression, "svc": SVC}
METHODS = {
    "recolouring": skada.CORALAdapter,
    "linear_transport": skada.LinearOTMappingAdapter,
    "subspace_alignment": skada.SubspaceAlignmentAdapter,
    "tca": skada.TransferComponentAnalysisAdapter,
    "exact_transport": skada.OTMappingAdapter,
    "optimal_transport": skada.EntropicOTMappingAdapter,
    "class_transport": skada.ClassRegularizerOTMappingAdapter,
}
"""By what ours are called, with the settings they have by default."""


def make(question):
    """Source, and a target of which every second item is held out."""
    items, labels, domains = make_shifted_datasets(
        n_samples_source=question["clusters"],
        n_samples_target=question["clusters"],
        shift=question["make"],
        noise=question["noise"],
        random_state=question["seed"],
    )
    held = np.zeros(len(labels), dtype=bool)
    held[np.random.default_rng(question["seed"]).permutation(np.flatnonzero(domains < 0))[::2]] = True
    np.savez(question["path"], items=items, labels=labels.astype(int), domains=domains, held=held)
    return {}


def fit(question):
    """The method between a scaler of both domains together and the estimator."""
    with np.load(question["path"]) as data:
        items, labels, domains, held = (data[name] for name in ("items", "labels", "domains", "held"))
    hidden = np.where(domains > 0, labels, -1)[~held]
    steps = (StandardScaler(), METHODS[question["fit"]](), ESTIMATORS[question["estimator"]]())
    start = time.process_time()
    made = skada.make_da_pipeline(*steps).fit(items[~held], hidden, sample_domain=domains[~held])
    found = made.predict(items[held])
    return {"labels": found.tolist(), "seconds": time.process_time() - start}


warnings.simplefilter("ignore")
print(json.dumps({"versions": {name: version(name) for name in ("skada", "POT", "scikit-learn")}}), flush=True)
for line in sys.stdin:
    question = json.loads(line)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = make(question) if "make" in question else fit(question)
    except Exception as reason:
        answer = {"error": f"{type(reason).__name__}: {reason}"}
    print(json.dumps(answer), flush=True)
