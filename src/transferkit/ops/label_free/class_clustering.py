"""Class clustering: the predicted classes are what a clustering of the target features finds by itself.

Class AMI of Musgrave, Belongie & Lim 2022, arXiv:2208.07360, after Robbiano et al. 2022: k-means on the target features, begun
at the means of the predicted classes, and the adjusted mutual information of clusters and predicted classes. 1 where they
agree, about 0 where they have nothing to do with each other. A model that predicts one class scores 0. Clusters may bear the
wrong names. Differs: only classes that are predicted get a cluster; nothing is drawn at random, and of more than `MOST` items
always the same ones count. Cost O(n d C) an iteration with n at most `MOST`.
"""

from __future__ import annotations

import warnings

import numpy as np

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore

MOST = 5000


def class_clustering(judged: Judged) -> float:
    """Adjusted mutual information of predicted classes and clusters of the target features; higher is better."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import adjusted_mutual_info_score

    if judged.target_features is None:
        raise ValueError("this score needs features of the target items")
    classes, features = judged.target_classes, judged.target_features
    if len(classes) > MOST:
        kept = np.random.default_rng(0).permutation(len(classes))[:MOST]
        classes, features = classes[kept], features[kept]
    classes = np.unique(classes, return_inverse=True)[1]
    if classes.max() == 0:
        return 0.0
    middles = np.stack([features[classes == k].mean(axis=0) for k in range(classes.max() + 1)])
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # fewer distinct features than classes: clusters that are empty
        clusters = KMeans(len(middles), init=middles, n_init=1, random_state=0).fit_predict(features)
    return float(adjusted_mutual_info_score(classes, clusters))


SCORE = LabelFreeScore(function=class_clustering, needs=frozenset({"target_features"}), low="-inf", high="1")
