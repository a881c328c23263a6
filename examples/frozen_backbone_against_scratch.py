"""A frozen ImageNet backbone under a new output of as many classes as the folder has, compared with training from scratch.

    python examples/frozen_backbone_against_scratch.py mobilenet_v1_0.25_128.safetensors cats_dogs/

Any source does: `hf:microsoft/resnet-18`, `timm:resnet18.a1_in1k`, or, as here, a file of weights whose architecture is known.
"""

import sys

import transferkit as tk

weights, pictures = sys.argv[1:]
backbone = f"torch:{weights}?architecture=mobilenet_v1&size=128"
study = tk.compare(backbone, pictures, ["linear_probe"], seeds=3)
print(study)
study.save("runs/cats_dogs")
