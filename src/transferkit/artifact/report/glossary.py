"""The words a report uses, each explained once."""

from __future__ import annotations

TERMS: dict[str, str] = {
    "arm": "One way of getting a model that was tried: a method on one or more sources.",
    "baseline": "What an arm is compared with: training the same architecture from scratch, with the same data, tuning "
    "and budget; or the default network of such data, where the source has no such architecture or it does not fit the budget. "
    "Where nothing is learned from the target's labels: the source only, which is learned from the source's and used as it is.",
    "gain": "How much better an arm is than its baseline on the same test items, in points of the metric; "
    "positive is better.",
    "interval": "The range in which the true gain lies with the stated certainty, counting both that another training run "
    "(seed) and another set of test items would give other numbers.",
    "label equivalence": "With how many labels training from scratch does as well as transfer does with yours. Beyond your "
    "number of labels it is read off scratch's own curve, as if that went on falling as it has.",
    "margin": "The largest difference that does not matter in practice.",
    "seed": "The number all randomness of a fit is drawn from; several seeds show how much luck there is in training.",
    "source": "Where knowledge comes from: a pretrained model or a labelled data set.",
    "target": "The data this study is about.",
    "test split": "Items sealed away before anything was tried and looked at once, for the proof.",
    "validation": "Items on which arms and settings are chosen; numbers on them flatter, because the best were picked.",
    "verdict": "Helps, hurts, no difference or undecided, read off the interval. Undecided is a result: this test could "
    "not tell.",
}
