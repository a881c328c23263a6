"""The mapping f that minimises sum ||f(x_i) - y_i||^2 between the features of two networks for the same pictures.

    python examples/mapping_between_feature_spaces.py pictures/

Closed form; the penalty is chosen by exact leave-one-out errors. How near f comes on pictures it has not seen is compared with
the best constant.
"""

import sys

import torch

import transferkit as tk
from transferkit.ops.mapping import linear_mapping


def features(name: str, pictures: list) -> "numpy.ndarray":  # noqa: F821
    source = tk.Source(name)
    with torch.inference_mode():
        return source.network()(source.processor()(pictures)).numpy()


target = tk.Target.read(sys.argv[1])
x, y = features("zoo:objects-cnn", target.train.items), features("zoo:digits-cnn", target.train.items)
f = linear_mapping(x, y)
