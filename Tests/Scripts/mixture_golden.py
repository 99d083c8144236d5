"""Prints the expected values of a mixture of heads that the tests of Export and Metrics hold as literals.

Needs numpy. Run: python3 mixture_golden.py
"""

import numpy as np

# Two rows of three classes from two members: one trained twice, one once.
MEMBERS = [
    (0.625, [[[1.5, -0.25, 0.0], [2.0, 2.0, -6.0]], [[0.5, 0.75, -1.0], [-3.0, 40.0, 1.0]]]),
    (0.375, [[[-2.0, 0.125, 3.0], [0.0, -90.0, 90.0]]]),
]


def softmax(x):
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


mixed = sum(w * np.mean([softmax(np.array(z)) for z in replicas], 0) for w, replicas in MEMBERS)
print("probabilities", np.round(mixed, 12).tolist())
for temperature in (1.0, 1.75):
    logits = np.log(mixed) / temperature
    print(temperature, "logits", np.round(logits, 9).tolist())
    print(temperature, "probabilities", np.round(softmax(logits), 9).tolist())

# Probabilities to begin with.
PREDICTIONS = [
    (0.625, [[0.5, 0.25, 0.25], [0.125, 0.875, 0.0]]),
    (0.375, [[0.0625, 0.1875, 0.75], [0.0, 0.0, 1.0]]),
]
mixed = sum(w * np.array(p) for w, p in PREDICTIONS)
for temperature in (1.0, 1.75):
    print(temperature, "mixed", np.round(softmax(np.log(mixed) / temperature), 9).tolist())
