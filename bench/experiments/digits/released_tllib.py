"""TLlib (Transfer-Learning-Library, github.com/thuml) as released, one fit at a time; runs in the peers' environment.

Argument: the folder of checkouts, in it thuml-Transfer-Learning-Library. In: lines {"method", "digits", "direction", "seed",
"seconds"}. Out: a line with versions first, then a line {"predictions", "seconds", "processor_seconds", "steps"} for each.

Losses, LeNet and classifier are TLlib's, imported; the loop is that of its examples for digits: SGD with Nesterov momentum 0.9,
batches of 128 of each domain, rates and decay as its scripts have them for digits. What differs: no files are written, its warm
start of the reversed gradient ends with the training (its own is 1000 steps, more than fit in), and the end is a time.
"""

import contextlib
import importlib
import json
import sys
import time
import types
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

warnings.simplefilter("ignore")
np.float = float  # noqa: NPY001 - its code is older than the numpy that lost this name
ROOT = Path(sys.argv[1]) / "thuml-Transfer-Learning-Library" / "tllib"
BATCH = 128


def without_initialisers():
    """Its packages' __init__ files import torchvision and more, of which nothing is needed here."""
    for name in ("", ".alignment", ".modules", ".self_training", ".utils", ".vision", ".vision.models"):
        package = types.ModuleType(f"tllib{name}")
        package.__path__ = [str(ROOT.joinpath(*name.split(".")[1:]))]
        sys.modules[f"tllib{name}"] = package


without_initialisers()
with contextlib.redirect_stdout(sys.stderr):
    load = importlib.import_module
    LeNet = load("tllib.vision.models.digits").LeNet
    Discriminator = load("tllib.modules.domain_discriminator").DomainDiscriminator
    Reversal = load("tllib.modules.grl").WarmStartGradientReverseLayer
    GaussianKernel = load("tllib.modules.kernels").GaussianKernel
    dan, dann, cdan, mdd, mcc = (
        load(f"tllib.{name}")
        for name in ("alignment.dan", "alignment.dann", "alignment.cdan", "alignment.mdd", "self_training.mcc")
    )


def rate(direction, method):
    """As in its scripts."""
    return 0.1 if direction == "usps-mnist" and method != "mdd" else 0.01


def build(method, steps):
    backbone = LeNet(10)
    if method == "mdd":
        reversal = Reversal(alpha=1.0, lo=0.0, hi=0.1, max_iters=steps, auto_step=False)
        model = mdd.ImageClassifier(backbone, 10, grl=reversal, finetune=False, pool_layer=nn.Identity())
        return model, mdd.ClassificationMarginDisparityDiscrepancy(4.0), model.get_parameters()
    model = dann.ImageClassifier(backbone, 10, bottleneck_dim=256, pool_layer=nn.Identity(), finetune=False)
    parameters = model.get_parameters()
    reversal = Reversal(alpha=1.0, lo=0.0, hi=1.0, max_iters=steps, auto_step=True)
    if method == "dan":
        loss = dan.MultipleKernelMaximumMeanDiscrepancy(
            kernels=[GaussianKernel(alpha=2**k) for k in range(-3, 2)], linear=True
        )
    elif method == "dann":
        judge = Discriminator(256, hidden_size=1024)
        loss = dann.DomainAdversarialLoss(judge, grl=reversal)
        parameters = parameters + judge.get_parameters()
    elif method == "cdan":
        judge = Discriminator(2560, hidden_size=1024)
        loss = cdan.ConditionalDomainAdversarialLoss(judge, entropy_conditioning=True, num_classes=10, features_dim=256)
        loss.grl = reversal
        parameters = parameters + judge.get_parameters()
    elif method == "mcc":
        loss = mcc.MinimumClassConfusionLoss(temperature=2.5)
    else:
        loss = None
    return model, loss, parameters


def batches(n, generator):
    while True:
        order = generator.permutation(n)
        yield from (order[i : i + BATCH] for i in range(0, n - BATCH + 1, BATCH))


def loss_of(method, model, loss, x_s, y_s, x_t):
    if method == "source_only":
        return F.cross_entropy(model(x_s)[0], y_s)
    y, second = model(torch.cat([x_s, x_t]))
    (on_source, on_target), (second_source, second_target) = y.chunk(2), second.chunk(2)
    classes = F.cross_entropy(on_source, y_s)
    if method == "mdd":
        transfer = -loss(on_source, second_source, on_target, second_target)
        model.step()
    elif method == "mcc":
        transfer = loss(on_target)
    elif method == "cdan":
        transfer = loss(on_source, second_source, on_target, second_target)
    else:
        transfer = loss(second_source, second_target)
    return classes + transfer


def answer(question):
    method, generator = question["method"], np.random.default_rng(question["seed"])
    torch.manual_seed(question["seed"])
    with np.load(question["digits"]) as file:
        arrays = dict(file)
    pictures = {k: (torch.from_numpy(v).float()[:, None] / 255 - 0.5) / 0.5 for k, v in arrays.items() if k[-1] == "x"}
    labels = torch.from_numpy(arrays["source_y"].astype(np.int64))
    clock = time.process_time
    steps, start, spent = 0, time.perf_counter(), clock()
    expected = 100
    for warming in (True, False):  # a few steps tell how many fit in; then all begins anew
        torch.manual_seed(question["seed"])
        model, loss, parameters = build(method, expected)
        learning_rate = rate(question["direction"], method)
        optimizer = torch.optim.SGD(parameters, learning_rate, momentum=0.9, weight_decay=1e-3, nesterov=True)
        decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i, at=learning_rate: at * (1 + 0.001 * i) ** -0.75)
        from_source, from_target = (batches(len(pictures[k]), generator) for k in ("source_x", "target_x"))
        model.train()
        begun, steps = clock(), 0
        while steps < 5 if warming else clock() - begun < question["seconds"]:
            i, j = next(from_source), next(from_target)
            total = loss_of(method, model, loss, pictures["source_x"][i], labels[i], pictures["target_x"][j])
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            decay.step()
            steps += 1
        if warming:
            expected = max(10, int(question["seconds"] / ((clock() - begun) / steps)))
    model.eval()
    with torch.no_grad():
        found = [model(part) for part in pictures["test_x"].split(256)]
    predictions = torch.cat([one[0] if isinstance(one, tuple) else one for one in found]).argmax(dim=1).tolist()
    times = {"seconds": time.perf_counter() - start, "processor_seconds": clock() - spent}
    return {"predictions": predictions, "steps": steps, **times}


def main():
    print(json.dumps({"versions": {"tllib": "0.4", "torch": torch.__version__}}), flush=True)
    for line in sys.stdin:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                found = answer(json.loads(line))
            print(json.dumps(found), flush=True)
        except Exception as reason:  # the other side says it, in one line
            print(json.dumps({"error": f"{type(reason).__name__}: {reason}"[:300]}), flush=True)


if __name__ == "__main__":
    main()
