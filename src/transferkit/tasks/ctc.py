"""CTC: from one row of scores a moment to a text, without knowing which sound lies where.

Graves, Fernandez, Gomez & Schmidhuber 2006 (connectionist temporal classification). At each frame a network says a character
or nothing (the blank, number 0); repeated characters are one, blanks vanish: `oo-nn--e` is `one`. The loss sums over all ways
to spell the transcript so. Decoding is greedy: the best of each frame, collapsed; no beam, no language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

    from transferkit.core.network import Network


def encoded(texts: Sequence[str], characters: str) -> list[Tensor]:
    """(length,) int64 a text: 1 for the first of `characters`, and so on. Raises KeyError with one that is not there."""
    import torch

    number = {character: i for i, character in enumerate(characters, start=1)}
    return [torch.tensor([number[character] for character in text], dtype=torch.int64) for text in texts]


def spelled(rows: Sequence[Sequence[int]], characters: str) -> list[str]:
    """The inverse of `encoded`; 0 is nothing.

    >>> spelled([[2, 1, 0, 2]], "ab")
    ['bab']
    """
    return ["".join(characters[i - 1] for i in row if i) for row in rows]


def best_path(scores: Tensor, lengths: Tensor) -> list[list[int]]:
    """Scores (n, frames, 1 + n_characters), of which item i has `lengths[i]` frames -> the numbers of its characters."""
    best = scores.argmax(2).cpu().tolist()
    rows = [row[:length] for row, length in zip(best, lengths.tolist(), strict=True)]
    return [[now for before, now in zip([0, *row], row, strict=False) if now not in (0, before)] for row in rows]


def loss(scores: Tensor, lengths: Tensor, targets: Sequence[Tensor]) -> Tensor:
    """(n,) -log p(transcript) a character, from scores (n, frames, 1 + n_characters); 0 where it cannot be aligned at all."""
    import torch
    from torch.nn import functional

    log_chances = scores.float().log_softmax(2).transpose(0, 1)  # (frames, n, 1 + n_characters)
    said = torch.tensor([len(target) for target in targets])
    everything = torch.cat(list(targets)).to(scores.device)
    losses = functional.ctc_loss(
        log_chances, everything, lengths.cpu(), said, blank=0, reduction="none", zero_infinity=True
    )
    return losses / said.clamp_min(1).to(losses)


def frames_needed(target: Tensor) -> int:
    """The fewest frames that can spell a transcript: one a character, and a blank between two equal ones."""
    return len(target) + int((target[1:] == target[:-1]).sum())


def head(network: Network, characters: str, seed: int) -> nn.Linear:
    """Features of a frame -> scores of the blank and of each character.

    Freshly initialised from `seed`; what the network's own head says of the blank and of characters that are also here, in
    either case, is taken over.
    """
    import torch
    from torch import nn

    from transferkit.core.network import seeded

    with seeded(seed):
        fresh = nn.Linear(network.feature_dim, 1 + len(characters))
    own = network.head
    if not network.symbols or not isinstance(own, nn.Linear):
        return fresh
    place = {symbol: i for i, symbol in reversed(list(enumerate(network.symbols)))}
    with torch.no_grad():
        for i, symbol in enumerate(["", *characters]):
            found = next((place[form] for form in (symbol, symbol.upper(), symbol.lower()) if form in place), None)
            if found is not None:
                fresh.weight[i] = own.weight[found]
                fresh.bias[i] = 0.0 if own.bias is None else own.bias[found]
    return fresh
