"""What a study takes over from the architecture of a source, where nobody has said otherwise."""

import pytest

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.bitfit import BitFit
from transferkit.methods.finetune.full import Full
from transferkit.planner.arms import Arm, named, read_arm
from transferkit.planner.costs import Costs
from transferkit.planner.proposal import propose
from transferkit.planner.ranking import Ranking, rank_sources
from transferkit.planner.usual import as_usual
from transferkit.planner.wishes import Wishes
from transferkit.sources.architectures.transformers_text import FINE_TUNING, FROM_SCRATCH


@pytest.fixture(scope="module")
def encoder(text_folder) -> Source:  # type: ignore[no-untyped-def]
    return Source(f"hf:{text_folder}")


@pytest.fixture(scope="module")
def target() -> Target:
    texts = [f"{'good' if i % 2 else 'bad'} film , {'fine' if i % 3 else 'dull'} plot {i}" for i in range(24)]
    labels = ["yes" if i % 2 else "no" for i in range(24)]
    return Target.of(texts, labels, test=(texts[:6], labels[:6]), name="films", modality="text")


def test_a_text_encoder_is_tuned_as_its_architecture_wants(encoder: Source) -> None:
    (arm,) = as_usual([Arm("full < a", Full(), (encoder,), "scratch")])
    assert arm.method == Full(learning_rate=FINE_TUNING["learning_rate"][0], layer_decay=1.0, schedule="short")
    assert [one.learning_rate for one in arm.candidates()] == list(FINE_TUNING["learning_rate"])
    assert arm.name == "full < a"


def test_from_scratch_it_wants_other_rates_and_the_long_schedule(encoder: Source) -> None:
    (arm,) = as_usual([Arm("scratch", Scratch(), (encoder,))])
    assert [one.learning_rate for one in arm.candidates()] == list(FROM_SCRATCH["learning_rate"])
    assert {one.schedule for one in arm.candidates()} == {"long"}


def test_what_a_person_has_named_stays(encoder: Source) -> None:
    named_rate = Arm("full < a", Full(), (encoder,), "scratch", frozenset({"learning_rate"}))
    (arm,) = as_usual([named_rate])
    assert arm.method.learning_rate == Full().learning_rate
    assert arm.method.schedule == "short"
    assert len(arm.candidates()) == 1


def test_other_networks_and_methods_with_rates_of_their_own_are_left_alone(encoder: Source) -> None:
    arms = [
        Arm("full < a", Full(), (Source("zoo:digits-cnn"),), "scratch"),
        Arm("bitfit < b", BitFit(), (encoder,), "scratch"),
        Arm("scratch", Scratch(), ()),
    ]
    assert as_usual(arms) == arms
    assert as_usual(arms)[0].candidates() == arms[0].candidates()


def test_an_arm_that_was_written_down_comes_back_with_its_choices(encoder: Source) -> None:
    (arm, *_) = as_usual([one for one in named([encoder], [(Full(), frozenset())]) if one.name.startswith("full")])
    again = as_usual([read_arm(arm.written(), [encoder])])
    assert again == [arm]
    assert again[0].candidates() == arm.candidates()


def test_transfer_tries_class_means_on_an_encoder_of_texts(encoder: Source, target: Target) -> None:
    ranking = rank_sources([encoder], target, Run())
    assert isinstance(ranking, Ranking)
    proposal = propose(ranking, [encoder], target, Costs(target, Run()), Wishes(pin=("full < *",)))
    by_name = {arm.method.name: arm for arm in proposal.arms}
    assert set(by_name) == {"scratch", "majority", "linear_probe", "prototypes", "full"}
    assert by_name["full"].method.schedule == "short"
    assert "architecture" in proposal.reasons[by_name["prototypes"].name]


def test_a_network_of_another_kind_of_data_moves_throughout() -> None:
    arm = Arm("full < zoo:objects-cnn", Full(), (Source("zoo:objects-cnn"),), "scratch")
    (on_sounds,), (on_pictures,) = as_usual([arm], "audio"), as_usual([arm], "image")
    assert on_sounds.method == Full(layer_decay=1.0)
    assert on_pictures.method == Full()
    named_decay = Arm(arm.name, Full(), arm.sources, "scratch", frozenset({"layer_decay"}))
    assert as_usual([named_decay], "audio")[0].method == Full()
