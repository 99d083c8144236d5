#!/usr/bin/env python3
"""Takes a stage of a Dockerfile apart, where there is no container engine to run it.

    Serving/Scripts/dockerfile_stage.py DOCKERFILE STAGE DIRECTORY

STAGE counts from 0, and -1 is the last. DIRECTORY gets `run.sh` (all RUN steps), and where the stage has them `env`, `user`,
and `health` and `entry`, whose words are separated by NUL.
"""

import json
import re
import sys
from pathlib import Path


def main() -> None:
    text, stage, work = Path(sys.argv[1]).read_text(), int(sys.argv[2]), Path(sys.argv[3])
    # Before the first stage there are comments.
    body = re.split(r"^FROM .*$", text, flags=re.M)[1:][stage]
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", body, flags=re.M)).splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word:
            found.setdefault(word, []).append(rest.strip())
    steps = ["set -e", "export DEBIAN_FRONTEND=noninteractive", *found["RUN"]]
    (work / "run.sh").write_text("\n".join(steps) + "\n")
    (work / "env").write_text("\n".join(found.get("ENV", [])) + "\n")
    for name, word, before in (("health", "HEALTHCHECK", "CMD "), ("entry", "ENTRYPOINT", "")):
        if word in found:
            words = json.loads(found[word][-1].partition(before)[2] if before else found[word][-1])
            (work / name).write_bytes(b"\0".join(w.encode() for w in words))
    if "USER" in found:
        (work / "user").write_text(found["USER"][-1])


main()
