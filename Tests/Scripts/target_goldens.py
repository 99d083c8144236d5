"""Prints the expected values of tests about several labels a row, and about numbers.

Needs numpy, scipy and scikit-learn. Run: python3 target_goldens.py
"""

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score, f1_score

LABELS = np.array(
    [[1, 0, 1], [0, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [0, 0, 0]]
)
SHARES = np.array(
    [
        [0.8, 0.1, 0.6],
        [0.3, 0.2, 0.1],
        [0.4, 0.9, 0.3],
        [0.6, 0.6, 0.2],
        [0.2, 0.3, 0.4],
        [0.7, 0.2, 0.9],
        [0.1, 0.45, 0.7],
        [0.5, 0.6, 0.05],
    ]
)
ROWS = np.array(
    [
        [0.2, -1.0],
        [1.1, 0.3],
        [-0.7, 0.8],
        [0.5, 0.5],
        [-1.2, -0.4],
        [0.9, -0.9],
        [-0.3, 1.4],
        [-0.5, -0.7],
    ]
)
NUMBERS = np.array([1, 2.5, 0, 3, -1, 4, 2, 0.5])
SAID = np.array([1.2, 2, 0.5, 2, -0.5, 3, 2.6, 1])

given = (SHARES >= 0.5).astype(int)
shares = SHARES.astype(np.float32).astype(float)
print("micro F1", f1_score(LABELS, given, average="micro"))
print("macro F1", f1_score(LABELS, given, average="macro"))
print("all right", (given == LABELS).all(axis=1).mean())
print("average precision", average_precision_score(LABELS, SHARES, average="macro"))
print("of all together", average_precision_score(LABELS, SHARES, average="micro"))
print("cross entropy", -(LABELS * np.log(shares) + (1 - LABELS) * np.log(1 - shares)).mean())
print("Brier", ((SHARES - LABELS) ** 2).mean())

x = (ROWS - ROWS.mean(axis=0)) / ROWS.std(axis=0)
print("rows", x.astype(np.float32).tolist())
for strength in (0.1, 1):
    for label in range(LABELS.shape[1]):
        fit = LogisticRegression(C=strength, tol=1e-12, max_iter=100000).fit(x, LABELS[:, label])
        print("one against the rest", strength, label, fit.coef_.tolist(), fit.intercept_.tolist())
standard = (NUMBERS - NUMBERS.mean()) / NUMBERS.std()
for strength in (0.1, 1):
    fit = Ridge(alpha=1 / strength).fit(x, standard)
    print("ridge", strength, fit.coef_.tolist(), fit.intercept_)

print("Pearson", pearsonr(NUMBERS, SAID)[0], "Spearman", spearmanr(NUMBERS, SAID)[0])
print("squared error", ((NUMBERS - SAID) ** 2).mean(), "distance", abs(NUMBERS - SAID).mean())
print("deviation", NUMBERS.std(), "mean", NUMBERS.mean())
