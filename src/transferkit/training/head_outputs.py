"""What a source's own head says of each item: kept by the cache beside the features, so that a head costs no second pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.training.body import Body


def head_outputs(body: Body, features: np.ndarray, examples: Examples, run: Run) -> np.ndarray | None:
    """(n, n_source_classes) logits from the features (n, d) of these examples; None where the source has no head.

    The network is made only where a row is missing.
    """
    made: list[torch.nn.Module | None] = []

    def head() -> torch.nn.Module | None:
        if not made:
            made.append(body.make().head)
        return made[0]

    def compute(indices: Sequence[int]) -> np.ndarray:
        own = head()
        if own is None:
            return np.zeros((len(indices), 0), dtype=np.float32)
        with torch.inference_mode():
            outputs: np.ndarray = own(torch.from_numpy(np.array(features[list(indices)]))).numpy()
        return outputs

    outputs = run.cache.rows(f"head|{body.fingerprint}", examples.ids, compute)
    return outputs if outputs.shape[1] else None
