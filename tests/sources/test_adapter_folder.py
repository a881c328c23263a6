"""`hf:base?adapter=folder` gives what PEFT computes with the adapter beside the base; `?pooling=` what it says."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from transferkit.core.errors import TransferkitError, WrongUse
from transferkit.core.network import seeded
from transferkit.core.source import Source
from transferkit.sources import hub

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # PEFT's, of transformers

TEXTS = ["the film was very good!", "dull", "a book, and so poor."]
LAYERS = ["query", "value"]


def adapted(base: Path, folder: Path, auto_class: str, task: str | None, dora: bool = False, **named: Any) -> Any:
    """A PEFT model on a base with an adapter of random weights, which is saved."""
    import transformers
    from peft import LoraConfig, get_peft_model

    with seeded(1), hub.quiet():
        model = getattr(transformers, auto_class).from_pretrained(base, **named)
        peft_model = get_peft_model(model, LoraConfig(r=2, target_modules=LAYERS, task_type=task, use_dora=dora)).eval()
        for name, parameter in peft_model.named_parameters():
            if "lora_" in name and "magnitude" not in name:
                nn.init.normal_(parameter, std=0.5)
        peft_model.save_pretrained(folder)
    return peft_model


def ours(source: Source) -> Tensor:
    with torch.no_grad():
        features = source.network()(source.processor()(TEXTS))
    assert isinstance(features, Tensor)
    return features


def first_token_states(folder: Path, encoder: Any) -> Tensor:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        return torch.cat([encoder(**tokenizer(t, return_tensors="pt")).last_hidden_state[:, 0] for t in TEXTS])


@pytest.fixture
def base(text_folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(text_folder, tmp_path / "base")
    return tmp_path / "base"


@pytest.mark.parametrize("dora", [False, True])
def test_an_adapter_changes_the_features_as_peft_does(base: Path, tmp_path: Path, dora: bool) -> None:
    model = adapted(base, tmp_path / "adapter", "AutoModel", None, dora)
    source = Source(f"hf:{base}?pooling=cls&adapter={tmp_path / 'adapter'}")
    torch.testing.assert_close(ours(source), first_token_states(base, model), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(ours(source), ours(Source(f"hf:{base}?pooling=cls")), atol=1e-2)
    assert source.card().architecture == source.network().architecture


def test_an_adapter_trained_under_a_classifier_fits_the_base_alone(base: Path, tmp_path: Path) -> None:
    model = adapted(base, tmp_path / "adapter", "AutoModelForSequenceClassification", "SEQ_CLS", num_labels=5)
    source = Source(f"hf:{base}?adapter={tmp_path / 'adapter'}&pooling=cls")
    expected = first_token_states(base, model.get_base_model().bert)
    torch.testing.assert_close(ours(source), expected, atol=1e-5, rtol=1e-4)


def test_an_adapter_is_part_of_the_sources_identity(base: Path, tmp_path: Path) -> None:
    adapted(base, tmp_path / "adapter", "AutoModel", None)
    name = f"hf:{base}?adapter={tmp_path / 'adapter'}"
    plain, card = Source(f"hf:{base}").card(), Source(name).card()
    assert card.name == name
    assert card.fingerprint != plain.fingerprint
    assert card.architecture == plain.architecture
    assert (card.bytes or 0) > (plain.bytes or 0)
    Source(name).check()


def test_pooling_is_as_the_name_says(base: Path) -> None:
    from transformers import AutoModel

    encoder = AutoModel.from_pretrained(base).eval()
    torch.testing.assert_close(ours(Source(f"hf:{base}?pooling=cls")), first_token_states(base, encoder))
    assert not torch.allclose(ours(Source(f"hf:{base}")), ours(Source(f"hf:{base}?pooling=cls")), atol=1e-3)


def spoiled(folder: Path, **changed: Any) -> None:
    said = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(said | changed))


def test_an_adapter_for_another_base_is_one_line_naming_both(base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    adapted(base, folder, "AutoModel", None)
    spoiled(folder, base_model_name_or_path="someone/other-base")
    with pytest.raises(WrongUse, match=r"made for someone/other-base, not for .*base") as refused:
        Source(f"hf:{base}?adapter={folder}").network()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "to_do"),
    [
        (None, r"it does not say which base it was made for: name the one it was trained on, as in hf:BASE\?adapter="),
        ("elsewhere/base", "it was made for another base called elsewhere/base; name the folder of its base"),
    ],
)
def test_an_adapter_of_another_size_is_one_line(base: Path, tmp_path: Path, said: str | None, to_do: str) -> None:
    from transformers import BertConfig, BertModel

    larger = BertConfig(vocab_size=30, hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=24)
    with hub.quiet():
        BertModel(larger).save_pretrained(tmp_path / "larger")
    folder = tmp_path / "adapter"
    adapted(tmp_path / "larger", folder, "AutoModel", None)
    spoiled(folder, base_model_name_or_path=said)
    shapes = r"does not fit .*base: its lora_A of layer encoder\.layer\.0\.\S+ is 2 x 32, here 2 x 16; "
    with pytest.raises(WrongUse, match=shapes + to_do) as refused:
        Source(f"hf:{base}?adapter={folder}").network()
    assert "\n" not in str(refused.value)
    assert "torch.Size" not in str(refused.value)


def test_an_adapter_of_layers_that_are_not_there_is_one_line(base: Path, tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    deeper = BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=5, num_attention_heads=2, intermediate_size=24)
    with hub.quiet():
        BertModel(deeper).save_pretrained(tmp_path / "elsewhere" / "base")
    folder = tmp_path / "adapter"
    adapted(tmp_path / "elsewhere" / "base", folder, "AutoModel", None)
    with pytest.raises(
        WrongUse, match=r"encoder\.layer\.3.*which it adapts, is not in that model; it was made for another"
    ):
        Source(f"hf:{base}?adapter={folder}").network()


@pytest.mark.parametrize(
    ("wish", "line"),
    [
        ("adapter=nowhere", r"adapter=nowhere is no folder with an adapter_config\.json"),
        ("pooling=sum", "unknown way of pooling 'sum'"),
        ("size=3", "unknown wish of an hf source 'size'"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_one_line(base: Path, wish: str, line: str) -> None:
    with pytest.raises(TransferkitError, match=line) as refused:
        Source(f"hf:{base}?{wish}").network()
    assert "\n" not in str(refused.value)


def test_only_what_can_be_merged_is_taken(base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    adapted(base, folder, "AutoModel", None)
    spoiled(folder, peft_type="PROMPT_TUNING")
    with pytest.raises(WrongUse, match="is of type PROMPT_TUNING; LORA"):
        Source(f"hf:{base}?adapter={folder}").check()
    spoiled(folder, peft_type="LORA")
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(WrongUse, match=r"has no adapter_model\.safetensors"):
        Source(f"hf:{base}?adapter={folder}").check()
