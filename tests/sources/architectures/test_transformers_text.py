"""Every family of transformers text models, cut into stages, gives what the library's own model gives."""

import pytest
import torch
from torch import nn

from transferkit.core.errors import WrongUse
from transferkit.core.network import seeded
from transferkit.sources import architectures
from transferkit.sources.architectures import transformers_text
from transferkit.sources.architectures._text_layouts import families
from transferkit.sources.architectures.transformers_text import outline, settings_for, wrap

SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 24,
    "pad_token_id": 1,
}
NO_ENDS = {"bos_token_id": None, "eos_token_id": None, "cls_token_id": None, "sep_token_id": None}
LLAMA = {**SIZES, **NO_ENDS, "num_key_value_heads": 1, "head_dim": 8}
T5 = {"vocab_size": 40, "d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 3, "num_heads": 2, "pad_token_id": 1}
FAMILIES = {
    "bert": SIZES,
    "roberta": SIZES,
    "xlm-roberta": SIZES,
    "camembert": SIZES,
    "electra": {**SIZES, "embedding_size": 8},
    "distilbert": {
        "vocab_size": 40,
        "dim": 16,
        "n_layers": 3,
        "n_heads": 2,
        "hidden_dim": 24,
        "max_position_embeddings": 24,
        "pad_token_id": 1,
    },
    "mpnet": SIZES,
    "deberta-v2": {
        **SIZES,
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_buckets": 4,
        "norm_rel_ebd": "layer_norm",
        "conv_kernel_size": 3,
        "share_att_key": True,
        "position_biased_input": False,
        "type_vocab_size": 0,
    },
    "albert": {**SIZES, "embedding_size": 8, "num_hidden_layers": 4, "num_hidden_groups": 2},
    "modernbert": {**SIZES, **NO_ENDS, "local_attention": 4, "global_attn_every_n_layers": 2},
    "gpt2": {"vocab_size": 40, "n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 24, "pad_token_id": 1},
    "llama": LLAMA,
    "mistral": {**LLAMA, "sliding_window": 4},
    "qwen2": {**LLAMA, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    "qwen3": LLAMA,
    "t5": T5,
    "mt5": T5,
}
WITHOUT_CLASSIFIER = {"t5", "mt5"}
OF_NO_ROW = {
    "ernie": SIZES,
    "bart": {
        "vocab_size": 40,
        "d_model": 16,
        "encoder_layers": 2,
        "decoder_layers": 1,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 24,
        "decoder_ffn_dim": 24,
        "max_position_embeddings": 24,
        "pad_token_id": 1,
    },
}
LENGTHS = (7, 12, 1, 9)


def texts(width=15):
    """Four texts of 7, 12, 1 and 9 tokens, padded to `width`; no real token is the padding's."""
    tokens = torch.randint(2, 40, (4, width), generator=torch.Generator().manual_seed(0))
    mask = torch.arange(width)[None] < torch.tensor(LENGTHS)[:, None]
    return tokens.masked_fill(~mask, 1).int(), mask


def made(family, classifier, settings):
    """A tiny model in eval mode whose every parameter matters."""
    from transformers import AutoConfig

    config = AutoConfig.for_model(family, num_labels=5, **settings)
    with seeded(3):
        auto_class = transformers_text._auto_class(family, classifier)
        model = auto_class.from_config(config).eval()
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.4)
            else:
                nn.init.normal_(parameter, mean=float(name.endswith("weight")), std=0.2)
    return model, settings_for(AutoConfig.for_model(family, num_labels=5, **settings), classifier)


def hidden(model):
    """What the library's model makes of the texts, each alone and without padding."""
    tokens, _ = texts()
    one_by_one = []
    for row, length in zip(tokens.long(), LENGTHS, strict=True):
        mask = torch.ones(1, length, dtype=torch.long)
        if model.config.is_encoder_decoder:
            model = model.get_encoder()
        one_by_one.append(model(input_ids=row[None, :length], attention_mask=mask).last_hidden_state[0])
    return one_by_one


def pooled(states, way):
    return torch.stack([{"mean": state.mean(0), "last": state[-1]}[way] for state in states])


def test_there_is_a_check_for_every_row():
    assert set(FAMILIES) == families()


@pytest.mark.parametrize("family", sorted(FAMILIES | OF_NO_ROW))
def test_features_are_the_librarys_hidden_states_of_each_text_alone(family):
    model, settings = made(family, False, (FAMILIES | OF_NO_ROW)[family])
    (way,) = settings["pooling"]
    assert way == ("last" if family in ("gpt2", "llama", "mistral", "qwen2", "qwen3") else "mean")
    with torch.no_grad():
        expected = pooled(hidden(model), way)
        network = wrap(model, settings).eval()
        features = network(texts())
    assert features.shape == (4, network.feature_dim)
    torch.testing.assert_close(features, expected, atol=2e-5, rtol=1e-4)
    assert (network.stages == ("body",)) == (family in OF_NO_ROW)
    assert features.std(0).min() > 1e-3


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - WITHOUT_CLASSIFIER))
def test_head_on_features_gives_the_logits_of_the_library(family):
    model, settings = made(family, True, FAMILIES[family])
    tokens, mask = texts()
    with torch.no_grad():
        expected = model(input_ids=tokens.long(), attention_mask=mask.long()).logits
        network = wrap(model, settings).eval()
        features = network(texts())
        torch.testing.assert_close(network.head(features), expected, atol=2e-5, rtol=1e-4)
    assert features.shape == (4, network.feature_dim)
    assert expected.std(0).min() > 1e-3


