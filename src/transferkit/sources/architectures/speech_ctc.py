"""Speech CTC: convolutions and a recurrent network that hear a log-mel spectrogram and say something at each moment. Ours.

After Deep Speech 2 (Amodei et al. 2015, arXiv:1512.02595), some hundred times smaller: convolutions that halve time once and
pitch thrice, then recurrent layers in both directions (GRU; Cho et al. 2014), whose states are the features of the frames. What
differs: layers are normalised frame by frame and not over a batch, so that neither padding nor the other items change anything;
time is halved once only, for one digit of speech may have six letters and last a fifth of a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State


def build(
    width: int = 12, n_mels: int = 40, hidden: int = 64, symbols: Sequence[str] = (), pooled: bool = False
) -> Network:
    """A fresh network: stem, maps, context1, context2; features of frames (n, frames, 2 * hidden), with their numbers (n,).

    `symbols`: of its own head, the blank "" first; none: no head. `pooled`: the mean over the frames (n, 2 * hidden) instead.
    """
    if width < 1 or n_mels < 8 or hidden < 1:
        raise WrongUse(
            f"speech_ctc takes a width of 1, 8 mels and 1 hidden or more, got {width}, {n_mels} and {hidden}"
        )
    return SpeechCTC(width, n_mels, hidden, tuple(symbols), pooled)


def from_scratch(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without symbols of its own."""
    return {**settings, "symbols": []}


def gives_frames(settings: Mapping[str, Any]) -> bool:
    """Unless they are pooled."""
    return not settings.get("pooled", False)


def pooled(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the same network, with the same weights, that gives one vector an item."""
    return {**settings, "pooled": True}


def processor(settings: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
    """Four seconds at 16 kHz, or as long as the target's sounds; `size` is for pictures and counts for nothing here."""
    return {"kind": "speech", "n_mels": settings.get("n_mels", 40)}


@final
class SpeechCTC(Network):
    """Spectrograms (n, n_mels, frames) with their frames (n,) -> features of every second frame, with their numbers."""

    def __init__(self, width: int, n_mels: int, hidden: int, symbols: tuple[str, ...], pooled: bool) -> None:
        super().__init__()
        settings = {"width": width, "n_mels": n_mels, "hidden": hidden, "symbols": list(symbols), "pooled": pooled}
        self.architecture = Architecture.of("speech_ctc", settings)
        pitches = [-(-n_mels // 2**i) for i in range(4)]
        self.body = nn.ModuleDict(
            {
                "stem": Convolution(1, width, pitches[1], stride=(2, 2)),
                "maps": Maps(width, pitches, 2 * hidden),
                "context1": Context(2 * hidden, hidden),
                "context2": Context(2 * hidden, hidden),
            }
        )
        self.stages = tuple(self.body)
        self.feature_dim = 2 * hidden
        self.symbols, self._pooled = symbols, pooled
        self.head = nn.Linear(self.feature_dim, len(symbols)) if symbols else None

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        if not self.stages[start:stop]:
            return state
        frames, lengths = cast("tuple[Tensor, Tensor]", state)
        if start == 0:
            frames = frames.transpose(1, 2)[:, :, None]  # (n, frames, 1, n_mels)
        frames = frames[:, : max(1, int(lengths.max()))]
        for name in self.stages[start:stop]:
            if name == "stem":
                lengths = (lengths + 1) // 2
            frames = self.body[name](frames, lengths)
        if not self._pooled or stop not in (None, len(self.stages)):
            return frames, lengths
        inside = torch.arange(frames.shape[1], device=frames.device) < lengths.to(frames.device)[:, None]
        return (frames * inside[:, :, None]).sum(1) / lengths.to(frames)[:, None]  # (n, 2 hidden)

    def stage(self, name: str) -> nn.Module:
        """The module of one stage."""
        return self.body[name]


@final
class Convolution(nn.Module):
    """One convolution, normalised frame by frame, with silence where a recording has ended."""

    def __init__(self, into: int, out: int, pitches: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(into, out, (5, 5), stride, padding=2, bias=False)
        self.norm = nn.LayerNorm([out, pitches])

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """(n, frames, into, pitches) -> (n, frames, out, pitches), each divided by its stride; `lengths` (n,) count."""
        convolved = self.convolution(frames.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        heard = functional.relu(self.norm(convolved))
        inside = torch.arange(heard.shape[1], device=heard.device) < lengths.to(heard.device)[:, None]
        return heard * inside[:, :, None, None]


@final
class Maps(nn.Module):
    """Two more convolutions, then one vector a frame."""

    def __init__(self, width: int, pitches: Sequence[int], out: int) -> None:
        super().__init__()
        self.first = Convolution(width, 2 * width, pitches[2], stride=(2, 1))
        self.second = Convolution(2 * width, 2 * width, pitches[3], stride=(2, 1))
        self.joint = nn.Linear(2 * width * pitches[3], out)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """(n, frames, width, pitches) -> (n, frames, out)."""
        heard = self.second(self.first(frames, lengths), lengths)
        vectors: Tensor = self.joint(heard.flatten(2))
        return vectors


@final
class Context(nn.Module):
    """A recurrent layer in both directions, added to what came in and normalised."""

    def __init__(self, into: int, hidden: int) -> None:
        super().__init__()
        self.recurrent = nn.GRU(into, hidden, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(2 * hidden)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """(n, frames, 2 hidden) -> the same shape; what lies beyond `lengths` (n,) is never read."""
        packed = nn.utils.rnn.pack_padded_sequence(frames, lengths.cpu(), batch_first=True, enforce_sorted=False)
        unpacked, _ = nn.utils.rnn.pad_packed_sequence(
            self.recurrent(packed)[0], batch_first=True, total_length=frames.shape[1]
        )
        normed: Tensor = self.norm(frames + unpacked)
        return normed
