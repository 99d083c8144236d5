#!/usr/bin/env python3
"""Behaves like knas as far as knas-ray can see; FAKE_KNAS names a folder with what it is to do.

Files there: `slow` (seconds that a shard takes), `fail` (exit code of every score), `die-once-N` (the
score of shard N ends by SIGKILL the first time), `features` (there are some to compute, in so many
blocks). Each shard leaves a line in `log`. FAKE_HOME, which is the node's own, is its cache: its
name stands in the log too. FAKE_SLOW is how many times as long work takes on the node.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

words = sys.argv[1:]
folder = Path(os.environ["FAKE_KNAS"])
home = Path(os.environ.get("FAKE_HOME", folder / "home"))


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


def log(what):
    with open(folder / "log", "a") as file:
        file.write(f"{home.name} {what}\n")


def work():
    time.sleep(float(told("slow") or 0) * float(os.environ.get("FAKE_SLOW", 1)))


command = words[0]
blocks = int(told("features") or 0)
if command == "plan":
    run = Path(option("--run"))
    if run.exists() and not {"--resume", "--overwrite"} & set(words):
        print(f"{run} already holds a run", file=sys.stderr)
        sys.exit(64)
    count = int(option("--candidates") or 10)
    lines = ["id\tgenotype"] + [f"{n}\thead-{n}" for n in range(1, count + 1)]
    write(run / "candidates.tsv", "\n".join(lines) + "\n")
    print(json.dumps({"run": str(run), "candidates": count, "digest": "abcdef0123456789ff"}))
elif command == "features" and "--missing" in words:
    missing = 0 if (home / "features").exists() else blocks
    print(json.dumps({"blocks": blocks, "missing": missing, "digest": "fedcba9876543210aa"}))
elif command == "features" and "--shard" in words:
    shard, shards = map(int, option("--shard").split("/"))
    log(f"features {shard}")
    work()
    write(option("--output"), "\n".join(str(n) for n in range(shard - 1, blocks, shards)))
elif command == "features":
    parts = words[words.index("--merge") + 1 :]
    found = sorted(int(n) for part in parts for n in Path(part).read_text().split())
    if (home / "features").exists():
        sys.exit(0)
    if found != list(range(blocks)):
        print("the parts lack blocks", file=sys.stderr)
        sys.exit(66)
    log("merge")
    write(home / "features", "whole")
elif command == "score":
    shard, shards = map(int, option("--shard").split("/"))
    log(f"score {shard}")
    if blocks and not (home / "features").exists():
        log("encodes by itself")
    if (folder / f"die-once-{shard}").exists():
        (folder / f"die-once-{shard}").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    work()
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
