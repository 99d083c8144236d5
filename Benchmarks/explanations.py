#!/usr/bin/env python3
"""How faithful `knas predict --explain` is: deletion curves beside simpler explanations.

    python3 Benchmarks/explanations.py runs/front-desk tasks/front-desk/test.csv --text message --rows 100

The words that are said to speak most for the answer are deleted, the first fifth of them, two fifths, and so on; the faster the
probability of the class falls, the more faithful the explanation. Beside it: deleting single words in turn
(leave one out), and a random order. Prints the mean fall over the curve with its standard error over texts.
"""

import argparse
import csv
import json
import random
import statistics
import subprocess

STEPS = (0.2, 0.4, 0.6, 0.8)


def answers(options, texts, *flags):
    """What the program says of some texts."""
    lines = "".join(json.dumps({"text": text or " ."}) + "\n" for text in texts)
    result = subprocess.run(
        [options.program, "predict", options.model, "--format", "jsonl", *flags],
        input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def fall(options, words, orders, label, before):
    """For each text the mean fall of the class's probability while its first words are deleted."""
    texts, owners = [], []
    for row, (own, order) in enumerate(zip(words, orders)):
        for step in STEPS:
            gone = set(order[:max(1, round(step * len(own)))])
            texts.append(" ".join(word for place, word in enumerate(own) if place not in gone))
            owners.append(row)
    falls = [[] for _ in words]
    for row, answer in zip(owners, answers(options, texts)):
        falls[row].append(before[row] - answer["probabilities"][label[row]])
    return [statistics.mean(values) for values in falls]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("rows_file", metavar="FILE")
    parser.add_argument("--text", default="text")
    parser.add_argument("--delimiter", default=",")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--program", default=".build/release/knas")
    options = parser.parse_args()
    with open(options.rows_file, encoding="utf-8-sig") as file:
        texts = [row[options.text] for row in csv.DictReader(
            file, delimiter=options.delimiter,
            quoting=csv.QUOTE_NONE if options.delimiter != "," else csv.QUOTE_MINIMAL)]
    texts = [text for text in texts if len(text.split()) >= 5]
    draw = random.Random(1)
    texts = draw.sample(texts, min(options.rows, len(texts)))
    explained = answers(options, texts, "--explain")
    label = [answer["label"] for answer in explained]
    before = [answer["probability"] for answer in explained]
    words = [[word["text"] for word in answer["explanation"]["words"]] for answer in explained]
    gap = max(abs(sum(word["contribution"] for word in answer["explanation"]["words"])
                  - answer["explanation"]["logOdds"] + answer["explanation"]["logOddsWithoutWords"])
              for answer in explained)
    shapley = [sorted(range(len(own)), key=lambda place: -answer["explanation"]["words"][place]["contribution"])
               for own, answer in zip(words, explained)]
    single = [" ".join(own[:place] + own[place + 1:]) for own in words for place in range(len(own))]
    left = iter(answers(options, single))
    alone = []
    for row, own in enumerate(words):
        values = [next(left)["probabilities"][label[row]] for _ in own]
        alone.append(sorted(range(len(own)), key=values.__getitem__))
    chance = [draw.sample(range(len(own)), len(own)) for own in words]
    for name, orders in (("--explain", shapley), ("leave one out", alone), ("random order", chance)):
        falls = fall(options, words, orders, label, before)
        print(f"{name:15} {statistics.mean(falls):.3f} ± {statistics.stdev(falls) / len(falls) ** 0.5:.3f}")
    print(f"largest gap of the sum: {gap:.1e} nats, {len(texts)} texts")


if __name__ == "__main__":
    main()
