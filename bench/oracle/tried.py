"""Rules of other kinds, tried beside the family of `rules.py`: each orders a target's sources by what the others teach.

All of them see what `rank` sees, and nothing of the target's truth:

- `experience with a source`, `with an architecture`, `with both`: a mixed model in logits - an intercept for each target,
  slopes for the rule's terms, random effects for what a source (its kind of network) reached elsewhere beyond its terms -
  whose variances are those of the largest restricted likelihood on a grid (Patterson & Thompson 1971) and whose effects are
  shrunk by them (Henderson 1975); a source nobody has met has the effect 0;
- `weight of evidence`: each reader's logit shrunk towards the target's mean by its own standard error, which labels decide;
- `ridge within targets`: every reader, LogME, size and depth, centred within each target, the penalty chosen on targets
  left out;
- `who of two wins`: logistic regression on the differences of pairs of sources that reach the top, weighted by how far apart
  the two are;
- `depth`: the rule's terms and the number of layers, for what fine-tuning may gain over reading.

`peeking` looks at the test: what it still loses, no reader of features as they are can be hoped to win.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

import numpy as np

from bench.oracle import rules
from bench.oracle.regret import regret
from bench.oracle.table import Problem, problems
from transferkit.evaluate.forecast import RULE

READERS = ("lda", "nearest_class_mean", "leave_one_out", "knn")
EVERYTHING = (*READERS, "logme", "size", "depth")
RATIOS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Variances of random effects, as multiples of that of the residuals."""
PENALTIES = tuple(10.0**power for power in range(-1, 4))
CLOSE = 0.1
"""A pair counts where one of the two is within this accuracy of the target's best."""
LAYERS = {
    "mobilenet_v2": 53,
    "mobilenet": 28,
    "squeezenet": 18,
    "cifar-resnet20": 20,
    "cifar-resnet32": 32,
    "cifar-resnet56": 56,
}
"""By the beginning of the name, the first that fits; the others are small ones of five."""

Kind = Callable[[str], str]
Rule = Callable[[Sequence[Problem], Problem], np.ndarray]
"""(what is known of other targets, a target) -> (n_sources,), higher where better."""


def architecture(source: str) -> str:
    """The kind of network a source is."""
    return next((name for name in ("mobilenet", "squeezenet", "cifar-resnet") if source.startswith(name)), "small_cnn")


def itself(source: str) -> str:
    """Every source is its own kind."""
    return source


def columns(problem: Problem, names: Sequence[str]) -> np.ndarray:
    """(n_sources, n_names)"""
    known = rules.terms_of(problem) | {
        "readers": np.mean([rules.terms_of(problem)[name] for name in RULE.coefficients if name in READERS], axis=0),
        "all readers": np.mean([rules.terms_of(problem)[name] for name in READERS], axis=0),
        "logme": problem.scores["logme"],
        "depth": np.log10([next((n for k, n in LAYERS.items() if one.startswith(k)), 5) for one in problem.sources]),
    }
    return np.column_stack([known[name] for name in names])


def mixed(others: Sequence[Problem], problem: Problem, names: Sequence[str], kinds: Sequence[Kind]) -> np.ndarray:
    """Slopes of the terms plus the shrunken effects of the kinds."""
    wanted = np.concatenate([rules.logits_of(one) for one in others])
    target = np.repeat(np.arange(len(others)), [len(one.sources) for one in others])
    met = [source for one in others for source in one.sources]
    fixed = np.column_stack([np.eye(len(others))[target], np.vstack([columns(one, names) for one in others])])
    levels = [sorted({kind(source) for source in met}) for kind in kinds]
    members = [
        np.array([[kind(source) == level for level in known] for source in met], dtype=float)
        for kind, known in zip(kinds, levels, strict=True)
    ]
    found = [_restricted(wanted, fixed, members, ratios) for ratios in product(RATIOS, repeat=len(kinds))]
    _, ratios, slopes, weighed = max(found, key=lambda one: one[0])
    values = columns(problem, names) @ slopes[len(others) :]
    for ratio, member, kind, known in zip(ratios, members, kinds, levels, strict=True):
        effects = dict(zip(known, ratio * member.T @ weighed, strict=True))
        values = values + np.array([effects.get(kind(source), 0.0) for source in problem.sources])
    return np.asarray(values)


def _restricted(
    wanted: np.ndarray, fixed: np.ndarray, members: Sequence[np.ndarray], ratios: Sequence[float]
) -> tuple[float, Sequence[float], np.ndarray, np.ndarray]:
    """Restricted log likelihood; ratios; slopes (n_fixed,); V^-1 times the residuals (n,)."""
    covariance = np.eye(len(wanted))
    for ratio, member in zip(ratios, members, strict=True):
        covariance += ratio * member @ member.T
    inverse = np.linalg.inv(covariance)
    normal = fixed.T @ inverse @ fixed
    slopes = np.linalg.solve(normal, fixed.T @ inverse @ wanted)
    residual = wanted - fixed @ slopes
    free = len(wanted) - fixed.shape[1]
    determinants = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(normal)[1]
    likelihood = -0.5 * (free * np.log(residual @ inverse @ residual / free) + determinants)
    return float(likelihood), ratios, slopes, inverse @ residual


