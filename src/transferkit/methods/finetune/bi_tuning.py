"""BiTuning: fine-tuning that contrasts each item with others of its class and of other classes, at two places.

Zhong, Wang, Kou, Wang & Long 2020, arXiv:2011.06182, eq. 3-7: with w_y the head's weights (bias appended) for the class y of an
item, h its features (1 appended), z their projection, all of length 1, and keys from a momentum copy of the network,

    L = L_task + strength * (L_CCE + L_CCL)
    L_CCE: among the item's h and the queued keys, w_y has to find those of class y    (contrastive cross-entropy)
    L_CCL: among the item's key and the queued ones, z has to find those of class y    (categorical contrast)

each - mean over the positives of log softmax(similarity / temperature). The projector is left behind afterwards. Differs: the
queues start empty and not with noise; a key is of the batch's own picture, augmented once more; the momentum is 0.99, for a
training here is hundreds of steps and not ten thousands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from transferkit.core.errors import WrongUse
from transferkit.core.method import Needs
from transferkit.training.class_labels import n_classes
from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from torch import Tensor, nn

    from transferkit.core.network import Network
    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.losses import Step
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class BiTuning(TuningMethod):
    """Fine-tune so that items of a class also lie close together, and apart from the others.

    Where classes are many and alike (birds, cars) and labels some; above all for sources that were pretrained without labels. A
    second, frozen pass a step makes it half as dear again.

    >>> str(BiTuning(queue=20))
    'bi_tuning:queue=20'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1), features=True)
    paper: ClassVar[str] = "arXiv:2011.06182"
    positive: ClassVar[tuple[str, ...]] = (*TuningMethod.positive, "temperature", "queue", "projection")
    not_negative: ClassVar[tuple[str, ...]] = (
        *TuningMethod.not_negative,
        "strength",
    )

    strength: float = 1.0
    temperature: float = 0.07
    queue: int = 40
    """Keys kept of each class."""
    projection: int = 128
    """Length of z."""
    momentum: float = 0.99
    """Of the network that makes the keys."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.momentum <= 1:
            raise WrongUse(f"{self.name}:momentum={self.momentum} must be from 0 to 1")

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """Both contrasts, and the projector that learns along."""
        import torch
        from torch.nn.functional import normalize

        from transferkit.core.network import seeded
        from transferkit.training.augmentation import resolved
        from transferkit.training.contrast import Momentum, Queue, contrastive
        from transferkit.training.loop import Addition

        n_classes(target.task, self)
        first, head = self.first_moving(model.network), cast("nn.Linear", model.head)
        with seeded(run.derived_seed("projector")):
            projector = torch.nn.Linear(model.network.feature_dim, self.projection).to(run.device)
        behind = Momentum((model.network, projector), self.momentum)
        key_network, key_projector = cast("Network", behind.copies[0]), behind.copies[1]
        features_queue, projected_queue = Queue(self.queue), Queue(self.queue)
        noise = run.generator("keys")
        latest = -1.0
        pending: list[tuple[Queue, Tensor, Tensor]] = []

        def contrast(step: Step) -> Tensor:
            nonlocal latest
            if step.progress != latest:  # a sharpness-aware step looks twice at one batch
                latest = step.progress
                behind.follow()
                for queue, queued_keys, their_labels in pending:
                    queue.add(queued_keys, their_labels)
            labels = step.targets
            own = torch.ones(len(labels), 1, dtype=torch.bool, device=labels.device)
            with torch.no_grad():
                changes = "none" if first else resolved(self.augmentation, step.inputs, body.processor.modality)
                again, _ = target.task.augment(step.inputs, labels, changes, noise)
                key_features = cast("Tensor", key_network.run(again, first))
                keys = normalize(key_projector(key_features), dim=1)  # (n, projection)
            features = lengthened(cast("Tensor", step.features))  # (n, d + 1)
            of_classes = normalize(torch.cat([head.weight, head.bias[:, None]], dim=1), dim=1)  # (n_classes, d + 1)
            projected = normalize(projector(cast("Tensor", step.features)), dim=1)

            def against(query: Tensor, current: Tensor, queue: Queue) -> Tensor:
                """The item's own key, and all queued ones."""
                similar, positive = (query * current).sum(1, keepdim=True), own
                if (queued := queue.all()) is not None:
                    similar = torch.cat([similar, query @ queued[0].T], dim=1)
                    positive = torch.cat([positive, labels[:, None] == queued[1]], dim=1)
                return contrastive(similar, positive, self.temperature)

            loss = against(of_classes[labels], features, features_queue) + against(projected, keys, projected_queue)
            pending[:] = [(features_queue, lengthened(key_features), labels), (projected_queue, keys, labels)]
            return self.strength * loss

        return Addition(penalty=contrast, modules=(projector,))


def lengthened(features: Tensor) -> Tensor:
    """(n, d) -> (n, d + 1): a 1 appended, where the bias meets it, and then of length 1."""
    import torch
    from torch.nn.functional import normalize

    return normalize(torch.cat([features, features.new_ones(len(features), 1)], dim=1), dim=1)
