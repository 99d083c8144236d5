#!/usr/bin/env python3
"""Makes the tables of this directory from the directories of studies (`knas correlate`).

    python3 Benchmarks/heads/collect.py STUDY... [--output Benchmarks/heads]

heads.csv has a row for each head, tasks.csv for each study, layers.csv for each layer's exact linear head.
Proxies have four significant digits, which keeps their ranks; accuracies and cross entropies five.
"""

import argparse
import csv
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
TASK = ["trainingRows", "heldOutRows", "classes"]
VIEW = ["segments", "meanTokens", "encoderLayers"]


def short(text, digits):
    """A number with so many significant digits; an empty cell stays empty."""
    return f"{float(text):.{digits}g}" if text else ""


def study(directory):
    """The rows of one study: of tasks.csv, heads.csv and layers.csv, without task and encoder."""
    result = json.loads((directory / "correlation.json").read_text())
    with open(directory / "heads.csv", newline="") as file:
        heads = list(csv.DictReader(file))
    with open(directory / "linear.csv", newline="") as file:
        layers = list(csv.DictReader(file))
    place = {"task": result["task"], "encoder": pathlib.Path(result["encoder"]).name}
    sizes = {name: result["data"][name] for name in TASK}
    # These are studies of one encoder, with one pairing.
    sizes |= {name: result["data"]["views"][0][name] for name in VIEW}
    task = {name: short(str(size), 5) for name, size in sizes.items()}
    task |= {"folds": result["folds"], "epochs": result["epochs"], "seed": result["seed"]}
    measured = ("accuracy", "cross_entropy", "training_loss")
    for head in heads:
        head["parameters"] = str(int(float(head["parameters"])))
        for name in set(head) - {"index", "genotype", "parameters"}:
            head[name] = short(head[name], 5 if name.startswith(measured) else 4)
    for layer in layers:
        layer.pop("view", None)
        layer |= {name: short(layer[name], 5) for name in ("accuracy", "cross_entropy")}
    return place, task, heads, layers


def write(path, rows):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="+", type=pathlib.Path, metavar="STUDY")
    parser.add_argument("--output", type=pathlib.Path, default=HERE)
    arguments = parser.parse_args()
    tasks, heads, layers = [], [], []
    studies = [study(directory) for directory in arguments.studies]
    for place, task, its_heads, its_layers in sorted(studies, key=lambda s: sorted(s[0].items())):
        tasks.append(place | task)
        heads += [place | head for head in its_heads]
        layers += [place | layer for layer in its_layers]
    for name, rows in (("tasks", tasks), ("heads", heads), ("layers", layers)):
        write(arguments.output / f"{name}.csv", rows)
        print(f"{name}.csv: {len(rows)} rows")


if __name__ == "__main__":
    main()
