"""Speech to text: the task, and both baselines and fine-tuning on a tiny target."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from transferkit.artifact import saved
from transferkit.core.errors import BudgetSpent, WrongUse
from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.core.sound import Sound
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.core.task import Predictions
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.ranking import rank_sources
from transferkit.sources.processors.speech import SpeechProcessor
from transferkit.tasks.transcribe import Transcribe
from transferkit.training.body import Body

RATE = 8000
PITCHES = {"do": 400.0, "re": 900.0, "mi": 2000.0}


def sung(words: str, seed: int = 0) -> Sound:
    """Each word a tone of its own, with silence between; a fifth of a second a word."""
    draw = np.random.default_rng(seed)
    parts = []
    for word in words.split():
        moments = np.arange(round(RATE * draw.uniform(0.16, 0.24))) / RATE
        parts += [np.sin(2 * np.pi * PITCHES[word] * moments), np.zeros(RATE // 20)]
    return Sound((np.concatenate(parts) + draw.normal(0, 0.01, sum(map(len, parts))))[:, None].astype(np.float32), RATE)


def melodies(n: int, seed: int) -> tuple[list[Sound], list[str]]:
    draw = np.random.default_rng(seed)
    words = [" ".join(draw.choice(list(PITCHES), size=draw.integers(1, 4))) for _ in range(n)]
    return [sung(text, seed=i) for i, text in enumerate(words)], words


@pytest.fixture(scope="module", name="target")
def _target() -> Target:
    return Target.of(*melodies(28, seed=0), test=melodies(10, seed=1), name="melodies", task="transcribe")


@pytest.fixture(scope="module", name="source")
def _source(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A network of ours that was trained on other melodies for a moment."""
    folder = tmp_path_factory.mktemp("learned") / "model"
    other = Target.of(*melodies(40, seed=5), name="others", task="transcribe")
    saved.save(Scratch(epochs=3).fit((), other, Run()), folder)
    return Source(str(folder))


def test_transcripts_are_brought_to_one_form() -> None:
    written = ["  Don\u2019t  stop, (please)!", "twenty-one", "'quoted'", "$5", "Caf\u0065\u0301"]
    assert Transcribe().read(written) == ("don't stop please", "twenty one", "quoted", "5", "caf\u00e9")
    kept = Transcribe(case="kept", punctuation="kept")
    assert kept.read(["Stop,  NOW!"]) == ("Stop, NOW!",)
    assert Transcribe(case="upper").read(["Stop, now"]) == ("STOP NOW",)


def test_predictions_come_in_the_same_form() -> None:
    task = Transcribe(characters=" AB!", case="lower")
    row = torch.tensor([[2, 4, 1, 1, 3, 0]])
    assert task.decode(row).labels == ("a b",)


def test_what_it_takes_from_labels_are_their_characters_and_the_longest() -> None:
    task = Transcribe().seen(["two", "one two"])
    assert (task.characters, task.longest) == (" enotw", 7)
    assert Transcribe().seen([]) == Transcribe()


def test_sounds_with_sentences_are_transcribed_and_sounds_with_words_are_classified() -> None:
    items, sentences = melodies(20, seed=3)
    different = [f"{text} {i}" for i, text in enumerate(sentences)]
    assert Target.of(items, different).task.name == "transcribe"
    assert Target.of(items, ["high tone", "low tone"] * 10).task.name == "classify"
    with pytest.raises(WrongUse, match="fit no task"):
        Target.of(different, [f"{text} again" for text in different], modality="text")


def test_strata_are_bins_of_length() -> None:
    labels = ["a" * n for n in range(1, 21)]
    strata = Transcribe().strata(labels)
    assert sorted(set(strata.tolist())) == [0, 1, 2, 3]
    assert (np.diff(strata) >= 0).all()
    assert set(Transcribe().strata(["one", "two", "six"] * 9).tolist()) == {0}


def test_a_character_that_cannot_be_written_gives_one_line() -> None:
    with pytest.raises(
        WrongUse, match=r"the transcript 'z\u00fcrich' holds '\u00fc', which is not among the characters"
    ):
        Transcribe(characters="chirz").encode(["rich", "z\u00fcrich"])


def test_settings_that_do_not_exist_give_one_line() -> None:
    with pytest.raises(WrongUse, match="unknown case of task transcribe 'title'"):
        Transcribe(case="title")  # type: ignore[arg-type]
    with pytest.raises(WrongUse, match="metric accuracy judges classes, but task transcribe predicts texts"):
        Transcribe(metric_name="accuracy")


