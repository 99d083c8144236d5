#!/usr/bin/env python3
"""Behaves like knas as far as knas-ray can see; FAKE_KNAS names a folder with what it is to do.

Files there: `slow` (seconds a score takes), `fail` (exit code of every score), `die-once-N` (shard N
ends by SIGKILL the first time). Each score leaves a line in `log`.
"""

import json
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


def write(path, text):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(f"{path}.{os.getpid()}")
    temporary.write_text(text)
    os.replace(temporary, path)


command = words[0]
if command == "plan":
    run = Path(option("--run"))
    if run.exists() and "--resume" not in words:
        print(f"{run} holds a run already", file=sys.stderr)
        sys.exit(64)
    count = int(option("--candidates") or 10)
    lines = ["id\tgenotype"] + [f"{n}\thead-{n}" for n in range(1, count + 1)]
    write(run / "candidates.tsv", "\n".join(lines) + "\n")
    print(json.dumps({"run": str(run), "candidates": count, "digest": "abcdef0123456789ff"}))
elif command == "score":
    shard, shards = map(int, option("--shard").split("/"))
    with open(folder / "log", "a") as log:
        log.write(f"{shard}\n")
    if (folder / f"die-once-{shard}").exists():
        (folder / f"die-once-{shard}").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(float(told("slow") or 0))
    if told("fail"):
        print("the data is bad", file=sys.stderr)
        sys.exit(int(told("fail")))
    heads = Path(option("--candidates")).read_text().splitlines()[1:]
    write(option("--output"), "\n".join(heads[shard - 1 :: shards]) + "\n")
elif command == "merge":
    run = Path(words[1])
    store = run / "store"
    known = set(store.read_text().splitlines()) if store.exists() else set()
    for part in words[2:]:
        known |= set(Path(part).read_text().splitlines())
    write(store, "\n".join(sorted(known)) + "\n")
elif command == "search":
    run = Path(option("--run"))
    lines = (run / "store").read_text().splitlines()
    write(run / "leaderboard.csv", "\n".join(sorted(lines, key=lambda s: int(s.split("\t")[0]))))
    print("found")
else:
    sys.exit(64)
