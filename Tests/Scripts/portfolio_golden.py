"""Prints the expected temperatures and portfolio weights that the tests of Metrics and Selection hold as literals.

Needs numpy and scipy. Run: python3 portfolio_golden.py
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# Three classes; the first ten rows are those of metrics_goldens.py's THREE without zeros.
LABELS = np.array([0, 1, 2, 2, 1, 0, 2, 1, 0, 2])
PROBABILITIES = np.array([
    [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.5, 0.3], [0.05, 0.05, 0.9], [0.4, 0.35, 0.25],
    [0.55, 0.25, 0.2], [0.3, 0.3, 0.4], [0.01, 0.98, 0.01], [0.25, 0.3, 0.45], [0.1, 0.2, 0.7],
], dtype=np.float32).astype(float)


def loss(inverse, labels, p):
    return -log_softmax(np.log(p) * inverse, axis=1)[np.arange(len(labels)), labels].mean()


def temperature(labels, p):
    found = minimize_scalar(
        loss, bounds=(1 / 8, 5), args=(labels, p), method="bounded", options={"xatol": 1e-12})
    return 1 / found.x, found.fun


def softened(factor):
    p = PROBABILITIES**factor
    return (p / p.sum(1, keepdims=True)).astype(np.float32).astype(float)


print("temperatures and cross entropies")
for factor in (1.0, 3.0, 0.5):
    print(f"    probabilities to the power {factor}:", *temperature(LABELS, softened(factor)))

print("expectation-maximisation")
# The probabilities that three heads give the true classes of five rows; one of them is zero.
TRUTH = np.array([
    [0.9, 0.8, 0.7, 0.1, 0.2], [0.5, 0.5, 0.5, 0.5, 0.5], [0.2, 0.0, 0.7, 0.9, 0.8],
], dtype=np.float32).astype(float)
truth = np.maximum(TRUTH, np.finfo(np.float32).eps)
weights = np.full(3, 1 / 3)
for _ in range(20):
    before = np.log(weights @ truth).mean()
    weights = (weights[:, None] * truth / (weights @ truth)).mean(1)
    assert np.log(weights @ truth).mean() >= before
print("    weights:", weights.tolist())
print("    of the two largest:", (np.sort(weights)[:0:-1] / np.sort(weights)[1:].sum()).tolist())
