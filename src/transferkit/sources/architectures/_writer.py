"""Writer: the head of a network that writes a text token by token, from states of what it heard.

It is taught by teacher forcing: beside each token of the true text it says what comes next. Left alone it writes greedily,
the likeliest token each time, until it writes the end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.network import State

_IGNORED = -100
"""In place of a token that is no target."""


class Writer(nn.Module, ABC):
    """A decoder. Texts begin with `start` tokens, which are given and not learned, and end with `end`."""

    start: tuple[int, ...]
    end: int
    never: tuple[int, ...] = ()
    """Tokens that are not written."""
    never_first: tuple[int, ...] = ()
    """Tokens that are not written at the very beginning."""
    most: int
    """Tokens that it has room for, those of the start among them."""

    @abstractmethod
    def step(
        self, state: State, tokens: Tensor, memory: Any | None = None, remember: bool = False
    ) -> tuple[Tensor, Any]:
        """Tokens (n, t), and what is remembered of those before -> scores of what follows each (n, t, n_tokens), and, where
        that is wanted, what to remember."""

    def taught(self, state: State, targets: Sequence[Tensor]) -> Tensor:
        """Scores (n, longest target, n_tokens) of each token of the targets, which hold the end, given all before it."""
        longest = max(len(target) for target in targets)
        device = next(self.parameters()).device
        given = torch.full((len(targets), len(self.start) + longest - 1), self.end, device=device)
        given[:, : len(self.start)] = torch.tensor(self.start, device=device)
        for i, target in enumerate(targets):
            given[i, len(self.start) : len(self.start) + len(target) - 1] = target[:-1].to(device)
        scores, _ = self.step(state, given)
        return scores[:, len(self.start) - 1 :]

    @torch.no_grad()
    def written(self, state: State, most: int) -> Tensor:
        """(n, at most `most`) the tokens written, `end` where a text has ended."""
        parts = (state,) if isinstance(state, Tensor) else state
        n, device = len(parts[0]), parts[0].device
        now = torch.tensor(self.start, device=device).expand(n, -1)
        over = torch.zeros(n, dtype=torch.bool, device=device)
        found: list[Tensor] = []
        memory: Any = None
        most = min(most, self.most - len(self.start))
        while len(found) < most and not bool(over.all()):
            scores, memory = self.step(state, now, memory, remember=True)
            last = scores[:, -1].clone()  # (n, n_tokens)
            last[:, list(self.never if found else (*self.never, *self.never_first))] = -torch.inf
            chosen = last.argmax(1).masked_fill(over, self.end)
            found.append(chosen)
            over = over | (chosen == self.end)
            now = chosen[:, None]
        return torch.stack(found, 1) if found else torch.zeros(n, 0, dtype=torch.int64, device=device)


def loss(scores: Tensor, targets: Sequence[Tensor], item_weights: Tensor | None = None) -> Tensor:
    """Mean -log p of all tokens of all targets, a scalar; scores (n, longest target, n_tokens)."""
    padded = nn.utils.rnn.pad_sequence(list(targets), batch_first=True, padding_value=_IGNORED).to(scores.device)
    losses = functional.cross_entropy(scores.transpose(1, 2), padded, ignore_index=_IGNORED, reduction="none")
    if item_weights is not None:
        losses = losses * item_weights[:, None]
    return losses.sum() / (padded != _IGNORED).sum()
