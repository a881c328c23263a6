"""Model card: a README.md that says what a saved model is, what it rests on, and how far to trust it.

Its front matter is what the Hugging Face hub reads (huggingface.co/docs/hub/model-cards). Every value in it is written
as a JSON string or number, which is YAML as well, so that no name can break out of its place.
"""

from __future__ import annotations

import json
import re
from typing import Any

from transferkit.artifact import wording
from transferkit.evaluate.summary import ArmSummary, RankedSource, StudySummary

_PIPELINES = {
    ("image", "classify"): "image-classification",
    ("image", "tag"): "image-classification",
    ("text", "classify"): "text-classification",
    ("text", "tag"): "text-classification",
    ("audio", "classify"): "audio-classification",
    ("audio", "tag"): "audio-classification",
    ("audio", "transcribe"): "automatic-speech-recognition",
    ("tabular", "classify"): "tabular-classification",
    ("tabular", "tag"): "tabular-classification",
    ("tabular", "regress"): "tabular-regression",
    ("time_series", "regress"): "time-series-forecasting",
}
"""What the hub calls the pairs it has a word for."""
_NEW_ITEM = {
    "image": 'model.predict(["new.jpg"])',
    "text": 'model.predict(["what somebody wrote"])',
    "audio": 'model.predict(["new.wav"])',
    "tabular": 'model.predict(pandas.read_csv("new.csv"))',
    "time_series": "model.predict([window])  # float32 (length, channels), the channels in the order of the table",
}
"""Modality -> how a new item is given."""
_LICENCES = {"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "openrail"}


def model_card(summary: StudySummary) -> str:
    """The text of README.md for the returned model."""
    arm = next((arm for arm in summary.arms if arm.name == summary.best), None)
    sources = arm.sources if arm and arm.status != "baseline" else ()  # scratch only borrows an architecture
    rows = [row for row in summary.ranking if row.name in sources]
    parts = [
        _front_matter(summary, arm, rows),
        f"# {_plain(summary.target.get('name', 'model'))}\n",
        _what(summary, arm, sources),
        _evidence(summary, arm),
        _origin(sources, rows),
        _limits(summary),
        _use(summary),
        _training(summary, arm),
    ]
    return "\n".join(parts)


def _front_matter(summary: StudySummary, arm: ArmSummary | None, rows: list[RankedSource]) -> str:
    task = _PIPELINES.get((summary.target.get("modality", ""), summary.target.get("task", "")))
    lines = ["---", "library_name: transferkit"]
    licences = {row.licence.lower() for row in rows} - {"unknown", ""}
    if licences:
        known = licences & _LICENCES
        lines.append(f"license: {known.pop() if len(licences) == 1 and known else 'other'}")
    tags = ["transferkit", "transfer-learning"]
    lines.append(f"tags: {json.dumps(tags)}")
    if task:
        lines.append(f"pipeline_tag: {task}")
    bases = [row.name[3:] for row in rows if re.fullmatch(r"hf:[\w.-]+(/[\w.-]+)?", row.name)]
    if bases:
        lines.append(f"base_model: {json.dumps(bases)}")
    if arm is not None and arm.test is not None:
        name = json.dumps(str(summary.target.get("name", "model")))
        lines += [
            "model-index:",
            f"- name: {name}",
            "  results:",
            f"  - task: {{type: {task or 'other'}}}",
            f"    dataset: {{name: {name}, type: {json.dumps(str(summary.target.get('fingerprint', '')) or 'local')}}}",
            "    metrics:",
            f"    - {{type: {json.dumps(summary.metric.name)}, value: {arm.test:.6g}, name: {json.dumps(_metric(summary))}}}",
        ]
        if arm.gain is not None:
            named = f"gain over {arm.baseline}, {wording.level(arm.gain)} interval {arm.gain.low:.4g} to {arm.gain.high:.4g}"
            lines.append(f"    - {{type: gain, value: {arm.gain.mean:.6g}, name: {json.dumps(named)}}}")
    return "\n".join([*lines, "---", ""])


def _metric(summary: StudySummary) -> str:
    if summary.extra.get("cross_fitting"):
        return f"{wording.metric_name(summary.metric)} by {wording.judged(summary)}"
    seeds = wording.counted(len(summary.seeds), "seed")
    return f"{wording.metric_name(summary.metric)} on the sealed test split, mean of {seeds}"


def _n_judged(summary: StudySummary) -> Any:
    """Items that the proof was made on; None where that is not known."""
    return (summary.extra.get("cross_fitting") or {}).get("n_items") or summary.target.get("n_test")


def _what(summary: StudySummary, arm: ArmSummary | None, sources: tuple[str, ...]) -> str:
    classes = summary.target.get("classes") or []
    shown = ", ".join(_plain(name) for name in classes[:20]) + (", ..." if len(classes) > 20 else "")
    how = _code(arm.method) if arm else "an unknown method"
    came = f"from {', '.join(map(_code, sources))}" if sources else "from scratch, without a source"
    modality = _plain(summary.target.get("modality", "small").replace("_", " "))
    article = "An" if modality[:1] in "aeiou" else "A"
    task = summary.target.get("task", "")
    does = {
        "classify": f"tells {wording.counted(len(classes), 'class', 'classes')} apart",
        "tag": f"says which of {wording.counted(len(classes), 'tag')} hold",
        "regress": "predicts a number",
        "transcribe": "writes down what is said",
    }.get(task, "does its task")
    lines = [f"{article} {modality} model that {does}, fitted by {how} {came}."]
    if shown:
        lines.append(f"\n{'Tags' if task == 'tag' else 'Classes'}: {shown}.")
    return "\n".join([*lines, ""])


def _evidence(summary: StudySummary, arm: ArmSummary | None) -> str:
    lines = ["## Evidence\n", f"**{wording.headline(summary)}.** {_plain(summary.sentence)}\n"]
    lines += ["| arm | gain | interval | verdict | test |", "|---|---|---|---|---|"]
    metric = summary.metric
    digits = wording.digits_for([a.gain for a in summary.arms if a.gain], metric)
    for other in wording.in_order(summary.arms):
        gain = wording.difference(other.gain.mean, metric, digits) if other.gain else ""
        between = f"{wording.interval(other.gain, metric, digits)} ({wording.level(other.gain)})" if other.gain else ""
        word = wording.VERDICTS[other.verdict].title.lower() if other.verdict else wording.standing(other)
        name = f"**{_plain(other.name)}**" if arm and other.name == arm.name else _plain(other.name)
        lines.append(f"| {name} | {gain} | {between} | {word} | {wording.value(other.test, metric)} |")
    lines.append(
        f"\nGains are in {wording.metric_name(metric)} {metric.unit} over the arm's baseline, on the same test items.\n"
    )
    return "\n".join(lines)


def _origin(sources: tuple[str, ...], rows: list[RankedSource]) -> str:
    if not sources:
        return "## Origin\n\nFitted from a fresh initialisation: no pretrained source went in.\n"
    known = {row.name: row for row in rows}
    lines = ["## Origin\n", "| source | trained on | licence | parameters |", "|---|---|---|---|"]
    for name in sources:
        row = known.get(name)
        facts = (row.trained_on, row.licence, wording.quantity(row.parameters)) if row else ("unknown", "unknown", "")
        lines.append(f"| {_plain(name)} | {_plain(facts[0])} | {_plain(facts[1])} | {facts[2]} |")
    return "\n".join([*lines, ""])


def _limits(summary: StudySummary) -> str:
    target = summary.target
    lines = [
        "## Limits\n",
        f"- Judged on {_n_judged(summary) or 'an unknown number of'} {wording.items(target)} like those it was fitted to; "
        "others may be harder.",
    ]
    if target.get("task") in ("classify", "tag"):
        lines.append("- Its confidence is not calibrated unless a test of yours says so.")
    lines += [f"- {_plain(str(line))}" for line in (*target.get("warnings", ()), *summary.notes)]
    return "\n".join([*lines, ""])


def _use(summary: StudySummary) -> str:
    modality = summary.target.get("modality", "")
    first = "import pandas\nimport transferkit" if modality == "tabular" else "import transferkit"
    return f"""## Use

```python
{first}

model = transferkit.load("path/to/this/folder")
{_NEW_ITEM.get(modality, "model.predict([item])")}
```
"""


def _training(summary: StudySummary, arm: ArmSummary | None) -> str:
    target, repeat = summary.target, summary.repeat
    facts: list[tuple[str, Any]] = [
        (f"{wording.items(target)} fitted to", target.get("n_train")),
        (f"{wording.items(target)} judged on", _n_judged(summary)),
        ("seeds", ", ".join(map(str, summary.seeds))),
        ("parameters fitted", wording.quantity(arm.trainable_parameters) if arm else None),
        ("parameters in all", wording.quantity(arm.total_parameters) if arm else None),
        ("device", _plain(repeat.get("device", ""))),
        ("command", _code(repeat["command"]) if repeat.get("command") else None),
    ]
    facts += [(_plain(name), _plain(number)) for name, number in sorted(repeat.get("versions", {}).items())]
    lines = [f"- {name}: {fact}" for name, fact in facts if fact not in (None, "")]
    return "\n".join(["## Training\n", *lines, "\nreport.html beside this file shows everything the study found.", ""])


def _plain(text: Any) -> str:
    """Text that Markdown and HTML leave as it is, on one line."""
    joined = " ".join(str(text).split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", joined)


def _code(text: Any) -> str:
    """Text as a code span, on one line."""
    return "`" + " ".join(str(text).split()).replace("`", "'") + "`"
