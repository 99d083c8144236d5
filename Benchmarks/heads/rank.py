#!/usr/bin/env python3
"""Fits the learned ranking to the tables of this directory, and judges it on tasks that were left out.

    python3 Benchmarks/heads/rank.py [--tables Benchmarks/heads] [--write]

With --write it writes `Sources/Scoring/LearnedWeights.swift` and the golden file of its test.
"""

import argparse
import csv
import json
import pathlib

import numpy as np
from features import PROXIES, centred_rank, genes, matrix, ranks

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PENALTY = 10.0
VOTE = ["alignment", "ntk-regression", "mgm-cosine"]
TOP = 16
# Columns of heads.csv that are no proxies but known without training.
KNOWN = [
    *PROXIES, "mgm-cosine", "gradsign", "zico", "flops", "parameters", "snip", "synflow", "naswot", "grad-norm", "mgm",
    "mgm-output", "fisher", "grasp", "knas-released",
]


class Study:
    """One task with one encoder: features, and how the heads did."""

    def __init__(self, task, heads, layers):
        self.task, self.encoder = task["task"], task["encoder"]
        self.heads, self.layers = heads, layers
        self.accuracy = np.array([float(head["accuracy"]) for head in heads])
        # Half of the ranks, half of the standardised accuracies: the first ignores how far apart heads
        # are, the second is ruled by the worst.
        ranked = centred_rank(self.accuracy)
        deviation = self.accuracy - self.accuracy.mean()
        self.target = (ranked / ranked.std() + deviation / deviation.std()) / 2
        # The same heads are drawn for many tasks: half of them are left out with the task.
        self.half = np.arange(len(heads)) // 4 % 2

        # What a search ranks: heads on the four layers that it keeps, and on their mix.
        best = sorted(layers, key=lambda layer: float(layer["cross_entropy"]))[:4]
        read = [genes(head["genotype"])[0][1]["of"] for head in heads]
        self.kept = np.isin(read, ["mix", *(layer["layer"] for layer in best)])

    def proxy(self, name):
        return np.array([float(head[name] or "nan") for head in self.heads])


def studies(directory):
    def rows(name):
        with open(directory / f"{name}.csv", newline="") as file:
            return list(csv.DictReader(file))

    heads, layers = rows("heads"), rows("layers")
    return [
        Study(task, *([row for row in table if all(row[k] == task[k] for k in ("task", "encoder"))]
                      for table in (heads, layers)))
        for task in rows("tasks")
    ]


def fit(parts):
    """Ridge regression of targets on features, both centred within each study.

    parts: a pair of features [heads, features] and targets [heads] for each study.
    """
    x = np.concatenate([features - features.mean(0) for features, _ in parts])
    y = np.concatenate([targets - targets.mean() for _, targets in parts])
    return np.linalg.solve(x.T @ x + PENALTY * np.eye(x.shape[1]), x.T @ y)


def left_out(all_studies, **options):
    """Values for every study by weights from the other tasks' heads of the other half."""
    tables = [matrix(s.heads, s.layers, **options)[1] for s in all_studies]
    values = []
    for study, table in zip(all_studies, tables):
        own = np.zeros(len(table))
        for half in (0, 1):
            weights = fit([
                (t[s.half != half], s.target[s.half != half])
                for s, t in zip(all_studies, tables) if s.task != study.task
            ])
            own[study.half == half] = (table @ weights)[study.half == half]
        values.append(own)
    return values


def rho(a, b):
    a, b = ranks(a), ranks(b)
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


def judge(values, accuracy):
    """Spearman's rho, regret of the best of the top 16 (points), and nDCG of the top 16.

    The gain of a head is 2^(5 r) - 1, r being its accuracy between the study's worst (0) and best (1).
    """
    values = np.where(np.isnan(values), -np.inf, values)
    order = np.argsort(-values, kind="stable")[:TOP]
    gain = 2 ** (5 * (accuracy - accuracy.min()) / np.ptp(accuracy)) - 1
    discount = 1 / np.log2(np.arange(TOP) + 2)
    best = np.sort(gain)[::-1][:TOP]
    return (rho(values, accuracy), 100 * (accuracy.max() - accuracy[order].max()),
            float((gain[order] * discount).sum() / (best * discount).sum()))


def by_task(all_studies, rows):
    """Means over the encoders of each task, [tasks, measures]."""
    names = list(dict.fromkeys(s.task for s in all_studies))
    return np.array([np.mean([r for s, r in zip(all_studies, rows) if s.task == name], axis=0)
                     for name in names])


