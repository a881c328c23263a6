"""`hf:` sources: local folders, a hub on loopback, its cache without it, and all that cannot be used."""

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.network import seeded
from transferkit.core.source import Source, SourceOptions
from transferkit.sources import architectures, hub

OFFLINE = SourceOptions(offline=True)


@pytest.fixture
def folder(original, tmp_path):
    """A copy that a test may spoil."""
    (tmp_path / "tiny").mkdir()
    for file in original[0].iterdir():
        (tmp_path / "tiny" / file.name).write_bytes(file.read_bytes())
    return tmp_path / "tiny"


def test_a_folder_gives_the_librarys_own_logits(original):
    folder, model = original
    network = Source(f"hf:{folder}").network()
    pictures = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(network.head(network(pictures)), model(pictures).logits)
    assert not network.training
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())


def test_a_card_tells_all_and_reads_no_weights(original, monkeypatch):
    folder, model = original
    monkeypatch.setattr("safetensors.safe_open", None)
    card = Source(f"hf:{folder}").card()
    assert card.classes == ("ant", "bee", "cow")
    assert (card.licence, card.trained_on, card.local) == ("apache-2.0", "imagenet-1k, leaves", True)
    assert card.parameters == sum(p.numel() for p in model.resnet.parameters())
    assert card.bytes == (folder / "model.safetensors").stat().st_size


def test_card_and_network_have_one_architecture_and_scratch_is_built_from_it(original):
    source = Source(f"hf:{original[0]}")
    network = source.network()
    assert source.card().architecture == network.architecture
    fresh = architectures.build(network.architecture, seed=0)
    assert fresh.stages == network.stages == ("embeddings", "block1", "block2")
    assert not torch.equal(fresh.state_dict()["head.1.weight"], network.state_dict()["head.1.weight"])


def test_changing_a_network_leaves_its_source(original):
    source = Source(f"hf:{original[0]}")
    first = source.network()
    for parameter in first.parameters():
        parameter.data.zero_()
    assert any(parameter.abs().sum() > 0 for parameter in source.network().parameters())


def test_the_processor_is_the_checkpoints(original):
    batch = Source(f"hf:{original[0]}").processor()([Image.new("L", (50, 40)), Image.new("RGB", (20, 90))])
    assert batch.shape == (2, 3, 32, 32)


def test_the_fingerprint_of_a_folder_changes_with_its_weights_only(folder):
    before = Source(f"hf:{folder}").card().fingerprint
    (folder / "README.md").write_text("other words")
    assert Source(f"hf:{folder}").card().fingerprint == before
    weights = load_file(folder / "model.safetensors")
    weights["classifier.1.bias"] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert Source(f"hf:{folder}").card().fingerprint != before


def test_loading_leaves_the_global_generator_and_the_logging_alone(original):
    from huggingface_hub import utils
    from transformers.utils import logging

    before = torch.random.get_rng_state(), logging.get_verbosity(), utils.are_progress_bars_disabled()
    Source(f"hf:{original[0]}").network()
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert (logging.get_verbosity(), utils.are_progress_bars_disabled()) == before[1:]


def test_nothing_is_printed(original, capfd):
    source = Source(f"hf:{original[0]}")
    source.card(), source.network(), source.processor()
    assert capfd.readouterr() == ("", "")


def test_a_hub_model_is_described_without_its_weights_then_fetched_then_served_offline(loopback, original):
    source = Source("hf:someone/tiny")
    card = source.card()
    assert not any("model.safetensors" in path for path in loopback.asked)
    assert (card.local, card.fingerprint, card.licence) == (False, loopback.commit, "apache-2.0")
    assert card.bytes == (original[0] / "model.safetensors").stat().st_size

    with torch.no_grad():
        pictures = torch.randn(2, 3, 32, 32)
        network = source.network()
        assert torch.equal(network.head(network(pictures)), original[1](pictures).logits)
    assert source.processor()([Image.new("L", (9, 9))]).shape == (1, 3, 32, 32)
    assert source.card().local
    assert source.kind.names() == ("someone/tiny",)

    processor = source.processor()
    loopback.asked.clear()
    offline = Source("hf:someone/tiny", OFFLINE)
    assert offline.card().fingerprint == loopback.commit
    assert offline.processor() == processor
    assert torch.equal(offline.network().head[1].bias, network.head[1].bias)
    assert loopback.asked == []


def test_a_revision_is_pinned(loopback):
    assert Source(f"hf:someone/tiny@{loopback.commit}").card().fingerprint == loopback.commit
    assert any(loopback.commit in path for path in loopback.asked)
    with pytest.raises(WrongUse, match="'someone/tiny' has no revision 'v9'"):
        Source("hf:someone/tiny@v9").card()


