import mmap
import time

from transferkit.training.peak_memory import peak_memory


def test_sees_what_was_held_and_given_back_meanwhile() -> None:
    with peak_memory() as quiet:
        time.sleep(0.05)
    with peak_memory() as busy:
        block = mmap.mmap(-1, 40_000_000)  # not from the heap, where freed memory may still be at hand
        block.write(b"1" * len(block))
        for _ in range(100):  # on a busy machine the one who looks may be kept waiting
            time.sleep(0.05)
            if busy.bytes - quiet.bytes > 25_000_000:
                break
        block.close()
    assert busy.bytes - quiet.bytes > 25_000_000
