"""What every kind of source promises."""

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.core import registry
from transferkit.core.errors import TransferkitError, WrongUse
from transferkit.core.network import Network, parts_of
from transferkit.core.sound import Sound
from transferkit.core.source import Source

KINDS = sorted(registry.find("sources"))
NOISE = np.random.default_rng(0)
ITEMS = {
    "image": Image.fromarray(NOISE.integers(0, 256, (40, 40, 3), dtype=np.uint8)),
    "audio": Sound(NOISE.normal(0, 0.1, (9000, 1)).astype(np.float32), 8000),
}
"""One item of each modality that a bundled network takes."""
BUNDLED = [Source(f"zoo:{name}") for name in registry.get("sources", "zoo")().names()]


@pytest.mark.parametrize("scheme", KINDS)
def test_has_an_example_of_its_spelling(scheme: str) -> None:
    assert registry.get("sources", scheme).example.startswith(f"{scheme}:")


@pytest.mark.parametrize("scheme", KINDS)
def test_a_place_where_nothing_is_gives_one_line(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(TransferkitError) as error:
        Source(f"{scheme}:no/such-thing").card()
    assert "\n" not in str(error.value)


def test_an_unknown_scheme_lists_the_known_ones() -> None:
    with pytest.raises(WrongUse, match="hf"):
        Source("hff:microsoft/resnet-18").card()


@pytest.mark.parametrize("source", BUNDLED, ids=str)
def test_its_network_runs_in_parts_as_it_runs_whole(source: Source) -> None:
    network = source.network()
    assert isinstance(network, Network)
    assert not network.training
    inputs = source.processor()([ITEMS[source.card().modality]] * 2)
    with torch.inference_mode():
        whole = parts_of(network(inputs))
        assert (len(whole[0]), whole[0].shape[-1]) == (2, network.feature_dim)
        for cut in range(len(network.stages) + 1):
            torch.testing.assert_close(parts_of(network.run(network.run(inputs, 0, cut), cut)), whole)


@pytest.mark.parametrize("source", BUNDLED, ids=str)
def test_its_stages_hold_every_parameter_once(source: Source) -> None:
    network = source.network()
    held = [p for name in network.stages for p in network.stage(name).parameters()]
    head = list(network.head.parameters()) if network.head is not None else []
    assert len(held) == len(set(held))
    assert set(held) | set(head) == set(network.parameters())


@pytest.mark.parametrize("source", BUNDLED, ids=str)
def test_its_card_tells_what_a_person_must_know(source: Source) -> None:
    card = source.card()
    assert card.fingerprint
    assert card.licence != "unknown"
    assert card.trained_on != "unknown"
    assert card.parameters == sum(p.numel() for p in source.network().parameters()) - sum(
        p.numel() for p in source.network().head.parameters()
    )
