"""The family that the ranking's rule is chosen from, how one is fitted, and what it says of targets it has not seen.

All are lines in logits (`transferkit.evaluate.forecast`), fitted by least squares to (target, source) pairs that count
alike. To judge one, each target in turn is left out of the fit. To judge the *choice* of one, the choice too is made
without the target (`nested`). `python -m bench.oracle.rules` prints the rule that the library keeps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import numpy as np
from scipy.special import logit

from bench.oracle.regret import weighted_tau
from bench.oracle.table import Problem, problems
from transferkit.evaluate.forecast import SHARES, Forecast, Rule, forecast, line, terms

FAMILY: tuple[tuple[str, ...], ...] = tuple(
    (*readers, *size)
    for n_readers in range(1, len(SHARES) + 1)
    for readers in combinations(SHARES, n_readers)
    for size in ((), ("size",))
)
"""Every set of readers, with the network's size and without."""
FACTS = ("size", "own_accuracy")
"""Terms with a slope of their own. A source's accuracy on its own data is only looked at here: no rule of the family has it."""
LEVEL = 0.95
TESTED = 1000
"""About as many test items as targets have: keeps the logit of a true accuracy of 1 finite."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One target, as a rule that was made without it sees it."""

    problem: Problem
    rule: Rule
    forecast: Forecast

    @property
    def covered(self) -> float:
        """Share of sources whose true accuracy lies in the interval."""
        truth = self.problem.truth
        return float(((self.forecast.low <= truth) & (truth <= self.forecast.high)).mean())


def fitted(table: Sequence[Problem], names: Sequence[str]) -> Rule:
    """The line with these terms; its spread and quantile are those of targets left out in turn."""
    found, residuals, centred, variances = _line(table, names), [], [], []
    for one, without in _each_left_out(table, names):
        middle, error = line(without, terms_of(one), one.n_labels)
        residual = logits_of(one) - middle
        residuals.append(residual)
        centred.append((residual - residual.mean()) * math.sqrt(len(residual) / (len(residual) - 1)))
        variances.append(np.square(error))
    residual, variance = np.concatenate(residuals), np.concatenate(variances)
    spread = _beyond(residual, variance)
    normal = np.sort(np.abs(residual) / np.sqrt(spread**2 + variance))
    quantile = normal[min(math.ceil(LEVEL * (len(normal) + 1)), len(normal)) - 1]
    return replace(found, spread=spread, quantile=float(quantile), between=_beyond(np.concatenate(centred), variance))


def _beyond(residual: np.ndarray, variance: np.ndarray) -> float:
    """Standard deviation of residuals (n,) beyond what their known variances (n,) explain."""
    return math.sqrt(max(float((np.square(residual) - variance).mean()), 0.0))


def left_out(table: Sequence[Problem], names: Sequence[str]) -> list[Judged]:
    """Every target, judged by the rule that all others make; its interval too."""
    return [_judged(one, fitted(_without(table, one), names)) for one in table]


def agreement(table: Sequence[Problem], names: Sequence[str]) -> float:
    """Mean weighted tau on targets left out in turn: what the rule is chosen by; regret is too coarse with ten targets."""
    taus = [
        weighted_tau(one.truth, line(without, terms_of(one), one.n_labels)[0])
        for one, without in _each_left_out(table, names)
    ]
    return float(np.mean(taus))


def chosen(table: Sequence[Problem]) -> tuple[str, ...]:
    """The member of the family that agrees best with targets left out."""
    return max(FAMILY, key=lambda names: agreement(table, names))


def nested(table: Sequence[Problem]) -> list[tuple[tuple[str, ...], Judged]]:
    """Every target, judged by the rule that is chosen and fitted without it."""
    found = []
    for one in table:
        others = _without(table, one)
        names = chosen(others)
        found.append((names, _judged(one, fitted(others, names))))
    return found


def _judged(problem: Problem, rule: Rule) -> Judged:
    return Judged(problem, rule, forecast(rule, terms_of(problem), problem.n_labels))


def _each_left_out(table: Sequence[Problem], names: Sequence[str]) -> Iterator[tuple[Problem, Rule]]:
    for one in table:
        yield one, _line(_without(table, one), names)


def _without(table: Sequence[Problem], one: Problem) -> list[Problem]:
    return [problem for problem in table if problem is not one]


def _line(table: Sequence[Problem], names: Sequence[str]) -> Rule:
    """Least squares. Readers share a slope: ten targets cannot tell theirs apart, and a mean is steadier than any of them."""
    readers = [name for name in names if name not in FACTS]
    facts = [name for name in FACTS if name in names]
    seen = [terms_of(problem) for problem in table]
    columns = [np.concatenate([np.mean([one[name] for name in readers], axis=0) for one in seen])]
    columns += [np.concatenate([one[name] for one in seen]) for name in facts]
    design = np.column_stack([np.ones(len(columns[0])), *columns])
    wanted = np.concatenate([logits_of(problem) for problem in table])
    intercept, slope, *slopes = np.linalg.lstsq(design, wanted, rcond=None)[0]
    coefficients = {name: float(slope) / len(readers) for name in readers} | dict(
        zip(facts, map(float, slopes), strict=True)
    )
    return Rule(float(intercept), coefficients, spread=0.0, quantile=0.0, between=0.0)


@cache
def terms_of(problem: Problem) -> dict[str, np.ndarray]:
    """Everything a rule of the family may use, and the source's accuracy on its own data."""
    own = np.clip(problem.own_accuracy, 0.01, 0.99)
    known = logit(own[~np.isnan(own)])
    own_accuracy = np.where(np.isnan(own), known.mean() if known.size else 0.0, logit(own))  # unknown is middling
    return terms(problem.scores, problem.n_labels, problem.parameters.tolist()) | {"own_accuracy": own_accuracy}


def logits_of(problem: Problem) -> np.ndarray:
    """(n_sources,) of true accuracies, counted like the terms'."""
    right = TESTED * problem.truth
    return np.asarray(np.log((right + 0.5) / (TESTED - right + 0.5)))


if __name__ == "__main__":
    everything = problems(fewest_seeds=2)
    print(fitted(everything, chosen(everything)))
