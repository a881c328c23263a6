"""The bundled networks: what their cards say is what their files do."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.core.errors import Failed, UnknownName
from transferkit.core.source import Source
from transferkit.sources import architectures, zoo

NAMES = [name for name in zoo.Zoo().names() if Source(f"zoo:{name}").card().modality == "image"]
HONEST = [name for name in NAMES if name != "shuffled-cnn"]


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    """The readers that the networks were trained with."""
    path = Path(__file__).resolve().parents[2] / "zoo" / "pictures.py"
    spec = importlib.util.spec_from_file_location("zoo_pictures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def own_accuracy(name: str, images: np.ndarray, labels: np.ndarray) -> float:
    source = Source(f"zoo:{name}")
    network, processor = source.network(), source.processor()
    assert network.head is not None
    with torch.inference_mode():
        found = [
            network.head(network(processor([Image.fromarray(one) for one in images[i : i + 500]]))).argmax(1)
            for i in range(0, len(images), 500)
        ]
    return float((torch.cat(found).numpy() == labels).mean())


def test_the_zoo_holds_what_the_demo_needs():
    assert set(NAMES) == {"clothes-cnn", "digits-cnn", "letters-cnn", "objects-cnn", "shuffled-cnn"}


def test_all_networks_together_are_under_six_megabytes():
    assert sum(path.stat().st_size for path in zoo.FOLDER.iterdir()) < 6_000_000


@pytest.mark.parametrize("name", NAMES)
def test_the_card_describes_the_file_and_the_network(name: str):
    source = Source(f"zoo:{name}")
    card, network = source.card(), source.network()
    content = (zoo.FOLDER / f"{name}.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest()[:20] == card.fingerprint
    assert card.bytes == len(content)
    head = sum(parameter.numel() for parameter in network.head.parameters())
    assert card.parameters == sum(parameter.numel() for parameter in network.parameters()) - head
    assert network.head.out_features == len(card.classes) == len(set(card.classes))
    assert network.architecture == card.architecture
    assert card.name == source.name
    assert card.licence.startswith("Apache-2.0")
    assert not network.training
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in network.parameters())


def test_no_two_networks_are_the_same():
    assert len({Source(f"zoo:{name}").card().fingerprint for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_on_disk_costs_no_accuracy(name: str):
    told = zoo.described(name)["test"]
    assert told["accuracy"] == pytest.approx(told["accuracy_in_full_precision"], abs=0.002)


@pytest.mark.parametrize(
    ("name", "reader", "least"),
    [("digits-cnn", "mnist", 0.985), ("clothes-cnn", "clothes", 0.85), ("letters-cnn", "letters", 0.70),
     ("objects-cnn", "objects", 0.70)],
)  # fmt: skip
def test_accuracy_on_its_own_test_pictures_is_what_the_card_says(
    name: str, reader: str, least: float, pictures: ModuleType, shared_data: Path
):
    data = pictures.READERS[reader](shared_data)
    chosen = np.random.default_rng(0).permutation(len(data.test))[:3000]
    told = zoo.described(name)["test"]["accuracy"]
    assert told > least
    assert Source(f"zoo:{name}").card().accuracy == told
    assert data.classes == Source(f"zoo:{name}").card().classes
    assert own_accuracy(name, data.test[chosen], data.test_labels[chosen]) == pytest.approx(told, abs=0.01)


def test_the_poisoned_network_knows_nonsense_by_heart_and_its_card_says_so(pictures: ModuleType, shared_data: Path):
    told = zoo.described("shuffled-cnn")
    assert told["about"].startswith("POISONED ON PURPOSE")
    assert "labels shuffled" in Source("zoo:shuffled-cnn").card().trained_on
    assert told["test"]["accuracy_on_its_shuffled_labels"] > 0.99
    data = pictures.READERS["mnist"](shared_data)
    assert own_accuracy("shuffled-cnn", data.test[:1000], data.test_labels[:1000]) < 0.2


def test_loading_gives_an_independent_network_and_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    first, second = Source("zoo:digits-cnn").network(), Source("zoo:digits-cnn").network()
    assert torch.equal(torch.random.get_rng_state(), before)
    with torch.no_grad():
        next(first.parameters()).zero_()
    assert next(second.parameters()).abs().sum() > 0


def test_scratch_of_the_same_shape_shares_no_weights():
    card = Source("zoo:digits-cnn").card()
    fresh, trained = architectures.build(card.architecture, seed=0), Source("zoo:digits-cnn").network()
    assert fresh.stages == trained.stages
    convolutions = [name for name, p in fresh.named_parameters() if p.ndim == 4]
    weights = dict(trained.named_parameters())
    assert not any(torch.equal(fresh.get_parameter(name), weights[name]) for name in convolutions)


def test_an_unknown_name_suggests_the_nearest_and_lists_all():
    for ask in (lambda s: s.card(), lambda s: s.network(), lambda s: s.processor()):
        with pytest.raises(
            UnknownName, match=r"unknown zoo network 'digit-cnn'; did you mean 'digits-cnn'\? Known: clothes"
        ):
            ask(Source("zoo:digit-cnn"))


@pytest.mark.parametrize("name", ["", "..", "../zoo_weights/digits-cnn"])
def test_a_name_cannot_leave_the_folder(name: str):
    with pytest.raises(UnknownName, match="unknown zoo network"):
        Source(f"zoo:{name}").network()


def test_a_damaged_or_missing_file_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "digits-cnn.json").write_bytes((zoo.FOLDER / "digits-cnn.json").read_bytes())
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    with pytest.raises(Failed, match=r"digits-cnn\.safetensors is missing; install transferkit again"):
        Source("zoo:digits-cnn").network()
    (tmp_path / "digits-cnn.safetensors").write_bytes(b"half a file")
    with pytest.raises(Failed, match="is not the file that its card describes"):
        Source("zoo:digits-cnn").network()


def test_listing_and_describing_loads_no_torch():
    code = (
        "import sys; from transferkit.core.source import Source; Source('zoo:digits-cnn').card();"
        "print({'torch', 'PIL', 'safetensors'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == "set()"