def test_the_environments_offline_is_honoured(loopback, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(Failed, match=r"hf:someone/tiny is not in the local cache and offline mode"):
        Source("hf:someone/tiny").card()
    assert loopback.asked == []


def test_what_is_not_there_gives_one_line(loopback):
    with pytest.raises(WrongUse, match="the hub has no model 'no/body'"):
        Source("hf:no/body").card()
    with pytest.raises(
        Failed, match=r"not in the local cache and offline mode.*run it once without --offline"
    ) as caught:
        Source("hf:someone/tiny", OFFLINE).card()
    assert "\n" not in str(caught.value)


def test_offline_with_a_card_but_no_weights_gives_one_line(loopback):
    Source("hf:someone/tiny").card()
    with pytest.raises(Failed, match="the weights of hf:someone/tiny are not in the local cache"):
        Source("hf:someone/tiny", OFFLINE).network()


def test_an_unreachable_hub_is_one_line_or_the_cache(loopback, original, monkeypatch):
    Source("hf:someone/tiny").network()
    loopback.stop()
    hub.resolve.cache_clear()
    assert Source("hf:someone/tiny").card().local
    with pytest.raises(Failed, match="hf:some/other is not in the local cache and the hub cannot be reached") as caught:
        Source("hf:some/other").card()
    assert "\n" not in str(caught.value)


def test_a_pickle_is_refused_and_read_only_with_trust(folder):
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(Failed, match=r"only as a pickle \(pytorch_model.bin\).*--trust"):
        Source(f"hf:{folder}").network()
    trusted = Source(f"hf:{folder}", SourceOptions(trust=True)).network()
    assert torch.equal(trusted.head[1].bias, weights["classifier.1.bias"])


def test_shards_are_read(folder, original):
    (folder / "model.safetensors").unlink()
    with hub.quiet():
        original[1].save_pretrained(folder, max_shard_size="4KB")
    assert not (folder / "model.safetensors").exists()
    network = Source(f"hf:{folder}").network()
    assert torch.equal(network.head[1].bias, original[1].classifier[1].bias)
    next(folder.glob("*-of-*.safetensors")).unlink()
    with pytest.raises(Failed, match=r"holds no whole model\.safetensors"):
        Source(f"hf:{folder}").network()


def test_an_index_that_names_pickles_is_refused(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "part.bin")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "part.bin"}}))
    with pytest.raises(Failed, match=r"only as a pickle \(part\.bin\)"):
        Source(f"hf:{folder}").network()


def test_weights_that_do_not_fit_are_named(folder):
    weights = load_file(folder / "model.safetensors")
    del weights["resnet.embedder.embedder.convolution.weight"]
    weights["classifier.1.bias"] = torch.zeros(7)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(Failed) as caught:
        Source(f"hf:{folder}").network()
    assert str(caught.value) == (
        f"the weights of hf:{folder} do not fit its config.json: "
        "1 missing (resnet.embedder.embedder.convolution.weight); "
        "1 of another shape (classifier.1.bias is (7,), expected (3,))"
    )


def test_a_backbone_without_its_pooler_loads(tmp_path):
    from transformers import ViTConfig, ViTForMaskedImageModeling

    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    with seeded(0), hub.quiet():
        model = ViTForMaskedImageModeling(ViTConfig(**sizes, image_size=16, patch_size=8, encoder_stride=8)).eval()
        model.save_pretrained(tmp_path)
    source = Source(f"hf:{tmp_path}")
    network = source.network()
    pictures = source.processor()([Image.new("L", (8, 8))])
    with torch.no_grad():
        assert torch.equal(network(pictures), model.vit(pictures).last_hidden_state[:, 0])
    assert network.head is None
    assert source.card().classes == ()


def test_a_masked_autoencoder_loads_without_its_decoder(tmp_path):
    from transformers import ViTMAEConfig, ViTMAEForPreTraining

    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    decoder = {f"decoder_{name}": value for name, value in sizes.items()}
    with seeded(0), hub.quiet():
        ViTMAEForPreTraining(ViTMAEConfig(**sizes, **decoder, image_size=16, patch_size=8)).save_pretrained(tmp_path)
    source = Source(f"hf:{tmp_path}")
    card, network = source.card(), source.network()
    assert card.architecture == network.architecture
    assert card.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert network.stages == ("embeddings", "block1")


def test_the_picture_half_of_clip_stands_alone(tmp_path):
    from transformers import CLIPConfig, CLIPModel

    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = CLIPConfig(
        vision_config={**sizes, "image_size": 16, "patch_size": 8}, text_config={**sizes, "vocab_size": 9}
    )
    with seeded(0), hub.quiet():
        model = CLIPModel(config).eval()
        model.save_pretrained(tmp_path)
    source = Source(f"hf:{tmp_path}")
    network = source.network()
    pictures = source.processor()([Image.new("RGB", (8, 8), "red")])
    with torch.no_grad():
        assert torch.equal(network(pictures), model.vision_model(pictures).pooler_output)
    assert source.card().architecture == network.architecture