def interval(values):
    """The mean over tasks and its 95 % bootstrap interval."""
    draws = np.random.default_rng(1).integers(0, len(values), (10_000, len(values)))
    low, high = np.quantile(np.asarray(values)[draws].mean(1), [0.025, 0.975])
    return f"{np.mean(values):.2f} ({low:.2f} to {high:.2f})"


def contestants(all_studies):
    """Values of everything that is compared, by name."""
    random = np.random.default_rng(2)
    found = {
        "learned": left_out(all_studies),
        "learned, layers unknown": left_out(all_studies, uses_layers=False),
        "learned, no proxies": left_out(all_studies, proxies=()),
        "learned, proxies alone": left_out(all_studies, uses_layers=False, uses_genotypes=False),
        "learned, proxies and layers": left_out(all_studies, uses_genotypes=False),
        "vote": [sum(centred_rank(s.proxy(p)) for p in VOTE) for s in all_studies],
        "sum of log ranks": [
            sum(np.log(centred_rank(s.proxy(p)) + 0.5) for p in PROXIES) for s in all_studies
        ],
        "layer's linear loss": [
            -matrix(s.heads, s.layers, (), uses_genotypes=False)[1][:, 0] for s in all_studies
        ],
        "one epoch's accuracy": [s.proxy("accuracy_epoch_1") for s in all_studies],
        "random": [random.random(len(s.accuracy)) for s in all_studies],
    }
    names = [n for n in list(all_studies[0].heads[0]) if n in KNOWN]
    return found | {name: [s.proxy(name) for s in all_studies] for name in names}


def report(all_studies):
    tasks = list(dict.fromkeys(s.task for s in all_studies))
    print(f"{len(all_studies)} studies of {len(tasks)} tasks, "
          f"{sum(len(s.accuracy) for s in all_studies)} heads\n")
    print(f"| ranked by | Spearman's rho | regret of the best of {TOP} | nDCG@{TOP} "
          "| rho on the four best layers | rho on each task |")
    print("|---|---|---|---|---|---|")
    judged = {}
    for name, values in contestants(all_studies).items():
        judged[name] = by_task(all_studies, [
            (*judge(v, s.accuracy), rho(v[s.kept], s.accuracy[s.kept]))
            for v, s in zip(values, all_studies)
        ])
    for name, rows in judged.items():
        print(f"| {name} | " + " | ".join(interval(column) for column in rows.T) + " | "
              + " ".join(f"{r:.2f}" for r in rows[:, 0]) + " |")
    print(f"\ntasks: {', '.join(tasks)}")
    for other in ("learned, no proxies", "vote", "sum of log ranks"):
        difference = (judged["learned"] - judged[other]).T
        print(f"learned minus {other}: "
              + ", ".join(f"{measure} {interval(column)}" for measure, column in
                          zip(("rho", "regret", "nDCG", "rho on the best layers"), difference)))


def write(all_studies):
    """Writes the weights from all studies, and what they give for some heads of one."""
    names = matrix(all_studies[0].heads, all_studies[0].layers)[0]
    parts = [(matrix(s.heads, s.layers)[1], s.target) for s in all_studies]
    weights = np.round(fit(parts), 3) + 0.0
    lines = [
        "extension LearnedRanking {",
        "    /// Made by `Benchmarks/heads/rank.py --write` from "
        f"{sum(len(s.accuracy) for s in all_studies)} trained heads.",
        "    static let weights: [(name: String, weight: Double)] = [",
        *(f'        ("{name}", {weight:.3f}),' for name, weight in zip(names, weights)),
        "    ]",
        "}",
        "",
    ]
    (ROOT / "Sources/Scoring/LearnedWeights.swift").write_text("\n".join(lines))
    study = next(s for s in all_studies if s.task == "paraphrase")
    heads = study.heads[::7] + [h for h in study.heads if "of=mix" in h["genotype"]][:1]
    golden = {
        "layers": {layer["layer"]: float(layer["cross_entropy"]) for layer in study.layers},
        "heads": [
            {"genotype": head["genotype"], "scores": {name: float(head[name]) for name in PROXIES},
             "value": round(float(value), 9)}
            for head, value in zip(heads, matrix(heads, study.layers)[1] @ weights)
        ],
    }
    (ROOT / "Tests/ScoringTests/Fixtures/learned.json").write_text(json.dumps(golden, indent=1) + "\n")
    for name, weight in zip(names, weights):
        print(f"{weight:+.3f}  {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=pathlib.Path, default=HERE)
    parser.add_argument("--write", action="store_true", help="write the library's weights")
    arguments = parser.parse_args()
    found = studies(arguments.tables)
    report(found)
    if arguments.write:
        write(found)


if __name__ == "__main__":
    main()
