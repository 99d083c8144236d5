#!/usr/bin/env python3
"""Compares what a model says in three ways: `knas predict`, its ONNX export in onnxruntime, and its
safetensors export through the lines of Python in docs/formats.md, run as they stand there.

usage: check_agreement.py KNAS MODEL TEXTS FORMATS [ROWS]

TEXTS is a directory with MRPC's msr_paraphrase_test.txt, or a file with a text or two (with a tab
between them) a line. FORMATS is docs/formats.md. Needs numpy, onnxruntime, sentencepiece and tokenizers;
token ids come from the tokenizer.json that the export writes beside the ONNX file. Fails where logits differ by
more than 1e-4.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

TOLERANCE = 1e-4
# The heads that the lines in the documentation are for.
LINEAR = re.compile(
    r"layer\(of=\d+,norm=none,[^>]*\) > projection\(width=\w+,activation=none\) > pool-mean"
    r"( > pair\(kind=all\))? > classifier\(norm=(none|standard),hidden=0,[^>]*\)"
)


def texts(path, rows):
    """Rows of one text or two."""
    if path.is_dir():
        lines = (path / "msr_paraphrase_test.txt").read_text("utf-8-sig").split("\n")
        return [line.rstrip("\r").split("\t")[3:5] for line in lines[1:] if line][:rows]
    return [line.split("\t") for line in path.read_text("utf-8").split("\n") if line][:rows]


def knas(program, *arguments, text=None):
    done = subprocess.run(
        [program, *map(str, arguments)], input=text, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"knas {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def tokenizer(directory, place):
    """The tokenizer of a view; views with the same tokens share the first's."""
    own = directory / f"view{place + 1}_tokenizer.json"
    path = own if own.exists() else directory / "tokenizer.json"
    if not path.exists():
        sys.exit("the export wrote no tokenizer.json: this encoder's ids cannot be checked")
    return Tokenizer.from_file(str(path))


def onnx_logits(path, rows):
    """Logits of each row."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = {i.name for i in session.get_inputs()}
    metadata = session.get_modelmeta().custom_metadata_map
    views = json.loads(metadata["views"])
    tokenizers = [tokenizer(path.parent, place) for place in range(len(views))]
    found = []
    for row in rows:
        feeds = {}
        for place, pieces in enumerate(tokenizers):
            prefix = f"view{place + 1}_" if place else ""
            if prefix + "input_ids" not in names:
                continue  # It has the inputs of an earlier view.
            apart = prefix + "pair_input_ids" in names
            for pair, parts in zip(["", "pair_"], [[t] for t in row] if apart else [row]):
                tokens = pieces.encode(*parts)
                given = {
                    "input_ids": tokens.ids,
                    "attention_mask": [1] * len(tokens.ids),
                    "token_type_ids": tokens.type_ids,
                }
                feeds |= {
                    prefix + pair + name: np.array([values])
                    for name, values in given.items()
                    if prefix + pair + name in names
                }
        logits, probabilities = session.run(["logits", "probabilities"], feeds)
        powers = np.exp(logits - logits.max())
        assert np.abs(powers / powers.sum() - probabilities).max() < 1e-6
        found.append(logits[0])
    return json.loads(metadata["labels"]), np.array(found)


def documented_logits(formats, export, encoder, text):
    """The lines of Python under the heading of the safetensors export, run in a process of their own."""
    section = (
        formats.read_text("utf-8")
        .split("## `knas export --format safetensors`")[1]
        .split("\n## ")[0]
    )
    twenty, front = re.findall(r"```python\n(.*?)```", section, re.S)
    lines = front + twenty
    done = subprocess.run(
        [sys.executable, "-c", lines, str(export), str(encoder)],
        input=text,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"the lines in {formats} fail: {done.stderr.strip()}")
    return np.array([[float(x) for x in line.split()] for line in done.stdout.split("\n") if line])


def main():
    program, model, source, formats = sys.argv[1], *map(pathlib.Path, sys.argv[2:5])
    rows = texts(source, int(sys.argv[5]) if len(sys.argv) > 5 else 200)
    text = "".join("\t".join(row) + "\n" for row in rows)
    configuration = json.loads((model / "config.json").read_text("utf-8"))
    views, members = configuration["views"], configuration["members"]
    encoders = [
        pathlib.Path(
            json.loads(knas(program, "encoder", "show", view["encoder"]["name"], "--json"))[
                "directory"
            ]
        )
        for view in views
    ]
    with tempfile.TemporaryDirectory() as directory:
        exports = {f: pathlib.Path(directory) / f"model.{f}" for f in ("onnx", "safetensors")}
        for name, path in exports.items():
            knas(program, "export", model, "--format", name, "--output", path)
        labels, onnx = onnx_logits(exports["onnx"], rows)
        said = knas(program, "predict", model, "-", "--logits", text=text)
        answers = [json.loads(line) for line in said.split("\n") if line]
        found = {
            "knas predict": np.array(
                [[answer["logits"][label] for label in labels] for answer in answers]
            ),
            "onnxruntime": onnx,
        }
        documented = (
            len(set(encoders)) == 1
            and (encoders[0] / "sentencepiece.bpe.model").exists()
            and all(
                (view["pairing"] == "siamese" or not configuration["hasPairs"])
                and "fineTuning" not in view
                for view in views
            )
            and all(LINEAR.fullmatch(m["genotype"]) and len(m["layers"]) == 1 for m in members)
        )
        if documented:
            found["safetensors and numpy"] = documented_logits(
                formats, exports["safetensors"], encoders[0], text
            )
        else:
            print(
                f"safetensors: not compared; the lines in {formats.name} are for linear heads on one frozen encoder "
                "and texts that are encoded apart, this is "
                + " and ".join(member["genotype"] for member in members)
            )
    print(
        f"{len(rows)} rows, {len(labels)} classes, {sum(m['replicas'] for m in members)} head(s), "
        f"{len(views)} view(s), logits up to {max(np.abs(z).max() for z in found.values()):.2f}"
    )
    names, worst = list(found), 0.0
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            assert found[first].shape == found[second].shape == (len(rows), len(labels))
            difference = float(np.abs(found[first] - found[second]).max())
            worst = max(worst, difference)
            print(f"{first} and {second}: largest difference {difference:.2e}")
    # A comparison with NaN is false.
    if not worst <= TOLERANCE:
        sys.exit(f"logits differ by {worst:.2e}: more than {TOLERANCE}")


if __name__ == "__main__":
    main()
