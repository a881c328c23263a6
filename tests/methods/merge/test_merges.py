"""Networks fine-tuned from one are merged; networks of other shapes are refused."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network
from transferkit.core.run import Run
from transferkit.core.source import Processor, Source
from transferkit.core.target import Target
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.methods.merge.task_arithmetic import TaskArithmetic
from transferkit.methods.merge.ties import TIES
from transferkit.ops import merging
from transferkit.sources import architectures
from transferkit.sources.architectures import tabular_mlp
from transferkit.sources.processors import columns
from transferkit.sources.processors.image import ImageProcessor
from transferkit.training.merged import merged_body

BASE = Source("zoo:digits-cnn")


@pytest.fixture(scope="module")
def relatives(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    """Two networks that lie near the base, as files."""
    folder = tmp_path_factory.mktemp("relatives")
    sources = []
    for seed in (1, 2):
        network = BASE.network()
        draw = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.02 * torch.randn(parameter.shape, generator=draw))
        path = folder / f"near-{seed}.safetensors"
        save_file({k: v.contiguous() for k, v in network.state_dict().items()}, path)
        card = BASE.card()
        described = {
            "architecture": card.architecture.kind,
            "settings": card.architecture.arguments(),
            "processor": BASE.processor().describe(),
        }
        path.with_suffix(".transferkit.json").write_text(json.dumps(described))
        sources.append(Source(f"torch:{path}"))
    return sources


def test_at_one_the_vector_of_one_network_gives_its_features(relatives: list[Source], tiny_target: Target) -> None:
    whole = TaskArithmetic(scale=1.0).fit((BASE, relatives[0]), tiny_target, Run())
    alone = LinearProbe().fit((relatives[0],), tiny_target, Run())
    torch.testing.assert_close(
        torch.tensor(whole.predict(tiny_target.train.items).scores),
        torch.tensor(alone.predict(tiny_target.train.items).scores),
        atol=1e-4,
        rtol=1e-3,
    )


def test_the_merged_weights_are_the_sum_written_out(relatives: list[Source], tiny_target: Target) -> None:
    merged = merged_body((BASE, *relatives), tiny_target, merging.summed, 0.3, "by hand").body.make()
    start, *others = (dict(source.network().named_parameters()) for source in (BASE, *relatives))
    for name, weight in merged.named_parameters():
        if not name.startswith("head."):
            expected = start[name] + 0.3 * sum(other[name] - start[name] for other in others)
            torch.testing.assert_close(weight, expected)


def test_statistics_are_averaged_so_that_no_variance_is_negative(relatives: list[Source], tiny_target: Target) -> None:
    network = merged_body((BASE, *relatives), tiny_target, merging.summed, 3.0, "far").body.make()
    variances = [buffer for name, buffer in network.named_buffers() if name.endswith("running_var")]
    assert all((variance >= 0).all() for variance in variances)


def test_networks_trained_apart_are_merged_with_a_warning(relatives: list[Source], tiny_target: Target) -> None:
    apart = TIES().fit((BASE, Source("zoo:letters-cnn")), tiny_target, Run()).record
    assert any("does not look fine-tuned from" in note for note in apart.notes)
    assert not TIES().fit((BASE, relatives[0]), tiny_target, Run()).record.notes


@pytest.mark.parametrize("method", [TaskArithmetic(), TIES()], ids=str)
def test_other_shapes_are_refused_in_one_line(method, tiny_target: Target, tmp_path: Path) -> None:
    narrow = architectures.build(Architecture.of("small_cnn", {"width": 8}))
    save_file({k: v.contiguous() for k, v in narrow.state_dict().items()}, tmp_path / "narrow.safetensors")
    (tmp_path / "narrow.transferkit.json").write_text(
        json.dumps({"architecture": "small_cnn", "settings": {"width": 8}, "processor": BASE.processor().describe()})
    )
    with pytest.raises(WrongUse, match="cannot be merged with zoo:digits-cnn"):
        method.fit((BASE, Source(f"torch:{tmp_path}/narrow.safetensors")), tiny_target, Run())


def test_density_is_a_share() -> None:
    with pytest.raises(WrongUse, match="at most 1"):
        TIES(density=2.0)


def as_file(network: Network, processor: Processor, path: Path, noise: float = 0.0) -> Source:
    """A network near this one, as a file."""
    draw = torch.Generator().manual_seed(0)
    weights = {k: v + noise * torch.randn(v.shape, generator=draw) for k, v in network.state_dict().items()}
    save_file({k: v.contiguous() for k, v in weights.items()}, path)
    architecture = network.architecture
    described = {
        "architecture": architecture.kind,
        "settings": architecture.arguments(),
        "processor": processor.describe(),
    }
    path.with_suffix(".transferkit.json").write_text(json.dumps(described))
    return Source(f"torch:{path}")


PATIENTS = [{"age": 30.0 + i, "sex": "mf"[i % 2]} for i in range(20)]


def test_networks_of_tables_are_merged_with_room_for_new_columns(tmp_path: Path) -> None:
    processor = columns.fitted(PATIENTS)
    network = architectures.build(tabular_mlp.architecture_for(processor))
    base, near = (as_file(network, processor, tmp_path / f"{n}.safetensors", n) for n in (0.0, 0.01))
    rows = [{**row, "dose": float(i % 3)} for i, row in enumerate(PATIENTS)]
    target = Target.of(rows, ["well" if i % 3 else "ill" for i in range(20)])
    merged = merged_body((base, near), target, merging.summed, 0.5, "by hand").body
    expected = {k: v + 0.5 * (near.network().state_dict()[k] - v) for k, v in base.network().state_dict().items()}
    old, new = architectures.build(base.card().architecture), merged.make()
    old.load_state_dict(expected)
    torch.testing.assert_close(new(merged.processor(PATIENTS)), old(processor(PATIENTS)))  # it says nothing of the dose
    assert len(TaskArithmetic().fit((base, near), target, Run()).predict(rows[:3])) == 3


def test_networks_that_know_other_columns_are_not_merged(tmp_path: Path) -> None:
    sources = []
    for place, rows in enumerate((PATIENTS, [{"sex": row["sex"], "weight": row["age"]} for row in PATIENTS])):
        processor = columns.fitted(rows)
        network = architectures.build(tabular_mlp.architecture_for(processor))
        sources.append(as_file(network, processor, tmp_path / f"{place}.safetensors"))
    target = Target.of(PATIENTS, ["well" if i % 3 else "ill" for i in range(20)])
    with pytest.raises(WrongUse, match="know other words or columns"):
        TaskArithmetic().fit(tuple(sources), target, Run())


def test_notes_of_what_is_not_seen_are_kept(tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageProcessor, "notes", lambda processor, items: (f"{len(items)} pictures are cut",))
    for method in (TaskArithmetic(), TIES()):
        assert method.fit((BASE, BASE), tiny_target, Run()).record.notes == (
            f"{len(tiny_target.train)} pictures are cut",
        )