def weight_of_evidence(others: Sequence[Problem], problem: Problem) -> np.ndarray:
    """The rule's terms within targets, the readers' shrunk as their own standard errors say."""

    def seen(one: Problem) -> np.ndarray:
        reader, size = columns(one, ("readers", "size")).T
        share = 1 / (1 + np.exp(-reader))
        variance = 1 / (one.n_labels * share * (1 - share))
        spread = max(float(reader.var() - variance.mean()), 0.0)
        return np.column_stack([(reader - reader.mean()) * spread / (spread + variance), size - size.mean()])

    wanted = np.concatenate([_centred(rules.logits_of(one)) for one in others])
    return np.asarray(seen(problem) @ np.linalg.lstsq(np.vstack([seen(one) for one in others]), wanted, rcond=None)[0])


def ridge(others: Sequence[Problem], problem: Problem) -> np.ndarray:
    """All there is, within targets."""
    parts = [_centred(columns(one, EVERYTHING)) for one in others]
    unit = np.vstack(parts).std(axis=0)
    parts, wanted = [part / unit for part in parts], [_centred(rules.logits_of(one)) for one in others]

    def slopes(chosen: Sequence[int], penalty: float) -> np.ndarray:
        design, truth = np.vstack([parts[i] for i in chosen]), np.concatenate([wanted[i] for i in chosen])
        return np.linalg.solve(design.T @ design + penalty * np.eye(len(unit)), design.T @ truth)

    everyone = range(len(others))

    def loss(penalty: float) -> float:
        without = {i: slopes([k for k in everyone if k != i], penalty) for i in everyone}
        return sum(float(np.square(wanted[i] - parts[i] @ without[i]).sum()) for i in everyone)

    return np.asarray(columns(problem, EVERYTHING) / unit @ slopes(everyone, min(PENALTIES, key=loss)))


def who_wins(others: Sequence[Problem], problem: Problem, names: Sequence[str]) -> np.ndarray:
    """Bradley & Terry 1952, with terms."""
    from sklearn.linear_model import LogisticRegression

    differences, won, weights = [], [], []
    for one in others:
        seen, best = columns(one, names), one.truth.max()
        for i, j in product(range(len(one.sources)), repeat=2):
            if max(one.truth[i], one.truth[j]) > best - CLOSE and one.truth[i] != one.truth[j]:
                differences.append(seen[i] - seen[j])
                won.append(one.truth[i] > one.truth[j])
                weights.append(abs(one.truth[i] - one.truth[j]))
    unit = np.std(differences, axis=0)
    model = LogisticRegression(C=0.01, fit_intercept=False)
    model.fit(np.array(differences) / unit, won, sample_weight=np.array(weights) / np.mean(weights))
    return np.asarray(columns(problem, names) / unit @ model.coef_[0])


def _centred(values: np.ndarray) -> np.ndarray:
    return np.asarray(values - values.mean(axis=0))


TERMS = ("readers", "size")
TRIED: dict[str, Rule] = {
    "slopes within targets": partial(mixed, names=TERMS, kinds=()),
    "experience with a source": partial(mixed, names=TERMS, kinds=(itself,)),
    "experience with a source, all readers": partial(mixed, names=("all readers", "size"), kinds=(itself,)),
    "experience with an architecture": partial(mixed, names=TERMS, kinds=(architecture,)),
    "experience with both": partial(mixed, names=TERMS, kinds=(itself, architecture)),
    "weight of evidence": weight_of_evidence,
    "ridge within targets": ridge,
    "who of two wins": partial(who_wins, names=TERMS),
    "who of two wins, all terms": partial(who_wins, names=EVERYTHING),
    "depth": partial(mixed, names=(*TERMS, "depth"), kinds=()),
}


def values(table: Sequence[Problem]) -> dict[str, list[np.ndarray]]:
    """Name -> what the rule says of every target, made without that target."""
    return {
        name: [rule([other for other in table if other is not one], one) for one in table]
        for name, rule in TRIED.items()
    }


def peeking(table: Sequence[Problem]) -> list[np.ndarray]:
    """(n_sources,) for every target: accuracy of a linear probe of the labels, on the test itself."""
    probed = {one.target: dict(zip(one.sources, one.truth, strict=True)) for one in problems(method="linear_probe")}
    return [np.array([probed[one.target][source] for source in one.sources]) for one in table]


def regrets_of_one_seed(table: Sequence[Problem]) -> list[float]:
    """For every target: what is lost by picking on the test after fine-tuning every source with one seed, judged by the others;
    mean over seeds. What the oracle's own noise costs."""
    found = []
    for one in table:
        losses = []
        for seed in range(one.accuracies.shape[1]):
            rest = np.nanmean(np.delete(one.accuracies, seed, axis=1), axis=1)
            losses.append(regret(rest, one.accuracies[:, seed]))
        found.append(float(np.mean(losses)))
    return found
