import torch

from transferkit.core.architecture import Architecture
from transferkit.sources import architectures
from transferkit.sources.processors.image import ImageProcessor
from transferkit.tasks.classify import Classify
from transferkit.training.model import Model


def test_states_that_are_watched_are_those_on_the_way_to_the_features() -> None:
    task, network = Classify(("a", "b")), architectures.build(Architecture.of("small_cnn", {"width": 4}), 0)
    model = Model(task, network, task.head(network, 0), ImageProcessor(size=(16, 16)))
    pictures = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features, states = model.watched_features(pictures, 0, (0, 2, 4))
        assert torch.equal(features, network(pictures))
        assert states.keys() == {0, 2, 4}
        assert all(torch.equal(state, network.run(pictures, 0, position)) for position, state in states.items())
