from dataclasses import replace

import numpy as np
import torch

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.training.body import Body
from transferkit.training.frozen import frozen_states
from transferkit.training.head_outputs import head_outputs


def test_the_head_says_what_it_says_in_the_whole_network(tiny_target: Target) -> None:
    source, run = Source("zoo:digits-cnn"), Run()
    body = Body.pretrained(source, tiny_target)
    found = head_outputs(body, frozen_states(body, tiny_target.train, run), tiny_target.train, run)
    network = source.network()
    with torch.inference_mode():
        expected = network.head(network(source.processor()(list(tiny_target.train.items))))  # type: ignore[misc]
    assert found is not None
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


def test_a_source_without_a_head_says_nothing(tiny_target: Target) -> None:
    body, run = Body.pretrained(Source("zoo:digits-cnn"), tiny_target), Run()

    def beheaded():
        network = Source("zoo:digits-cnn").network()
        network.head = None
        return network

    features = frozen_states(body, tiny_target.train, run)
    assert head_outputs(replace(body, make=beheaded), features, tiny_target.train, run) is None


def test_a_second_look_makes_no_network(tiny_target: Target, tmp_path) -> None:
    body, run = Body.pretrained(Source("zoo:digits-cnn"), tiny_target), Run(cache=FeatureCache(tmp_path))
    features = frozen_states(body, tiny_target.train, run)
    first = head_outputs(body, features, tiny_target.train, run)
    refusing = replace(body, make=lambda: (_ for _ in ()).throw(AssertionError("the network was made again")))
    np.testing.assert_array_equal(head_outputs(refusing, features, tiny_target.train, run), first)
