#!/usr/bin/env python3
"""Compares token ids of this program with those that Hugging Face's tokenizers gives with the tokenizer.json
that this program has written.

usage: check_tokenizer_json.py DIRECTORY

Each directory in DIRECTORY holds tokenizer.json and cases.jsonl: [text, second text or null, ids, token types].
"""

import json
import pathlib
import sys

from tokenizers import Tokenizer


def check(directory):
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    count = 0
    for line in (directory / "cases.jsonl").read_text("utf-8").split("\n"):
        if not line:
            continue
        text, pair, ids, types = json.loads(line)
        found = tokenizer.encode(text, pair)
        if found.ids != ids:
            sys.exit(f"{directory.name}: {text!a} {pair!a}: {ids} here, {found.ids} there")
        if found.type_ids != types:
            sys.exit(f"{directory.name}: {text!a} {pair!a}: types {types}, {found.type_ids} there")
        count += 1
    print(f"{directory.name}: {count} equal")


for place in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    check(place)
