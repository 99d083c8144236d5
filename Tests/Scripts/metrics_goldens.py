"""Prints the expected values that the tests of Metrics hold as literals.

Needs numpy, scipy and scikit-learn 1.7 or later. Run: python3 metrics_goldens.py
"""

import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

warnings.simplefilter("ignore")

BINARY = (
    [0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0],
    [0.9, 0.2, 0.45, 0.55, 0.1, 0.7, 0.8, 0.05, 0.35, 0.48, 0.6, 1.0],  # p(class 0)
)
THREE = (
    [0, 1, 2, 2, 1, 0, 2, 1, 0, 2],
    [
        [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.5, 0.3], [0.05, 0.05, 0.9], [0.4, 0.35, 0.25],
        [0.55, 0.25, 0.2], [0.3, 0.3, 0.4], [0.0, 1.0, 0.0], [0.25, 0.3, 0.45], [1.0, 0.0, 0.0],
    ],
)
# A second held-out part, smaller and of other class shares.
PART = (
    [0, 0, 0, 1, 0, 0],
    [
        [0.6, 0.3, 0.1], [0.4, 0.35, 0.25], [0.3, 0.5, 0.2], [0.45, 0.3, 0.25], [0.9, 0.05, 0.05],
        [0.2, 0.2, 0.6],
    ],
)


def calibration_error(labels, p, bins=15):
    """Guo et al. 2017, equation 3, in bins (lower, upper]."""
    confidence, right = p.max(axis=1).astype(float), p.argmax(axis=1) == labels
    error = 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def report(name, labels, p):
    labels, p = np.array(labels), np.array(p, dtype=np.float32)
    classes = list(range(p.shape[1]))
    predicted = p.argmax(axis=1)
    macro = metrics.f1_score(labels, predicted, average="macro", zero_division=0)
    f1 = metrics.f1_score(labels, predicted, zero_division=0) if len(classes) == 2 else macro
    targets = np.eye(len(classes))[labels]
    # scikit-learn refuses labels of one class only without being told of the others.
    brier = ((targets - p.astype(float)) ** 2).sum(axis=1).mean() * (0.5 if len(classes) == 2 else 1)
    if len(set(labels)) == len(classes):
        reference = metrics.brier_score_loss(labels, p if len(classes) > 2 else p[:, 1])
        assert abs(reference - brier) < 1e-6
    print(name)
    for key, value in [
        ("accuracy", metrics.accuracy_score(labels, predicted)),
        ("f1", f1),
        ("macroF1", macro),
        ("mcc", metrics.matthews_corrcoef(labels, predicted)),
        ("balancedAccuracy", metrics.balanced_accuracy_score(labels, predicted)),
        ("crossEntropy", metrics.log_loss(labels, p, labels=classes)),
        ("calibrationError", calibration_error(labels, p)),
        ("brier", brier),
    ]:
        print(f"    {key}: {float(value)!r}")
    if len(classes) == 2:
        negative = metrics.f1_score(labels, predicted, pos_label=0, zero_division=0)
        print("    f1 of class 0:", negative)


def two(p0):
    return np.stack([np.array(p0, dtype=np.float32), 1 - np.array(p0, dtype=np.float32)], axis=1)


report("binary", BINARY[0], two(BINARY[1]))
report("three", *THREE)
report("all predicted as one class", [0, 1, 0, 1], two([0.2, 0.3, 0.1, 0.4]))
report("all labels of one class", [0, 0, 0], two([0.9, 0.6, 0.2]))
report("positive class nowhere", [0, 0], two([0.9, 0.6]))
report("a class that occurs nowhere", [0, 1, 0], [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.3, 0.6, 0.1]])
report("a class that is only predicted", [0, 1, 0], [[0.6, 0.3, 0.1], [0.2, 0.1, 0.7], [0.3, 0.6, 0.1]])
report("second part", *PART)
report("both parts' rows", THREE[0] + PART[0], THREE[1] + PART[1])

print("McNemar")
for a, b in [(0, 0), (1, 0), (5, 5), (3, 12), (12, 3), (0, 40), (48, 71), (480, 610), (9000, 9400),
             (1000, 2200), (10, 2000)]:
    p = 1.0 if a + b == 0 else stats.binomtest(min(a, b), a + b, 0.5).pvalue
    print(f"    ({a}, {b}, {float(p)!r}),")

print("Wilson")
print("   ", stats.binomtest(96, 120).proportion_ci(0.95, method="wilson"))

print("ranks and correlations")
X = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0]
Y = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0, 2.0, 8.0]
i = np.arange(200)
U = (i * 37 % 101).astype(float)
V = (i * 53 % 97 + i // 2).astype(float)
print("    ranks:", stats.rankdata(X).tolist())
for name, x, y in [("small", X, Y), ("large", U, V), ("reversed", U, -U), ("same", U, U)]:
    print(f"    {name}: rho {float(stats.spearmanr(x, y)[0])!r} tau {float(stats.kendalltau(x, y)[0])!r}")

print("bootstrap, 20,000 resamples")
result = stats.bootstrap((U, V), lambda a, b: stats.spearmanr(a, b)[0], paired=True,
                         vectorized=False, method="percentile", n_resamples=20000, rng=1)
print("    rho of large:", result.confidence_interval)
first = i % 10 < 8
second = (i * 7 + 3) % 20 < 14
result = stats.bootstrap((first * 1.0 - second * 1.0,), np.mean, method="percentile",
                         n_resamples=20000, rng=1)
print("    difference:", (first * 1.0 - second).mean(), result.confidence_interval)
print("    quantiles:", np.quantile([1.0, 2.0, 4.0, 8.0, 16.0], [0, 0.025, 0.3, 0.5, 0.975, 1]).tolist())
