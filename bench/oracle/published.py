"""Other people's tables of true fine-tuning results, replayed: what each score in them, and each fact, was worth.

- `tllib_model_selection.csv`: ten ImageNet networks on eight data sets, with H-score, LEEP, LogME and NCE, from the
  model-selection page of the Transfer Learning Library (examples/model_selection/README.md of
  thuml/Transfer-Learning-Library at c4aa59eb; MIT licence). In its DTD table the column of NCE repeats that of LogME.
- `parc_controlled.csv`: 28 networks (four architectures, each trained on seven or eight data sets) on seven data sets, from
  the bank of Bolya, Mittapalli & Hoffman 2021, arXiv:2111.06977 (oracles/controlled.csv of dbolya/parc at ddfca43a). The
  features that scores need are not in it.
- `imagenet_networks.csv`: parameters and ImageNet top-1 accuracy of these architectures, as torchvision gives them for its
  first weights.

Neither holds left-out accuracies, which our rule is made of. What is left of the ranking without them is the mean place
under the other scores, by which it orders equals.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from bench.oracle.regret import regret, weighted_tau

FOLDER = Path(__file__).parent / "published_tables"
SCORES = ("h_score", "leep", "logme", "nce")


def replayed() -> dict[str, Any]:
    """Weighted tau by data set, for each column; regret at 1 beside it, in points."""
    facts = {row["model"]: row for row in rows("imagenet_networks")}
    library: dict[str, Any] = {}
    for data_set, table in _by_data_set(rows("tllib_model_selection")).items():
        columns = {name: np.array([float(row[name]) for row in table]) for name in SCORES}
        columns["mean place of the scores"] = mean_place(list(columns.values()))
        library[data_set] = _worth(table, columns | _static(table, facts))
    bank = {
        data_set: _worth(table, _static(table, facts))
        for data_set, table in _by_data_set(rows("parc_controlled")).items()
    }
    return {"tllib": library | {"mean": _mean(library)}, "parc": bank | {"mean": _mean(bank)}}


def mean_place(columns: Sequence[np.ndarray]) -> np.ndarray:
    """(n,) minus the mean place under several scores, so that more is better.

    >>> mean_place([np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.3, 0.2])]).tolist()
    [-3.0, -1.5, -1.5]
    """
    return -np.mean([stats.rankdata(-column, method="min") for column in columns], axis=0)


def rows(name: str) -> list[dict[str, str]]:
    """A published table as it is kept."""
    with (FOLDER / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _worth(table: Sequence[dict[str, str]], columns: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    truth = np.array([float(row["accuracy"]) for row in table])
    return {
        name: {"weighted_tau": weighted_tau(truth, values), "regret_at_1": regret(truth, values)}
        for name, values in columns.items()
    }


def _static(table: Sequence[dict[str, str]], facts: dict[str, dict[str, str]]) -> dict[str, np.ndarray]:
    return {
        "largest": np.array([float(facts[row["model"]]["parameters"]) for row in table]),
        "most accurate on ImageNet": np.array([float(facts[row["model"]]["top_1"]) for row in table]),
    }


def _by_data_set(table: Sequence[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in table:
        found.setdefault(row["data_set"], []).append(row)
    return found


def _mean(worth: dict[str, Any]) -> dict[str, dict[str, float]]:
    names = next(iter(worth.values()))
    return {
        name: {key: float(np.mean([one[name][key] for one in worth.values()])) for key in names[name]} for name in names
    }
