"""Behaves like knas as far as the estimators can see; FAKE_KNAS names a folder with what it is to do.

Files there: `fail` (exit code of a search, and what it says), `slow` (seconds that a search takes), `warn` (what it warns of),
`die` (the next process of predict ends by SIGKILL after so many answers), `mute` (predict ends with this code before it
answers). What it was given is left in `log`, a JSON list of words a line, in `train.jsonl`, `dev.jsonl`,
`test.jsonl`, `task.json` and `asked.jsonl`.
Its model is the nearest mean, for numbers the nearest row: of the numbers in a text, or of the counts of its letters.
"""

import json
import math
import os
import signal
import sys
import time
from pathlib import Path

words = sys.argv[1:]
folder = Path(os.environ["FAKE_KNAS"])


def option(name):
    return words[words.index(name) + 1] if name in words else None


def told(name):
    path = folder / name
    return path.read_text() if path.exists() else None


def say(text):
    print(f"knas: {text}", file=sys.stderr, flush=True)


def fail(code, text):
    say(f"error: {text}")
    sys.exit(code)


def numbers(row):
    text = row["text"] + " " + row.get("pair", "")
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        return [text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]


def interrupted(*_):
    with open(folder / "interrupted", "a") as file:
        file.write(f"{words[0]}\n")
    sys.exit(130)


def read(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


def search():
    with open(folder / "searches", "a") as file:
        file.write(f"{os.getpid()}\n")
    task = Path(words[1])
    definition = json.loads(task.read_text("utf-8"))
    (folder / "task.json").write_text(task.read_text("utf-8"))
    rows = read(task.parent / definition["splits"]["train"])
    for split in definition["splits"].values():
        if isinstance(split, str):
            (folder / split).write_bytes((task.parent / split).read_bytes())
    say(f"task {definition['name']}: {len(rows)} train")
    if told("warn"):
        say(f"warning: {told('warn')}")
    deadline = time.monotonic() + float(told("slow") or 0)
    while time.monotonic() < deadline:
        time.sleep(0.05)
    if told("fail"):
        code, text = told("fail").split(maxsplit=1)
        fail(int(code), text.replace("FOLDER", str(task.parent)))
    run = Path(option("--run"))
    (run / "model/deep").mkdir(parents=True)
    points = [numbers(row) for row in rows]
    model = {"task": "toy", "hasPairs": "pair" in rows[0]}
    if definition.get("target") == "number":
        values = [row["label"] for row in rows]
        model.update({"target": "number", "labels": [], "means": points, "values": values})
    else:
        labels = [dict(zip(("value", "name"), *entry.items())) for entry in definition["labels"]]
        several = definition.get("multi-label", False)
        means = []
        for label in labels:
            own = [
                p
                for p, row in zip(points, rows)
                if (label["value"] in row["label"] if several else label["value"] == row["label"])
            ]
            means.append([sum(column) / len(own) for column in zip(*own)])
        model.update({"labels": labels, "means": means})
        if several:
            model.update({"target": "labels", "thresholds": [0.3] * len(labels)})
    if "thresholds" not in model:
        # Of 19 rows that no model has seen.
        model["conformal"] = {"rows": 19, "scores": [place / 20 for place in range(1, 20)]}
    (run / "model/config.json").write_text(json.dumps(model))
    (run / "model/deep/weights").write_bytes(bytes(range(256)))
    (run / "report.html").write_text('<!doctype html><p>a "report"</p>')
    exported = {"heldOut": {"accuracy": 0.75}, "test": {"accuracy": 0.5}}
    (run / "result.json").write_text(json.dumps({"metrics": ["accuracy"], "exported": exported}))


def predict():
    if told("mute"):
        fail(
            int(told("mute")), "encoder 'small' is not installed; run 'knas encoder install small'"
        )
    model = json.loads((Path(words[1]) / "config.json").read_text())
    lifetime = None
    if told("die"):
        lifetime = int(told("die"))
        (folder / "die").unlink()
    with open(folder / "processes", "a") as file:
        file.write(f"{os.getpid()}\n")
    names = [label["name"] for label in model["labels"]]
    for count, line in enumerate(sys.stdin.buffer):
        if count == lifetime:
            os.kill(os.getpid(), signal.SIGKILL)
        row = json.loads(line)
        with open(folder / "asked.jsonl", "ab") as file:
            file.write(line)
        if "sleep" in row["text"]:
            time.sleep(30)
        if "refused" in row["text"]:
            answer = {"error": "key `text`: the text is refused", "line": count + 1}
        else:
            point = numbers(row)
            logits = [
                -sum((a - b) ** 2 for a, b in zip(point, mean)) / 2 for mean in model["means"]
            ]
            top = max(logits)
            powers = [math.exp(z - top) for z in logits]
            probabilities = [p / sum(powers) for p in powers]
            answer = {
                "logits": dict(zip(names, logits)),
                "probabilities": dict(zip(names, probabilities)),
            }
            if model.get("target") == "number":
                answer = {"value": model["values"][logits.index(top)]}
            answer["familiarity"] = round(math.exp(top), 4)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def export():
    output = Path(option("--output"))
    output.write_bytes(b"onnx")
    (output.parent / "tokenizer.json").write_text("{}")
    print(
        json.dumps({"output": str(output), "tokenizers": [str(output.parent / "tokenizer.json")]})
    )


signal.signal(signal.SIGINT, interrupted)
with open(folder / "log", "a") as file:
    file.write(json.dumps(words) + "\n")
{"search": search, "predict": predict, "export": export}[words[0]]()
