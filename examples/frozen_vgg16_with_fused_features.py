"""A frozen VGG16 under Flatten, Dense 1024 and Dense 10; and the features of two networks, concatenated.

    python examples/frozen_vgg16_with_fused_features.py vgg16.keras objects/

`vgg16.keras` is `keras.applications.VGG16(include_top=False, input_shape=(32, 32, 3))`, saved. The convolutions stay as they
are: `moving_stages=1` trains the dense layer of 1024 and the new output. `fusion` reads VGG16's features and those of a second
network side by side, and trains neither.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
from keras.layers import Dense, Flatten

import transferkit as tk

vgg16 = keras.saving.load_model(sys.argv[1])
keras.Sequential([vgg16, Flatten()]).save("features.keras")
keras.Sequential([vgg16, Flatten(), Dense(1024, activation="relu"), Dense(10)]).save("with_top.keras")

top, two = "keras:with_top.keras?scale=caffe", ["keras:features.keras?scale=caffe", "zoo:objects-cnn"]
print(tk.compare(top, sys.argv[2], ["full:moving_stages=1"], seeds=3))
print(tk.compare(two, sys.argv[2], ["fusion"], seeds=3))
