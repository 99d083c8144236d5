"""Goldens of LogME for Tests/ScoringTests/LogMETests.swift: python3 logme_golden.py

Needs numpy. Posterior means, traces and determinants come from explicit matrices, as the paper states them (You et al.,
ICML 2021, equation 2 and algorithm 2); the program has one spectrum instead.
"""

import numpy as np


def table(rows, width):
    """Features and labels that the test makes in the same way."""
    values = np.array(
        [[((7 * r + 3 * c * c + r * c) % 11) / 8 - 0.5 for c in range(width)] for r in range(rows)]
    )
    labels = np.array([(r * r + r // 3) % 3 for r in range(rows)])
    return values.astype(np.float32).astype(np.float64), labels


def evidence(features, target):
    n, width = features.shape
    alpha = beta = 1.0
    for _ in range(11):
        ratio = alpha / beta
        mean = np.linalg.solve(
            alpha * np.eye(width) + beta * features.T @ features, beta * features.T @ target
        )
        gamma = np.trace(
            np.linalg.solve(features.T @ features + ratio * np.eye(width), features.T @ features)
        )
        norm, miss = mean @ mean, np.sum((target - features @ mean) ** 2)
        alpha = gamma / (norm + 1e-5)
        beta = (n - gamma) / (miss + 1e-5)
        if abs(alpha / beta - ratio) / ratio < 0.01:
            break
    # log det of the Hessian, and the quadratic form at the mean of the last step.
    _, determinant = np.linalg.slogdet(alpha * np.eye(width) + beta * features.T @ features)
    total = (
        width / 2 * np.log(alpha)
        + n / 2 * np.log(beta)
        - determinant / 2
        - beta / 2 * (miss + 1e-5)
        - alpha / 2 * (norm + 1e-5)
        - n / 2 * np.log(2 * np.pi)
    )
    return total / n


for rows, width in [(40, 5), (9, 16), (12, 12)]:
    features, labels = table(rows, width)
    score = np.mean([evidence(features, (labels == k).astype(float)) for k in range(3)])
    print(f"({rows}, {width}, {float(score)!r}),")
