"""How well wrong labels are found: turns 5 % of a task's labels at random, runs `knas audit`, and compares with cleanlab.

    pip install cleanlab numpy
    python3 Benchmarks/label_errors.py --data ~/data --seeds 4,5,6 --encoder all-MiniLM-L6-v2

--data has SST-2/train.tsv, SUBJ/train.tsv and EMOTION/train.tsv (tables with the columns sentence or text, and label);
front-desk and paraphrase come with the program. A seed decides which rows of a large task are drawn (2,000), which labels
are turned, and to what. cleanlab gets the held-out probabilities of the linear heads that the audit writes, and
as a check those of the gradient kernel. Prints Markdown: average precision and precision at 20, means over the seeds.
"""

import argparse
import csv
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS = 2000
TURNED = 0.05
LARGE = {"sst2": ("SST-2", "sentence"), "subj": ("SUBJ", "text"), "emotion": ("EMOTION", "text")}
METHODS = ["self_confidence", "normalized_margin"]


def table(path, columns, delimiter="\t"):
    quoting = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter=delimiter, quoting=quoting)
        found = [[row[column] for column in columns] for row in rows]
    return [row for row in found if all(field and field.strip() for field in row)]


def rows(task, data, seed):
    """Texts and label of every row."""
    bundled = ROOT / "tasks" / task
    if task == "front-desk":
        files = [bundled / "train.csv", bundled / "test.csv"]
        return [row for file in files for row in table(file, ["message", "label"], ",")]
    if task == "paraphrase":
        files = [bundled / "train.tsv", bundled / "test.tsv"]
        columns = ["sentence1", "sentence2", "label"]
        return [row for file in files for row in table(file, columns)]
    directory, text = LARGE[task]
    found = table(data / directory / "train.tsv", [text, "label"])
    random.Random(f"rows {task} {seed}").shuffle(found)
    return found[:ROWS]


def write_turned(task, data, seed, directory):
    """Writes a copy of the task with turned labels; returns the lines that they are on."""
    found = rows(task, data, seed)
    generator = random.Random(f"labels {task} {seed}")
    classes = sorted({row[-1] for row in found})
    turned = generator.sample(range(len(found)), round(TURNED * len(found)))
    for place in turned:
        others = [label for label in classes if label != found[place][-1]]
        found[place] = [*found[place][:-1], generator.choice(others)]
    with open(directory / "rows.jsonl", "w", encoding="utf-8") as file:
        for row in found:
            pair = {"pair": row[1]} if len(row) == 3 else {}
            file.write(json.dumps({"text": row[0], **pair, "label": row[-1]}) + "\n")
    pair = ", pair: pair" if len(found[0]) == 3 else ""
    (directory / "task.yml").write_text(
        f"name: {task}\ncolumns: {{text: text{pair}, label: label}}\nmax-tokens: 96\n"
        "splits:\n  train: rows.jsonl\n  dev: {from: train, fraction: 0.1, seed: 1}\n"
        "  test: {from: train, fraction: 0.1, seed: 1}\n"
    )
    return {place + 1 for place in turned}


def average_precision(order, wrong):
    found = precisions = 0
    for rank, row in enumerate(order, 1):
        if row in wrong:
            found += 1
            precisions += found / rank
    return precisions / len(wrong)


def compare(task, seed, arguments):
    import numpy
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        wrong_lines = write_turned(task, arguments.data, seed, directory)
        command = [arguments.knas, "audit", str(directory / "task.yml"), "--json", "--quiet"]
        if arguments.encoder:
            command += ["--encoder", arguments.encoder]
        result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    audited = result["rows"]
    wrong = {index for index, row in enumerate(audited) if row["line"] in wrong_lines}
    labels = numpy.array([result["classes"].index(row["label"]) for row in audited])
    findings = [row["finding"] for row in audited]
    orders = {"knas audit": result["labels"]["order"]}
    for name, key in [("linear heads", "probabilities"), ("kernel", "kernelProbabilities")]:
        # JSON's numbers are float32: cleanlab wants exact sums.
        probabilities = numpy.array([finding[key] for finding in findings], dtype=float)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        for method in METHODS:
            scores = get_label_quality_scores(labels, probabilities, method=method)
            orders[f"cleanlab {method}, {name}"] = numpy.argsort(scores, kind="stable").tolist()
        if key == "probabilities":
            issues = set(numpy.flatnonzero(find_label_issues(labels, probabilities)).tolist())
    likely = {index for index, finding in enumerate(findings) if finding["isLikelyWrong"]}
    flagged = {
        name: (len(found & wrong) / max(1, len(found)), len(found & wrong) / len(wrong))
        for name, found in [("knas audit", likely), ("cleanlab find_label_issues", issues)]
    }
    scores = {
        name: (average_precision(order, wrong), len(set(order[:20]) & wrong) / 20)
        for name, order in orders.items()
    }
    return scores, flagged


def mean(values):
    return f"{statistics.mean(values):.3f}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--knas", default=str(ROOT / ".build/release/knas"))
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path())
    parser.add_argument("--tasks", default="front-desk,paraphrase,sst2,subj,emotion")
    parser.add_argument("--seeds", default="4,5,6")
    parser.add_argument("--encoder")
    arguments = parser.parse_args()
    tasks = arguments.tasks.split(",")
    scores, flagged = {}, {}
    for task in tasks:
        for seed in arguments.seeds.split(","):
            found, cut = compare(task, int(seed), arguments)
            audit, peer = (found[name][0] for name in list(found)[:2])
            print(f"{task} {seed}: {audit:.3f}, cleanlab {peer:.3f}", file=sys.stderr, flush=True)
            for name, value in found.items():
                scores.setdefault(name, {}).setdefault(task, []).append(value)
            for name, value in cut.items():
                flagged.setdefault(name, {}).setdefault(task, []).append(value)
    rule = "|---" * (len(tasks) + 1) + "|"
    for place, title in enumerate(["average precision", "precision at 20"]):
        print(f"| {title} | {' | '.join(tasks)} |\n{rule}")
        for name, by_task in scores.items():
            cells = [mean([value[place] for value in by_task[task]]) for task in tasks]
            print(f"| {name} | {' | '.join(cells)} |")
        print()
    print(f"| flagged: precision / recall | {' | '.join(tasks)} |\n{rule}")
    for name, by_task in flagged.items():
        cells = [
            " / ".join(mean([value[place] for value in by_task[task]]) for place in (0, 1))
            for task in tasks
        ]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
