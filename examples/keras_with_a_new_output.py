"""A saved Keras model, a new output of as many classes as the folder has, trained and evaluated.

    python examples/keras_with_a_new_output.py pretrained_model.h5 digits/ digits/new.png

`pretrained_model.h5` is any whole-model file of Keras 3 or tf.keras 2. The last dense layer is replaced by one for the classes
of `digits/` (one folder of pictures a class); all layers are then fine-tuned, and compared with the same layers from scratch.
"""

import sys

import transferkit as tk

model, pictures, new = sys.argv[1:]
study = tk.compare(f"keras:{model}", pictures, ["full"], seeds=3)
print(study)
print(new, "is", study.best.predict([new]).labels[0])
