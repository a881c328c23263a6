"""A transformers audio model as a network with named stages, its head kept apart.

The models are the library's own (Wolf et al. 2020, arXiv:1910.03771); `_audio_layouts` says how each family is run. Stages:
`embeddings` (what turns samples or a spectrogram into frames), `block1`, `block2`, ...; pooling belongs to the last block.

What enters is (samples (n, s), lengths (n,)), a spectrogram, or (spectrograms, lengths), as the family's processor gives it;
a state is (hidden states (n, t, d), mask (n, t)); the last state is (n, feature_dim). The random masks and dropped layers of
pretraining are left out: augmentation is the loop's affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, final

from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State, parts_of
from transferkit.sources.architectures import _transformers_checkpoint
from transferkit.sources.architectures._audio_layouts import Layout, families, layout_of
from transferkit.sources.architectures._transformers_checkpoint import Unfit

__all__ = ["build", "families", "load", "outline", "settings_for"]


def build(config: Mapping[str, Any], classifier: bool) -> Network:
    """A fresh network of a transformers configuration, as `settings_for` writes it down."""
    return wrap(_transformers_checkpoint.fresh(_auto_class(classifier), config), classifier)


def settings_for(config: Any, classifier: bool) -> dict[str, Any]:
    """The settings from which `build` makes the architecture of a transformers configuration."""
    return {"config": _transformers_checkpoint.shape_of(config, classifier), "classifier": classifier}


def load(folder: str, config: Any, classifier: bool, pickled: bool = False) -> tuple[Network, Unfit]:
    """The network with a local checkpoint's weights, and what of it the checkpoint does not give."""
    return _transformers_checkpoint.load(
        _auto_class(classifier), folder, config, pickled, lambda model: wrap(model, classifier)
    )


def outline(config: Any, classifier: bool) -> tuple[int, bool]:
    """How many parameters the body has, and whether there is a head beside it; allocates none of them."""
    body, head, _ = parts(_transformers_checkpoint.on_meta(_auto_class(classifier), config), classifier)
    return sum(parameter.numel() for parameter in body.parameters()), head is not None


def wrap(model: Any, classifier: bool) -> Network:
    """A transformers model (with its head, if `classifier`) as a network; the model is taken apart."""
    settings = settings_for(model.config, classifier)
    return TransformersAudio(Architecture.of("transformers_audio", settings), *parts(model, classifier))


def _auto_class(classifier: bool) -> Any:
    from transformers import AutoModel, AutoModelForAudioClassification

    return AutoModelForAudioClassification if classifier else AutoModel


def parts(model: Any, classifier: bool) -> tuple[Any, nn.Module | None, Layout]:
    """Body, head and layout; the body has no parameter that the features do not pass through."""
    config = model.config
    layout = layout_of(config)
    if layout is None:
        what = f"{config.model_type} with an adapter" if config.model_type in families() else config.model_type
        known = ", ".join(sorted(families()))
        raise WrongUse(f"audio models of type {what} are not read; those of {known} are")
    if classifier and getattr(config, "use_weighted_layer_sum", False):
        raise WrongUse(
            f"a {config.model_type} classifier of a weighted sum of its layers is not read; name its base model"
        )
    body = layout.body(model)
    for name in layout.unused:
        if hasattr(body, name):
            setattr(body, name, None)
    return body, layout.head(model) if classifier else None, layout


@final
class TransformersAudio(Network):
    """A transformers audio model: `body` and `head` are the library's modules, cut into stages by a layout."""

    def __init__(
        self, architecture: Architecture, body: Any, head: nn.Module | None, layout: Layout, pooled: bool = True
    ) -> None:
        """`pooled` False: the last state is that of each moment, (n, t, d), with their numbers (n,)."""
        super().__init__()
        self.architecture = architecture
        self.body = body
        self.head = head
        self._layout, self._pooled = layout, pooled
        self._is_classifier = head is not None  # the head itself may be taken away
        self.stages = tuple(self._cut())
        self.feature_dim = int(body.config.hidden_size)

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        end = len(self.stages) if stop is None else stop
        if start == end:
            return state
        layout = self._layout
        hidden, mask = layout.enter(self.body, state) if start == 0 else _trimmed(state, layout.fixed)
        guide = layout.guide(self.body, hidden, mask) if end > 1 else None
        for position in range(max(start, 1), end):
            hidden = layout.step(self.body, position - 1, hidden, guide)
        if end < len(self.stages):
            return hidden, mask
        for norm in layout.after(self.body):
            hidden = norm(hidden)
        return layout.pool(hidden, mask, self._is_classifier) if self._pooled else (hidden, mask.sum(1))

    def stage(self, name: str) -> nn.Module:
        """The modules of one stage."""
        return nn.ModuleList(self._cut()[name])

    def _cut(self) -> dict[str, list[nn.Module]]:
        """Stage name -> its modules, in running order."""
        layout, after = self._layout, list(self._layout.after(self.body))
        embed = [self.body.get_submodule(path) for path in layout.embed]
        if not after and hasattr(self.body, "encoder"):
            embed.append(self.body.encoder.layer_norm)  # it comes before the blocks
        stages = {"embeddings": embed}
        for i, block in enumerate(self.body.get_submodule(layout.blocks), start=1):
            stages[f"block{i}"] = [block]
        stages[next(reversed(stages))] += after
        return stages


def _trimmed(state: State, fixed: bool) -> tuple[Tensor, Tensor]:
    """Hidden states and mask without the columns that are padding in every item; with them where they are `fixed`."""
    hidden, given = cast("tuple[Tensor, Tensor]", parts_of(state))
    mask = given != 0
    if fixed:
        return hidden, mask
    used = mask.any(0).nonzero()
    width = int(used[-1]) + 1 if len(used) else 1
    return hidden[:, :width], mask[:, :width]
