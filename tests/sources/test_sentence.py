"""`sentence:` gives what sentence-transformers computes, from its folders; what it cannot read it names."""

import json
import shutil

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.source import Source, SourceOptions
from transferkit.sources import architectures

TEXTS = ["the film was very good!", "dull", "a book, and so poor."]
TYPES = "sentence_transformers.models."


def written(folder, *modules):
    """modules.json, and a folder for each module that has settings."""
    listed = [{"idx": 0, "name": "0", "path": "", "type": f"{TYPES}Transformer"}]
    for i, (kind, settings) in enumerate(modules, start=1):
        listed.append({"idx": i, "name": str(i), "path": f"{i}_{kind}", "type": f"{TYPES}{kind}"})
        if settings is not None:
            (folder / f"{i}_{kind}").mkdir()
            (folder / f"{i}_{kind}" / "config.json").write_text(json.dumps(settings))
    (folder / "modules.json").write_text(json.dumps(listed))


MEAN = ("Pooling", {"word_embedding_dimension": 16, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
DENSE = (
    "Dense",
    {"in_features": 16, "out_features": 5, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"},
)
UNIT = ("Normalize", None)


@pytest.fixture
def folder(text_folder, tmp_path):
    shutil.copytree(text_folder, tmp_path / "encoder")
    return tmp_path / "encoder"


def token_states(folder):
    """The library's hidden states of each text alone."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        return [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0] for text in TEXTS]


def embedded(source):
    with torch.no_grad():
        return source.network()(source.processor()(TEXTS))


def test_pooling_dense_and_scaling_are_the_librarys(folder):
    written(folder, MEAN, DENSE, UNIT)
    generator = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(5, 16, generator=generator), torch.randn(5, generator=generator)
    save_file({"linear.weight": weight, "linear.bias": bias}, folder / "2_Dense" / "model.safetensors")
    means = torch.stack([states.mean(0) for states in token_states(folder)])
    expected = functional.normalize(torch.tanh(means @ weight.T + bias), dim=1)
    source = Source(f"sentence:{folder}")
    torch.testing.assert_close(embedded(source), expected)
    card, network = source.card(), source.network()
    assert network.stages == ("embeddings", "block1", "block2", "block3", "pooling")
    assert (card.modality, card.architecture, network.feature_dim) == ("text", network.architecture, 5)
    assert card.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert architectures.build(network.architecture).stages == network.stages


@pytest.mark.parametrize(
    ("named", "way"),
    [
        ({"pooling_mode_cls_token": True}, lambda states: states[0]),
        ({"pooling_mode": "lasttoken"}, lambda states: states[-1]),
        ({"pooling_mode": ["cls", "max"]}, lambda states: torch.cat([states[0], states.amax(0)])),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, lambda states: states.sum(0) / len(states) ** 0.5),
        (
            {"pooling_mode": "weightedmean"},
            lambda states: (
                (states * torch.arange(1.0, len(states) + 1)[:, None]).sum(0) / sum(range(1, len(states) + 1))
            ),
        ),
    ],
)
def test_every_way_of_pooling_is_the_librarys(folder, named, way):
    written(folder, ("Pooling", named))
    expected = torch.stack([way(states) for states in token_states(folder)])
    torch.testing.assert_close(embedded(Source(f"sentence:{folder}")), expected)
    torch.testing.assert_close(embedded(Source(f"hf:{folder}")), expected)


def test_length_case_and_prompt_are_the_folders(folder):
    written(folder, MEAN)
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 9, "do_lower_case": True}))
    prompts = {"prompts": {"query": "good book : "}, "default_prompt_name": "query"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    processor = Source(f"sentence:{folder}").processor()
    assert (processor.max_length, processor.lower, processor.prefix) == (9, True, "good book : ")


def test_the_fingerprint_changes_with_a_dense_layer(folder):
    written(folder, MEAN, DENSE)
    file = folder / "2_Dense" / "model.safetensors"
    prints = set()
    for scale in (1.0, 2.0):
        save_file({"linear.weight": scale * torch.ones(5, 16), "linear.bias": torch.zeros(5)}, file)
        prints.add(Source(f"sentence:{folder}").card().fingerprint)
    assert len(prints) == 2


def test_a_pickled_dense_layer_is_refused_and_read_only_with_trust(folder):
    written(folder, MEAN, DENSE)
    torch.save(
        {"linear.weight": torch.ones(5, 16), "linear.bias": torch.zeros(5)}, folder / "2_Dense/pytorch_model.bin"
    )
    with pytest.raises(Failed, match=r"the weights of 2_Dense only as a pickle .*--trust"):
        Source(f"sentence:{folder}").card()
    assert embedded(Source(f"sentence:{folder}", SourceOptions(trust=True))).shape == (3, 5)


@pytest.mark.parametrize(
    ("modules", "line"),
    [
        ([MEAN, ("LSTM", None)], r"has a module LSTM; known are Transformer, Pooling, Dense, Normalize"),
        ([("WordWeights", None)], r"is made of Transformer, WordWeights; what can be read is a Transformer"),
        ([("Pooling", {"pooling_mode": "median"})], "pools by 'median'; known are cls"),
        ([MEAN, DENSE], "has no weights in 2_Dense"),
        ([MEAN, ("Dense", {"bias": True})], r"2_Dense/config\.json does not say how large"),
        ([MEAN, ("Dense", {**DENSE[1], "use_residual": True})], "has a residual, which is not known"),
    ],
)
def test_what_cannot_be_read_gives_one_line(folder, modules, line):
    written(folder, *modules)
    with pytest.raises((WrongUse, Failed), match=line) as caught:
        Source(f"sentence:{folder}").card()
    assert "\n" not in str(caught.value)


def test_dense_weights_of_another_shape_give_one_line(folder):
    written(folder, MEAN, DENSE)
    save_file({"linear.weight": torch.ones(4, 16), "linear.bias": torch.zeros(4)}, folder / "2_Dense/model.safetensors")
    with pytest.raises(Failed, match=r"the weights in 2_Dense/model\.safetensors do not fit") as caught:
        Source(f"sentence:{folder}").network()
    assert "\n" not in str(caught.value)


def test_an_unknown_activation_lists_the_known_ones(folder):
    written(folder, MEAN, ("Dense", {**DENSE[1], "activation_function": "torch.nn.modules.activation.PReLU"}))
    save_file({"linear.weight": torch.ones(5, 16), "linear.bias": torch.zeros(5)}, folder / "2_Dense/model.safetensors")
    with pytest.raises(WrongUse, match=r"unknown activation of a dense layer 'PReLU'.*Tanh"):
        Source(f"sentence:{folder}").card()


def test_a_plain_transformer_is_none(folder):
    with pytest.raises(WrongUse, match=r"sentence:.* has no modules\.json.* use hf:"):
        Source(f"sentence:{folder}").card()
    with pytest.raises(WrongUse, match=r"sentence source: no such folder '\./nowhere'"):
        Source("sentence:./nowhere").check()


def test_a_damaged_list_of_modules_gives_one_line(folder):
    (folder / "modules.json").write_text('[{"path": ""}]')
    with pytest.raises(Failed, match=r"modules\.json is damaged"):
        Source(f"sentence:{folder}").card()