def test_the_blind_guess_is_the_better_of_the_usual_text_and_none() -> None:
    often = ["one two"] * 8 + ["one six", "two"]
    task = Transcribe().seen(often)
    assert task.decode(task.blind(often)).labels == ("one two",)
    different = ["a b c", "d", "e f", "g", "h i"]
    task = Transcribe().seen(different)
    assert task.decode(task.blind(different)).labels == ("",)


def test_majority_always_writes_the_same(target: Target, tmp_path: Path) -> None:
    predictor = Majority().fit((), target, Run())
    assert len(set(predictor.predict(target.train.items).labels)) == 1
    saved.save(predictor, tmp_path / "model")
    assert saved.load(tmp_path / "model").predict(target.train.items) == predictor.predict(target.train.items)


def test_scratch_learns_what_is_said() -> None:
    words = ["do", "re", "mi"] * 12
    target = Target.of([sung(word, seed=i) for i, word in enumerate(words)], words, task="transcribe")
    record = Scratch(epochs=30, augmentation="none", batch_size=8).fit((), target, Run()).record
    assert record.notes == ()
    assert record.curve.training_loss[1] > 2  # where nothing is said yet
    assert record.curve.training_loss[-1] < 0.6


@pytest.mark.parametrize("method", [Full(epochs=2), Full(epochs=2, moving_stages=1), Scratch(epochs=2)])
def test_methods_keep_what_methods_promise(
    method: Full | Scratch, target: Target, source: Source, tmp_path: Path
) -> None:
    first, second = (method.fit((source,), target, Run(seed=3)) for _ in range(2))
    items = target.train.items
    predictions = first.predict(items)
    assert predictions == second.predict(items)
    assert predictions.scores is None
    assert all(isinstance(text, str) for text in predictions.labels)
    assert first.predict(items[4:5]).labels[0] == predictions.labels[4]
    assert first.judge(target.train, Run()) == predictions
    assert not target.test.openings
    saved.save(first, tmp_path / "model")
    assert saved.load(tmp_path / "model").predict(items) == predictions


def test_fine_tuning_begins_with_what_the_source_wrote(target: Target, source: Source) -> None:
    body = Body.pretrained(source, target)
    network = body.make()
    assert network.symbols[0] == ""
    assert set(target.task.characters) <= set(network.symbols)
    head = target.task.head(network, seed=0)
    before = saved.load(source.location)
    inputs = body.processor(target.train.items)
    scores = target.task.outputs(network, head, network(inputs))
    assert target.task.decode(scores).labels == before.predict(target.train.items).labels


def test_the_network_hears_the_longest_recording_of_the_target(source: Source) -> None:
    items, words = melodies(12, seed=2)
    items_too, words_too = [*items, sung("do re mi " * 7)], [*words, "do re mi " * 7]
    long = Target.of(items_too, words_too, test=(items[:4], words[:4]), task="transcribe")
    processor = Body.pretrained(source, long.whole()).processor
    assert isinstance(processor, SpeechProcessor)
    assert processor.seconds == 8.0
    short = Target.of(items, words, task="transcribe")
    assert Body.pretrained(source, short).processor.seconds == 1.0  # type: ignore[attr-defined]


def test_recordings_shorter_than_their_transcripts_are_left_out_and_told_of() -> None:
    items, words = melodies(24, seed=4)
    words = [
        text if i % 8 else "a transcript that nobody can say in so short a time " * 2 for i, text in enumerate(words)
    ]
    target = Target.of(items, words, task="transcribe")
    n_long = sum(len(text) > 40 for text in target.train.labels or ())
    assert n_long
    record = Scratch(epochs=2).fit((), target, Run()).record
    assert any(note.startswith(f"{n_long} of {len(target.train)} recordings are too short") for note in record.notes)
    assert np.isfinite(record.curve.training_loss).all()


