"""SKADA's deep methods (pip skada) as released, one fit at a time, and its DEV score of each; runs in the peers' environment.

Argument: a folder with a checkout of TLlib, whose LeNet is trained here too: smaller than the networks of SKADA's examples, so
that more steps fit in. In: lines {"method", "digits", "direction", "seed", "seconds"}. Out: a line with versions, then for each
a line {"predictions", "dev", "seconds", "processor_seconds", "steps"}.

Adam at 0.001, batches of 128 of each domain, each method's own defaults; the end is a time. DEV (its `DeepEmbeddedValidation`,
higher is better) looks at a quarter of the source's items, which nothing was learned from, and at the target's without labels.
"""

import contextlib
import json
import sys
import time
import types
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import nn

warnings.simplefilter("ignore")
ROOT = Path(sys.argv[1]) / "thuml-Transfer-Learning-Library" / "tllib"
for name in ("", ".vision", ".vision.models"):  # their __init__ files import torchvision
    package = types.ModuleType(f"tllib{name}")
    package.__path__ = [str(ROOT.joinpath(*name.split(".")[1:]))]
    sys.modules[f"tllib{name}"] = package
with contextlib.redirect_stdout(sys.stderr):
    from skada import deep
    from skada.metrics import DeepEmbeddedValidation
    from skorch.callbacks import Callback
    from tllib.vision.models.digits import LeNet

BATCH, WIDTH = 128, 500


class Network(nn.Module):
    """TLlib's LeNet and a linear classifier, in the form that SKADA takes."""

    def __init__(self):
        super().__init__()
        self.features, self.head = LeNet(10), nn.Linear(WIDTH, 10)

    def forward(self, x, sample_weight=None):
        return self.head(self.features(x))


class Until(Callback):
    """Ends the training once so many seconds of the processor are spent; skorch takes an interrupt for the end."""

    def __init__(self, seconds):
        self.end, self.steps = time.process_time() + seconds, 0

    def on_batch_end(self, net, training=None, **_):
        self.steps += bool(training)
        if training and time.process_time() >= self.end:
            raise KeyboardInterrupt


def build(method, until):
    common = {
        "layer_name": "features",
        "optimizer": torch.optim.Adam,
        "lr": 1e-3,
        "batch_size": BATCH,
        "max_epochs": 10_000,
        "train_split": None,
        "callbacks": [until],
        "verbose": 0,
    }
    kinds = {"coral": deep.DeepCoral, "dan": deep.DAN, "dann": deep.DANN, "cdan": deep.CDAN, "mcc": deep.MCC}
    if method == "source_only":
        return deep.SourceOnly(Network(), **common)
    more = {"dann": {"num_features": WIDTH}, "cdan": {"num_features": WIDTH, "n_classes": 10}}
    return kinds[method](Network(), **more.get(method, {}), **common)


def answer(question):
    torch.manual_seed(question["seed"])
    with np.load(question["digits"]) as file:
        arrays = dict(file)
    pictures = {k: (v[:, None].astype(np.float32) / 255 - 0.5) / 0.5 for k, v in arrays.items() if k[-1] == "x"}
    labels = arrays["source_y"].astype(np.int64)
    held = np.random.default_rng(question["seed"]).permutation(len(labels)) < len(labels) // 4

    def both(part):
        x = np.concatenate([pictures["source_x"][part], pictures["target_x"]])
        y = np.concatenate([labels[part], np.full(len(pictures["target_x"]), -1)])
        domain = np.concatenate([np.ones(part.sum()), np.full(len(pictures["target_x"]), -2)]).astype(np.int64)
        return x, y, domain

    start, spent = time.perf_counter(), time.process_time()
    until = Until(question["seconds"])
    net = build(question["method"], until)
    x, y, domain = both(~held)
    net.fit(x, y, sample_domain=domain)
    times = {"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - spent}
    tests = pictures["test_x"]
    predictions = net.predict(tests, sample_domain=np.full(len(tests), -2))
    x, y, domain = both(held)
    dev = DeepEmbeddedValidation(random_state=0)(net, x, y, sample_domain=domain)
    return {"predictions": np.asarray(predictions).tolist(), "dev": float(dev), "steps": until.steps, **times}


def main():
    print(json.dumps({"versions": {p: version(p) for p in ("skada", "skorch", "torch")}}), flush=True)
    for line in sys.stdin:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                found = answer(json.loads(line))
            print(json.dumps(found), flush=True)
        except Exception as reason:  # the other side says it, in one line
            print(json.dumps({"error": f"{type(reason).__name__}: {reason}"[:300]}), flush=True)


if __name__ == "__main__":
    main()
