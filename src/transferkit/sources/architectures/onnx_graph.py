"""An ONNX graph as a network: one stage, which runs in onnxruntime and takes no gradient.

The graph itself is the network's only weight, a buffer of bytes, so that a saved predictor holds it like any other tensor
and needs neither the file it came from nor a pickle. Format: onnx.ai/onnx/repo-docs/IR.html.
"""

from __future__ import annotations

from typing import Any, Literal, cast, final

import numpy as np
import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.network import Network, State

FROZEN = True
Layout = Literal["nchw", "nhwc"]
_INPUTS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


def build(
    n_bytes: int,
    feature_dim: int,
    layout: Layout = "nchw",
    channels: int = 3,
    batch: int | None = None,
    blue_first: bool = False,
    n_classes: int | None = None,
) -> Network:
    """A graph of `n_bytes` bytes that are still to be laid in; `batch`: how many items it takes at once, None: any."""
    settings = {
        "n_bytes": n_bytes,
        "feature_dim": feature_dim,
        "layout": layout,
        "channels": channels,
        "batch": batch,
        "blue_first": blue_first,
        "n_classes": n_classes,
    }
    return OnnxGraph(**settings)


@final
class OnnxGraph(Network):
    """A graph from pictures (n, 3, height, width) to one tensor, of which each item's mean over space is its features."""

    program: Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.architecture = Architecture.of("onnx_graph", settings)
        self.stages = ("graph",)
        self.feature_dim = settings["feature_dim"]
        self.register_buffer("program", torch.zeros(settings["n_bytes"], dtype=torch.uint8))
        self.head = nn.Linear(self.feature_dim, settings["n_classes"]) if settings["n_classes"] else None
        self._settings = settings
        self._body = nn.Module()
        self._session: Any = None

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the pictures at position 0 to the features at position 1."""
        if start >= 1 or stop == 0:
            return state
        pictures = cast(Tensor, state)
        return self._pooled(self.output(pictures)).to(pictures.device)

    def output(self, pictures: Tensor) -> Tensor:
        """What the graph itself gives, float32 of any shape: (n, d), (n, tokens, d), (n, d, h, w)."""
        given = self._laid_out(pictures.detach().float().cpu()).numpy()
        return torch.from_numpy(self._in_batches(given)).float()

    def stage(self, name: str) -> nn.Module:
        """A module without parameters: there is nothing in a graph that could be trained."""
        return self._body

    def lay_in(self, program: bytes) -> None:
        """Put the graph itself in."""
        self.program.copy_(torch.frombuffer(bytearray(program), dtype=torch.uint8))
        self._session = None

    def _load_from_state_dict(self, *arguments: Any, **named: Any) -> None:
        self._session = None  # what runs is the graph that is laid in now
        super()._load_from_state_dict(*arguments, **named)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}  # a session cannot be copied; a copy makes its own

    def _laid_out(self, pictures: Tensor) -> Tensor:
        """(n, 3, h, w) -> as the graph takes them."""
        if self._settings["blue_first"]:
            pictures = pictures.flip(1)
        if self._settings["channels"] == 1:
            pictures = pictures.mean(1, keepdim=True)
        return pictures.permute(0, 2, 3, 1).contiguous() if self._settings["layout"] == "nhwc" else pictures

    def _in_batches(self, given: np.ndarray) -> np.ndarray:
        """Through the graph, as many at a time as it takes; the last batch is filled up with items that are then left."""
        session, size = self._made_session(), self._settings["batch"]
        described = session.get_inputs()[0]
        if described.type not in _INPUTS:
            raise WrongUse(
                f"an ONNX graph that takes {described.type} cannot be fed with pictures; export one of floats"
            )
        given = given.astype(_INPUTS[described.type], copy=False)
        parts = []
        for i in range(0, len(given), size or max(1, len(given))):
            part = given[i : i + size] if size else given
            missing = (size or len(part)) - len(part)
            filled = np.concatenate([part, np.repeat(part[-1:], missing, 0)]) if missing else part
            parts.append(session.run(None, {described.name: filled})[0][: len(part)])
        return np.concatenate(parts)

    def _pooled(self, made: Tensor) -> Tensor:
        """The graph's output -> (n, d)."""
        if made.ndim == 4 and self._settings["layout"] == "nchw":
            return made.mean((2, 3))
        return made.flatten(1, -2).mean(1) if made.ndim > 2 else made

    def _made_session(self) -> Any:
        if self._session is None:
            self._session = session_of(self.program.cpu().numpy().tobytes())
        return self._session


def session_of(program: bytes) -> Any:
    """What runs a graph, on one core: the passes that need more run several batches at once."""
    try:
        import onnxruntime
    except ImportError:
        raise WrongUse("onnx sources need onnxruntime; install it with: pip install transferkit[onnx]") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # warnings about a graph's dead ends say nothing to its user
    try:
        return onnxruntime.InferenceSession(program, options, providers=["CPUExecutionProvider"])
    except Exception as reason:  # its errors share no base class of their own
        raise Failed(f"onnxruntime cannot run this graph: {_first_line(reason)}") from reason


def _first_line(reason: BaseException) -> str:
    return (str(reason).strip() or type(reason).__name__).splitlines()[0]
