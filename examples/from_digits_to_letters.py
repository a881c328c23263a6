"""Train on digits, keep the shared layers, adapt the specific ones to handwritten letters, predict.

    python examples/from_digits_to_letters.py digits/ letters/ letters/new.png

Both are folders with one folder of pictures a class. A network is trained on the digits once; `moving_stages=1` then keeps its
first layers, which both kinds of strokes share, and adapts the last ones and the output to the letters.
"""

import sys

import transferkit as tk

digits, letters, new = sys.argv[1:]
study = tk.compare(digits, letters, ["full:moving_stages=1"], seeds=3)
print(study)
print(new, "is", study.best.predict([new]).labels[0])