def test_a_text_classifier_gives_the_librarys_own_logits(text_folder, tmp_path):
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    names = {0: "bad", 1: "good", 2: "neither"}
    with seeded(2), hub.quiet():
        config = BertConfig.from_pretrained(text_folder, id2label=names)
        model = BertForSequenceClassification(config).eval()
        model.save_pretrained(tmp_path)
        tokenizer = AutoTokenizer.from_pretrained(text_folder)
        tokenizer.save_pretrained(tmp_path)
    source, texts = Source(f"hf:{tmp_path}"), ["the film was good", "bad , so very bad !", ""]
    card, network = source.card(), source.network()
    assert (card.modality, card.classes) == ("text", ("bad", "good", "neither"))
    assert card.architecture == network.architecture
    assert network.stages == ("embeddings", "block1", "block2", "block3", "pooling")
    with torch.no_grad():
        expected = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits
        torch.testing.assert_close(network.head(network(source.processor()(texts))), expected)


def test_a_classifier_that_cannot_be_parted_from_its_model_is_used_without_it(tmp_path):
    from transformers import T5Config, T5ForSequenceClassification

    sizes = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2, "vocab_size": 20}
    with seeded(0), hub.quiet():
        model = T5ForSequenceClassification(T5Config(**sizes, num_labels=3, decoder_start_token_id=0)).eval()
        model.save_pretrained(tmp_path)
    source = Source(f"hf:{tmp_path}")
    card, network = source.card(), source.network()
    assert (card.classes, network.head, network.stages) == ((), None, ("embeddings", "block1"))
    tokens, mask = torch.tensor([[3, 7, 5, 0]]), torch.tensor([[1, 1, 1, 0]])
    with torch.no_grad():
        states = model.transformer.encoder(input_ids=tokens[:, :3]).last_hidden_state
        torch.testing.assert_close(network((tokens, mask)), states.mean(1))
    assert card.parameters == sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"model_type": "patchtst"}, r"takes past_values \(patchtst\); choose one that takes .*pictures.* texts"),
        ({"model_type": "resnett"}, r"model type 'resnett' is unknown \(transformers"),
        ({"model_type": "mine", "auto_map": {"AutoModel": "mine.Model"}}, "needs Python code of its own"),
        ({"architecture": "resnet18"}, "names no model_type"),
    ],
)
def test_a_model_of_another_kind_gives_one_line(tmp_path, config, line):
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(WrongUse, match=line) as caught:
        Source(f"hf:{tmp_path}").card()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ("./nowhere", r"no such folder '\./nowhere'"),
        ("a b/c", r"is no hub id; spell it hf:organisation/name"),
        ("a/b@", r"is no hub id"),
        ("", r"'hf:' is no hub id"),
    ],
)
def test_a_name_that_is_none_gives_one_line(location, line):
    with pytest.raises(WrongUse, match=line):
        Source(f"hf:{location}").card()


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("config.json", "{", "config.json is not JSON"),
        ("config.json", "[]", "holds list, expected an object"),
        ("model.safetensors", "short", "not a whole safetensors file"),
    ],
)
def test_a_spoiled_file_gives_one_line(folder, file, content, line):
    (folder / file).write_text(content)
    with pytest.raises(Failed, match=line) as caught:
        Source(f"hf:{folder}").network()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"hidden_sizes": "wide"}, {"hidden_act": "nothing"}, {"id2label": ["ant"]}], ids=str
)
def test_a_configuration_that_makes_no_sense_gives_one_line(folder, change):
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(said | change))
    for read in (Source(f"hf:{folder}").card, Source(f"hf:{folder}").network):
        with pytest.raises(Failed, match=r"no model can be made as its config\.json says") as caught:
            read()
        assert "\n" not in str(caught.value)


def test_an_index_that_names_no_files_gives_one_line(folder):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text('{"weight_map": ["model.safetensors"]}')
    with pytest.raises(Failed, match="names no files of weights"):
        Source(f"hf:{folder}").card()


def test_an_empty_folder_gives_one_line(tmp_path):
    with pytest.raises(WrongUse, match=r"is a folder without config\.json"):
        Source(f"hf:{tmp_path}").card()


def test_an_adapter_without_its_base_is_one_line(tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "another/base"}')
    with pytest.raises(WrongUse, match=r"is an adapter \(LoRA.*merge_and_unload"):
        Source(f"hf:{tmp_path}").check()
