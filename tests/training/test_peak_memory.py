import time

import numpy as np

from transferkit.training.peak_memory import peak_memory


def test_sees_what_was_held_and_given_back_meanwhile() -> None:
    with peak_memory() as quiet:
        time.sleep(0.05)
    with peak_memory() as busy:
        block = np.ones(40_000_000 // 8)
        for _ in range(100):  # on a busy machine the one who looks may be kept waiting
            time.sleep(0.05)
            if busy.bytes - quiet.bytes > 25_000_000:
                break
        del block
    assert busy.bytes - quiet.bytes > 25_000_000
