"""A frozen VGG16 under Flatten, Dense 1024 and Dense 10, and beside it: features of two networks, concatenated.

    python examples/frozen_vgg16_with_fused_features.py vgg16.keras objects/

`vgg16.keras` is `keras.applications.VGG16(include_top=False, input_shape=(32, 32, 3))`, saved. The convolutions stay as they are;
`moving_stages=1` trains the dense layer of 1024 and the new output. `fusion` trains none of either network: it reads both at once.
"""

import sys

import transferkit as tk
from transferkit.sources.architectures._keras_backend import keras_on_torch

keras = keras_on_torch()
vgg16 = keras.models.load_model(sys.argv[1])
top = [keras.layers.Flatten(), keras.layers.Dense(1024, activation="relu"), keras.layers.Dense(10)]
keras.Sequential([vgg16, *top]).save("vgg16_with_top.keras")

sources = ["keras:vgg16_with_top.keras?scale=caffe", "zoo:objects-cnn"]
print(tk.compare(sources, sys.argv[2], ["full:moving_stages=1", "fusion"], seeds=3))
