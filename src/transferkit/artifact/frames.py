"""Frames: results as pandas tables, one row an arm or a source; numbers as they are, in the metric's own scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

    from transferkit.evaluate.ranked_domain import RankedDomain
    from transferkit.evaluate.summary import ArmSummary, RankedSource


def arms_frame(arms: Sequence[ArmSummary]) -> pandas.DataFrame:
    """One row an arm, in the order of the report.

    Columns: arm, method, sources (names joined by " + "), baseline, status, validation, test, gain, gain_low, gain_high,
    verdict, n_seeds, seconds, trials, trainable_parameters, total_parameters, peak_bytes; then one column for each further
    metric, called `test_<metric>`. What is not known is missing.
    """
    import pandas

    rows = [
        {
            "arm": arm.name,
            "method": arm.method,
            "sources": " + ".join(arm.sources),
            "baseline": arm.baseline,
            "status": arm.status,
            "validation": arm.validation,
            "test": arm.test,
            "gain": arm.gain and arm.gain.mean,
            "gain_low": arm.gain and arm.gain.low,
            "gain_high": arm.gain and arm.gain.high,
            "verdict": arm.verdict,
            "n_seeds": arm.gain and arm.gain.n_seeds,
            "seconds": arm.seconds,
            "trials": arm.trials,
            "trainable_parameters": arm.trainable_parameters,
            "total_parameters": arm.total_parameters,
            "peak_bytes": arm.peak_bytes,
            **{f"test_{metric}": value for metric, value in arm.metrics.items()},
        }
        for arm in arms
    ]
    return pandas.DataFrame(rows).convert_dtypes()


def ranking_frame(rows: Sequence[RankedSource]) -> pandas.DataFrame:
    """One row a source, the most promising first.

    Columns: source, predicted, low, high, chance, above_floor, parameters, licence, trained_on, seconds, note; then one
    column a score.
    """
    import pandas

    told = [
        {
            "source": row.name,
            "predicted": row.predicted,
            "low": row.low,
            "high": row.high,
            "chance": row.chance,
            "above_floor": row.above_floor,
            "parameters": row.parameters,
            "licence": row.licence,
            "trained_on": row.trained_on,
            "seconds": row.seconds,
            "note": row.note,
            **row.scores,
        }
        for row in rows
    ]
    return pandas.DataFrame(told).convert_dtypes()


def domains_frame(rows: Sequence[RankedDomain]) -> pandas.DataFrame:
    """One row a labelled data set, the most promising first.

    Columns: source, distance, own (accuracy, 0 to 1), bound, n_labelled, classes and lacks (names joined by ", "), features,
    note.
    """
    import pandas

    told = [
        {
            "source": row.name,
            "distance": row.distance,
            "own": row.own,
            "bound": row.bound,
            "n_labelled": row.n_labelled,
            "classes": ", ".join(row.classes),
            "lacks": ", ".join(row.lacks),
            "features": row.features,
            "note": row.note,
        }
        for row in rows
    ]
    return pandas.DataFrame(told).convert_dtypes()