def test_an_empty_cell_is_unlabelled_and_mere_punctuation_is_nothing_said(tmp_path: Path) -> None:
    items, words = melodies(16, seed=6)
    with (tmp_path / "said.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["wav", "transcript"])
        for i, (item, text) in enumerate(zip(items, words, strict=True)):
            soundfile.write(tmp_path / f"{i}.wav", item.samples, item.rate)
            rows.writerow([f"{i}.wav", {0: "", 1: "..."}.get(i, f"{text} do{'!' * i}")])
    target = Target.read(tmp_path / "said.csv", task="transcribe")
    assert len(target.unlabelled) == 1
    everything = [*(target.whole().train.labels or ()), *(target.test.open("a test").labels or ())]
    assert len(everything) == 15
    assert everything.count("") == 1
    assert not any("!" in text for text in everything)
    assert not any("class" in line for line in target.warnings)


def test_methods_and_rankings_of_features_say_in_one_line_that_there_are_none(target: Target, source: Source) -> None:
    for refused in (LinearProbe(), Full(mixup=0.2), Full(label_smoothing=0.1), Full(balance="logits")):
        with pytest.raises(WrongUse, match="task transcribe"):
            refused.fit((source,), target, Run())


def test_usable_sources_stay_in_the_order_given(target: Target, source: Source) -> None:
    ranking = rank_sources([Source("zoo:digits-cnn"), source], target, Run())
    assert [row.name for row in ranking.rows] == [source.name, "zoo:digits-cnn"]
    usable, promising = ranking.sorted([source, Source("zoo:digits-cnn")])
    assert usable == promising == [source]
    assert "not ranked: task transcribe" in ranking.rows[0].note
    assert "needs one a moment" in ranking.rows[1].note
    assert "not ranked" in str(ranking)


def test_a_network_that_transcribes_serves_classes_with_the_mean_over_moments(source: Source, tmp_path: Path) -> None:
    items, _ = melodies(16, seed=9)
    classes = Target.of(items, ["one", "two"] * 8)
    body = Body.pretrained(source, classes)
    network, inputs = body.make(), body.processor(classes.train.items)
    frames, lengths = source.network()(inputs)
    expected = torch.stack([row[:length].mean(0) for row, length in zip(frames, lengths.tolist(), strict=True)])
    torch.testing.assert_close(network(inputs), expected)
    for method in (LinearProbe(), Full(epochs=1), Scratch(epochs=1)):
        fitted = method.fit((source,), classes, Run())
        saved.save(fitted, tmp_path / method.name)
        before, after = fitted.predict(items), saved.load(tmp_path / method.name).predict(items)
        assert before.labels == after.labels


def test_masked_copies_leave_padding_and_lengths_as_they_are(target: Target) -> None:
    maps, lengths = SpeechProcessor(seconds=2.0)(target.train.items)
    draw = torch.Generator().manual_seed(0)
    (changed, same), _ = target.task.augment((maps, lengths), [], "sounds", draw)
    assert torch.equal(lengths, same)
    assert changed.shape == maps.shape
    assert not torch.equal(changed, maps)
    for row, length in zip(changed, lengths.tolist(), strict=True):
        assert not row[:, length:].any()
    assert target.task.augment((maps, lengths), [], "none", draw)[0][0] is maps


def test_generating_stops_at_the_deadline(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            self.now += 1
            return self.now

    clock = Clock()
    monkeypatch.setattr("transferkit.core.run.time", clock)
    record = Scratch(epochs=200).fit((), target, Run(deadline=60.0)).record
    assert record.cut_short
    assert clock.now < 66
    assert len(record.curve.training_loss) == len(record.curve.validation_metric) < 200
    clock.now = 0.0
    with pytest.raises(BudgetSpent):
        Scratch(epochs=200).fit((), target, Run(deadline=2.0))


def test_a_task_is_a_value_that_is_told_apart_by_its_form() -> None:
    assert Transcribe() != Transcribe(case="kept")
    assert dataclasses.replace(Transcribe(), metric_name="cer") == Transcribe().with_metric("cer")
    assert [metric.name for metric in Transcribe(metric_name="wer").metrics] == ["wer", "cer"]
    assert Transcribe.recognise(Examples((), ())) is None
    assert Transcribe().metric.value(Predictions(("a",)), ["a"]) == 0


def test_real_recordings_with_a_table_of_transcripts_are_recognised(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "asr_tiny_samples"
    said = {}
    for table in sorted((folder / "annotation").glob("ASR_*.json")):
        said |= {name: row["wrd"] for name, row in json.loads(table.read_text()).items() if "wrd" in row}
    rows = [(folder / "ASR" / f"{name}.wav", words) for name, words in sorted(said.items())]
    rows = [(path, words) for path, words in rows if path.is_file()]
    with (tmp_path / "speech.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("audio", "sentence"), *rows])
    target = Target.read(tmp_path / "speech.csv")
    assert (target.task.name, target.modality, target.skipped) == ("transcribe", "audio", ())
    predictor = Scratch(epochs=1).fit((), target, Run())
    assert predictor.record.notes == ()
    assert all(isinstance(text, str) for text in predictor.predict(target.validation.items).labels)