@pytest.mark.parametrize("classifier", [False, True])
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_any_cut_gives_the_same_features_and_stages_hold_every_parameter(family, classifier):
    if classifier and family in WITHOUT_CLASSIFIER:
        with pytest.raises(WrongUse, match="cannot be parted from its body"):
            wrap(*made(family, True, FAMILIES[family]))
        return
    network = wrap(*made(family, classifier, FAMILIES[family])).eval()
    with torch.no_grad():
        whole = network(texts())
        for cut in range(len(network.stages) + 1):
            state = network.run(texts(), 0, cut)
            torch.testing.assert_close(network.run(state, cut), whole)
            if 0 < cut < len(network.stages):
                assert state[0].shape[:2] == (4, 12), "what is padding for all was not cut off"
    held = [id(p) for name in network.stages for p in network.stage(name).parameters()]
    head = [id(p) for p in network.head.parameters()] if network.head else []
    assert sorted(held + head) == sorted(id(p) for p in network.parameters())


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_wider_padding_and_other_texts_in_the_batch_change_nothing(family):
    network = wrap(*made(family, False, FAMILIES[family])).eval()
    tokens, mask = texts()
    with torch.no_grad():
        whole = network((tokens, mask))
        torch.testing.assert_close(network(texts(20))[2:3], network((texts(20)[0][2:3], texts(20)[1][2:3])))
        spoiled = tokens.masked_fill(~mask, 7)
        torch.testing.assert_close(network((spoiled, mask)), whole)
        if network._layout is not None:
            wider = torch.nn.functional.pad(network.run((tokens, mask), 0, 1)[0], (0, 0, 0, 5), value=9.0)
            longer = torch.nn.functional.pad(mask.float(), (0, 5))
            torch.testing.assert_close(network.run((wider, longer), 1), whole)


@pytest.mark.parametrize("classifier", [False, True])
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_an_architecture_is_rebuilt_by_seed_and_counted_without_memory(family, classifier):
    from transformers import AutoConfig

    if classifier and family in WITHOUT_CLASSIFIER:
        return
    network = wrap(*made(family, classifier, FAMILIES[family])).eval()
    again = architectures.build(network.architecture, seed=4)
    assert again.architecture == network.architecture
    assert again.stages == network.stages
    again.load_state_dict(network.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(again(texts()), network(texts()))
    config = AutoConfig.for_model(family, num_labels=5, **FAMILIES[family])
    head = sum(p.numel() for p in network.head.parameters()) if network.head else 0
    assert outline(config, classifier) == (sum(p.numel() for p in network.parameters()) - head, classifier)


@pytest.mark.parametrize("family", ["bert", "deberta-v2", "modernbert", "t5", "llama"])
def test_every_parameter_learns_and_frozen_blocks_stay(family):
    network = wrap(*made(family, False, FAMILIES[family]))
    with torch.no_grad():
        state = network.run(texts(), 0, 2)
    network.run(state, 2).square().sum().backward()
    moved = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert moved
    assert not any("wte" in name or "word_embeddings" in name or "embed_tokens" in name for name in moved)


def test_a_very_deep_model_has_several_blocks_a_stage():
    network = wrap(*made("bert", False, {**SIZES, "num_hidden_layers": 30})).eval()
    assert len(network.stages) == 1 + 15
    assert len(network.stage("block1")[0:]) == 2
    with torch.no_grad():
        assert network(texts()).shape == (4, 16)


def test_pooling_and_layers_after_it_are_settings():
    model, _ = made("bert", False, SIZES)
    then = [{"dense": {"into": 32, "out": 6, "bias": True, "activation": "Tanh"}}, {"unit": {}}]
    settings = settings_for(model.config, False, pooling=("cls", "max"), then=then)
    with torch.no_grad():
        states = hidden(model)
        network = wrap(model, settings).eval()
        linear = network.then[0].linear
        expected = torch.stack([torch.cat([state[0], state.amax(0)]) for state in states])
        expected = torch.nn.functional.normalize(torch.tanh(linear(expected)), dim=1)
        torch.testing.assert_close(network(texts()), expected)
    assert network.stages[-1] == "pooling"
    assert architectures.build(network.architecture).architecture == network.architecture
