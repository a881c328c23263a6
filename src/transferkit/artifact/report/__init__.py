"""Report: a study as one HTML file that needs nothing else - no network, no script, no other file."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from transferkit.artifact import wording
from transferkit.artifact.further_metrics import caveat, chosen_arm, further_metrics
from transferkit.artifact.report import suited
from transferkit.artifact.report.bars import cost_bars, ranked_bars
from transferkit.artifact.report.confusion import confusion_of
from transferkit.artifact.report.curves import curve_pictures
from transferkit.artifact.report.forest import forest
from transferkit.artifact.report.glossary import TERMS
from transferkit.artifact.report.importance_bars import importance_bars
from transferkit.artifact.report.label_curve import label_picture
from transferkit.artifact.report.mistakes import shown_mistakes
from transferkit.artifact.report.scatter import scatter
from transferkit.artifact.report.tag_bars import tag_bars
from transferkit.evaluate.summary import StudySummary

if TYPE_CHECKING:
    from jinja2 import Environment


def render(summary: StudySummary) -> str:
    """The report's HTML. All text of the summary is escaped; pictures are drawn inside the file."""
    return environment().get_template("page.html.jinja").render(_context(summary))


def _context(summary: StudySummary) -> dict[str, Any]:
    """Everything the templates show."""
    target, metric = summary.target, summary.metric
    by_name = {arm.name: arm for arm in summary.arms}
    best = by_name.get(summary.best)
    chosen = chosen_arm(summary)
    judged = {name for arm in summary.arms for name in arm.metrics}
    return {
        "summary": summary,
        "target": target,
        "metric": metric,
        "metric_name": wording.metric_name(metric),
        "headline": wording.headline(summary),
        "interrupted": bool(summary.extra.get("interrupted")),
        "verdicts": wording.VERDICTS,
        "best": best,
        "chosen": next((arm for arm in summary.arms if arm.status == "chosen"), None),
        "arms": wording.in_order(summary.arms),
        "baselines": by_name,
        "digits": wording.digits_for([arm.gain for arm in summary.arms if arm.gain], metric),
        "forest": forest(summary),
        "labels": label_picture(summary.label_equivalence, metric),
        "metrics": [info for info in summary.metrics if info.name in judged] if len(judged) > 1 else [],
        "further": further_metrics(chosen, summary) if chosen else [],
        "caveat": caveat(chosen_arm(summary), summary),
        "plan": summary.extra.get("plan") or [],
        "adaptation": _adaptation(summary),
        "ranking": ranked_bars(summary.ranking, metric),
        "score_names": sorted({name for row in summary.ranking for name in row.scores}),
        "curves": curve_pictures(summary.curves, metric),
        "outcome": suited.outcome_template(summary),
        "confusion": confusion_of(summary.confusion, target.get("classes") or ()),
        "scatter": scatter(summary),
        "tags": tag_bars(summary.tags),
        "importances": importance_bars(summary.importances, metric),
        "mistakes": shown_mistakes(summary),
        "costs": cost_bars(summary.arms),
        "measured_memory": any(arm.peak_bytes for arm in summary.arms),
        "returned": wording.returned(summary),
        "say": wording,
        "terms": TERMS,
        "css": files(__package__).joinpath("templates", "report.css").read_text(encoding="utf-8"),
    }


def _adaptation(summary: StudySummary) -> dict[str, Any] | None:
    """What a study of another domain has to say beside its arms; None for any other study."""
    found = summary.extra.get("adaptation")
    if not found:
        return None
    names = dict.fromkeys(name for row in found["candidates"] for name in row["scores"])
    others = [name for name in names if name not in found["terms"]]
    return {"distance": None, "chosen_without_labels": None, **found, "other_scores": others}


def environment() -> Environment:
    """What renders a template: every text escaped, what is not defined an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("transferkit.artifact.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = _typeset
    environment.filters["picture"] = partial(_embedded, kind="image")
    environment.filters["sound"] = partial(_embedded, kind="audio")
    return environment


def _typeset(number: str) -> str:
    """A number with a true minus sign, kept on one line with its percent sign."""
    return number.replace("-", "\N{MINUS SIGN}").replace(" %", "\N{NO-BREAK SPACE}%")


def _embedded(address: str | None, kind: str) -> str | None:
    """A picture or a sound that lies inside the report; an address outside is dropped, for the report asks nobody."""
    return address if address and address.startswith(f"data:{kind}/") else None
