"""The MMD of DeepDA and of TLlib as released, one call at a time; runs in the peers' environment.

Argument: the folder of checkouts. In: lines {"peer", "x", "y", "repeats", "gradient"} with paths of .npy files in float32. Out:
a line of versions first, then a line {"value", "milliseconds"} for each: the loss forwards and backwards, milliseconds of the
processor by one call (median); where the gradient is asked for also "slope", the gradient to x as the path of a .npy file, and
"peak_megabytes", the most that tensors took beyond x and y.

The environment holds torch; the checkouts are jindongwang/transferlearning (code/DeepDA) and thuml/Transfer-Learning-Library.
"""

import hashlib
import importlib.util
import json
import statistics
import sys
import time
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

CHECKOUTS = Path(sys.argv[1])
FINGERPRINTS = {}


def load(checkout, file):
    """A module of a checkout by its file."""
    path = CHECKOUTS / checkout / file
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    FINGERPRINTS[f"{checkout}/{file}"] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return module


for name in ("tllib", "tllib.modules", "tllib.modules.classifier"):  # what its file imports for its network alone
    sys.modules[name] = types.ModuleType(name)
sys.modules["tllib.modules.classifier"].Classifier = object
DEEPDA = load("jindongwang-transferlearning", "code/DeepDA/loss_funcs/mmd.py")
DAN = load("thuml-Transfer-Learning-Library", "tllib/alignment/dan.py")
KERNELS = load("thuml-Transfer-Learning-Library", "tllib/modules/kernels.py")

# as they come, and as their example of DAN takes them
PEERS = {
    "deepda": DEEPDA.MMDLoss(),
    "tllib": DAN.MultipleKernelMaximumMeanDiscrepancy([KERNELS.GaussianKernel(alpha=2.0**k) for k in range(-3, 2)]),
}


def peak_megabytes(function):
    """The most that tensors made by the function took at a time, as torch's allocator tells."""
    cpu = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=cpu, profile_memory=True) as profile:
        function()
    changes = [(e.start_ns(), e.nbytes()) for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    return max(np.cumsum([size for _, size in sorted(changes)])) / 1e6


def answer(question):
    x, y = (torch.from_numpy(np.load(question[name])).requires_grad_() for name in ("x", "y"))
    peer, milliseconds, values = PEERS[question["peer"]], [], []

    def call():
        x.grad = y.grad = None
        value = peer(x, y)
        value.backward()
        values.append(float(value.detach()))

    for _ in range(question["repeats"]):
        spent = time.process_time()
        call()
        milliseconds.append(1e3 * (time.process_time() - spent))
    found = {"value": values[-1], "milliseconds": statistics.median(milliseconds)}
    if question["gradient"]:
        file = f"{question['x']}.{question['peer']}.npy"
        np.save(file, x.grad.numpy())
        x.grad = y.grad = None
        found |= {"slope": file, "peak_megabytes": peak_megabytes(call)}
    return found


def main():
    versions = {package: version(package) for package in ("torch", "numpy")}
    print(json.dumps({"versions": versions, "files": FINGERPRINTS}), flush=True)
    for line in sys.stdin:
        try:
            print(json.dumps(answer(json.loads(line))), flush=True)
        except Exception as reason:  # the other side says it, in one line
            print(json.dumps({"error": f"{type(reason).__name__}: {reason}"[:300]}), flush=True)


if __name__ == "__main__":
    main()
