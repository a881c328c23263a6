"""The mapping f that minimises sum ||f(x_i) - y_i||^2 between the features of two networks for the same pictures.

    python examples/mapping_between_feature_spaces.py pictures/

Closed form; the penalty is chosen by exact leave-one-out errors. How near f comes is shown on pictures it was not fitted on,
as the share of their variance that it explains.
"""

import sys

import torch

import transferkit as tk
from transferkit.ops.mappings.least_squares import least_squares

target = tk.Target.read(sys.argv[1])
spaces = []
for source in map(tk.Source, ("zoo:objects-cnn", "zoo:digits-cnn")):
    network, processor = source.network(), source.processor()
    with torch.inference_mode():
        spaces.append([network(processor(part.items)).numpy() for part in (target.train, target.validation)])
(x, x_new), (y, y_new) = spaces
f = least_squares(x, y)
unexplained = ((f(x_new) - y_new) ** 2).sum() / ((y.mean(0) - y_new) ** 2).sum()
print(f"f explains {1 - unexplained:.0%} of what is seen of new pictures (penalty {f.chosen['penalty']:.3g})")
