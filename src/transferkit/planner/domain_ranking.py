"""Domain ranking: labelled source data in an order, for a target without labels to learn from. See `evaluate/ranked_domain.py`.

All sources are looked at through one network where a model is named with them; a table's rows are their own features; else each
source through the network that was learned from it, as a study with that source alone would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import BudgetSpent, TransferkitError, WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.evaluate.ranked_domain import RankedDomain, in_order
from transferkit.planner.adaptation_summary import shift_of
from transferkit.planner.source_tasks import with_networks
from transferkit.training.domain_features import DomainFeatures, domain_features
from transferkit.training.domains import Domains
from transferkit.training.learners.linear import fit_linear

if TYPE_CHECKING:
    import pandas

LEFT_OUT = "left out: "


@dataclass(frozen=True)
class DomainRanking:
    """Labelled data sets, the most promising first; those that cannot serve last, with the reason. `print` it for a table.

    No accuracy is predicted: without target labels none can be.
    """

    rows: tuple[RankedDomain, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON-able values; `own` in points."""
        rows = [
            {
                "name": row.name,
                "distance": row.distance,
                "own_accuracy": None if row.own is None else 100 * row.own,
                "bound": row.bound,
                "n_labelled": row.n_labelled,
                "classes": list(row.classes),
                "lacks": list(row.lacks),
                "features": row.features,
                "note": row.note,
            }
            for row in self.rows
        ]
        return {"best": self.rows[0].name, "predicts": False, "domains": rows, "notes": list(self.notes)}

    def to_frame(self) -> pandas.DataFrame:
        """The sources as a pandas table; see `artifact/frames.py` for its columns."""
        from transferkit.artifact.frames import domains_frame

        return domains_frame(self.rows)

    def __str__(self) -> str:
        from transferkit.artifact.printed_domains import printed_domains

        return printed_domains(self.rows, self.notes)


def rank_domains(sources: Sequence[Source], target: Target, run: Run) -> DomainRanking:
    """Order the labelled data among the sources; a model among them gives the features.

    One line where there are none, or where none can serve.
    """
    models = [source for source in sources if not source.lends_data]
    data = [source for source in sources if source.lends_data]
    if not data:
        raise WrongUse(
            f"{target.name} has no label to learn from, and so nothing to rank sources by; name labelled data of the same "
            "classes beside them, such as --from drawings/"
        )
    if not target.task.needs_features:
        raise WrongUse(
            f"task {target.task.name} has no one feature vector an item, and so no distance to rank sources by"
        )
    rows = []
    for position, source in enumerate(data):
        run.progress("ranking sources", position, len(data))
        rows.append(_row(source, models[:1], target, run))
    run.progress("ranking sources", len(data), len(data))
    rows = _lacking(rows, target)
    ordered = in_order(rows)
    if not ordered[0].is_usable:
        reasons = "; ".join(row.note.removeprefix(LEFT_OUT) for row in ordered)
        none = f"none of the {len(rows)} sources can" if len(rows) > 1 else "the only source of labelled data cannot"
        raise WrongUse(f"{none} be used here: {reasons}")
    return DomainRanking(ordered, tuple(_notes(ordered, models)))


def _row(source: Source, models: Sequence[Source], target: Target, run: Run) -> RankedDomain:
    """One source; left out, with the reason, where it cannot serve."""
    try:
        domains = Domains.of([source], target, run)
        through, learned = list(models), ""
        if not models and target.modality != "tabular":
            (own,) = with_networks([source], target, run)
            if own.options.refused:
                return RankedDomain(source.name, note=LEFT_OUT + own.options.refused)
            through, learned = [own], f"the network learned from {source.name}"
        features = domain_features(domains, through, run)
        return RankedDomain(
            name=source.name,
            distance=shift_of(features),
            own=_own_accuracy(features, run),
            n_labelled=len(domains.labelled),
            classes=domains.shared,
            features=learned or (models[0].name if models else "the items' own numbers"),
        )
    except BudgetSpent:
        raise
    except (TransferkitError, ValueError) as reason:
        return RankedDomain(source.name, note=f"{LEFT_OUT}{reason}")


def _own_accuracy(features: DomainFeatures, run: Run) -> float | None:
    """Of a linear head, on held-out items of the source."""
    domains = features.domains
    held, task = domains.held_out, domains.task
    accuracy = next((metric for metric in task.metrics if metric.name == "accuracy"), None)
    if accuracy is None or not len(held):
        return None
    learner = fit_linear(task, features.source, features.source_labels, domains.labelled.weights)
    return accuracy.value(learner.predict(features.of(held, run)), held.labels or ())


def _lacking(rows: Sequence[RankedDomain], target: Target) -> list[RankedDomain]:
    """The same rows, with the classes that each has, and lacks, of the target's: those that its labels name or, where it has
    none, those of all sources."""
    named: set[str] = {*target.task.describe().get("classes", ())} if len(target.test) else set()
    known = named or {name for row in rows for name in row.classes}
    return [
        replace(row, classes=tuple(sorted(known & set(row.classes))), lacks=tuple(sorted(known - set(row.classes))))
        if row.is_usable
        else row
        for row in rows
    ]


def _notes(rows: Sequence[RankedDomain], models: Sequence[Source]) -> list[str]:
    notes = []
    if sum(row.is_usable for row in rows) == 1:
        notes.append("only one source of labelled data can be used: there is nothing to compare it with")
    if len(models) > 1:
        others = ", ".join(source.name for source in models[1:])
        notes.append(
            f"models are not ranked without target labels; features are those of {models[0].name}, not of {others}"
        )
    elif models:
        notes.append("models are not ranked without target labels")
    return notes
