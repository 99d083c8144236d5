#!/usr/bin/env python3
"""Runs what a user would run instead, and our own benchmarks, on the same work, and prints ratios.

    python3 Benchmarks/compare.py --data ~/MRPC [--threads 2] [--repeats 5] [--only encoder,scoring]

The peers go into a virtual environment of their own (Benchmarks/.venv), made at the first run. Programs run
one after another; a figure is the median of the repetitions, after one that is not counted (compilation of
jitted functions is shown apart). Needs the default encoder (`knas encoder install`).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = ["torch", "transformers", "onnx", "onnxscript", "onnxruntime", "jax", "safetensors", "numpy",
            "scikit-learn"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="MRPC's directory")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="encoder,scoring,training,probe")
    parser.add_argument("--python", help="an interpreter that has the peers, instead of the virtual environment")
    return parser.parse_args()


def environment():
    """The interpreter of the peers' own virtual environment."""
    python = HERE / ".venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", HERE / ".venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return str(python)


def ours(options, *command):
    """The measurements of one of our benchmarks, by name."""
    binary = HERE / ".build/release/Benchmarks"
    if not binary.exists():
        subprocess.run(["swift", "build", "-c", "release"], cwd=HERE, check=True)
    text = subprocess.run(
        [binary, *command, "--threads", str(options.threads), "--repeats", str(options.repeats)],
        check=True, capture_output=True, text=True).stdout
    return {m["name"]: m for m in map(json.loads, text.splitlines())}


def peers(options, work, *names):
    """Measurements of peers: this file again, under the other interpreter."""
    results = {}
    for name in names:
        run = subprocess.run(
            [options.python, str(HERE / "peers.py"), name, json.dumps(work), str(options.threads),
             str(options.repeats)], capture_output=True, text=True)
        if run.returncode != 0:
            print(f"  {name}: failed: {run.stderr.strip().splitlines()[-1:]}")
            continue
        results[name] = json.loads(run.stdout.strip().splitlines()[-1])
    return results


def show(title, unit, mine, others):
    print(f"\n{title}")
    share = f", {mine['shareOfLimit']:.0%} of the matrix-product limit" if mine.get("shareOfLimit") else ""
    print(f"  {'this program':24} {mine['rate']:10.1f} {unit}/s{share}")
    for name, other in others.items():
        compile_time = f"  (compiling {other['compile']:.1f} s)" if other.get("compile") else ""
        print(f"  {name:24} {other['rate']:10.1f} {unit}/s  ours is {mine['rate'] / other['rate']:.2f} times"
              f"{compile_time}")


def main():
    options = arguments()
    options.python = options.python or environment()
    chosen = options.only.split(",")
    scratch = HERE / ".build/compare"
    scratch.mkdir(parents=True, exist_ok=True)
    if "encoder" in chosen:
        ids = scratch / "ids.json"
        mine = ours(options, "encoder", "--data", options.data, "--ids", str(ids))["encoder"]
        show("Encoder, MRPC's sentences sorted by length", "tokens", mine,
             peers(options, {"ids": str(ids)}, "torch-encoder", "onnxruntime-encoder"))
    if "scoring" in chosen:
        mine = ours(options, "scoring")
        others = peers(options, {}, "torch-func-kernels", "jax-kernels")
        show("Loss and output kernels of a head, n = 64 sentences of 45 tokens", "heads",
             mine["scoring mgm,mgm-output"], others)
        show("The same from gradients that are projected on 16 directions", "heads",
             mine["scoring mgm,mgm-output sketched"], others)
        show("mgm alone of that head", "heads", mine["scoring mgm"], others)
    if "training" in chosen:
        lengths = scratch / "lengths.json"
        mine = ours(options, "training", "--data", options.data, "--lengths", str(lengths))["training"]
        show("Training steps of that head, MRPC's pairs in batches of 32", "steps", mine,
             peers(options, {"lengths": str(lengths)}, "torch-training"))
    if "probe" in chosen:
        rows = scratch / "probe"
        mine = ours(options, "probe", "--data", options.data, "--rows", str(rows))["probe"]
        show("Linear probe of one layer, nine penalties", "fits", mine,
             peers(options, {"rows": str(rows)}, "sklearn-probe"))


if __name__ == "__main__":
    main()
