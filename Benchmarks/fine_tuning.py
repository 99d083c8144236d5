#!/usr/bin/env python3
"""Steps a second of fine-tuning a whole encoder, beside PyTorch.

    python3 Benchmarks/fine_tuning.py --data ~/MRPC [--threads 2] [--rounds 5] [--steps 8] [--precisions float32,bf16]

Both train the twelve layers of the default encoder with mean pooling and a linear classifier on batches of 32 of
MRPC's pairs in random order: AdamW, gradients clipped to norm 1, dropout 0.1 after attention and feed-forward. The
embeddings are frozen, as this program freezes them; for PyTorch that is less work than it would have otherwise.
PyTorch pads each batch to its longest pair, as the `Trainer` of transformers does, and attends by
`scaled_dot_product_attention`; its AdamW is the fused one. bf16 is autocast there, and `--precision bf16` here.

The programs take turns, a round of steps each, so that what else the machine does meets all of them; figures are
medians of rounds. The peers' interpreter is that of compare.py, or `--python`. Needs the default encoder
(`knas encoder install`).
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import compare

HERE = pathlib.Path(__file__).resolve().parent
BATCH = 32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="MRPC's directory")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="steps of a round")
    parser.add_argument("--precisions", default="float32,bf16")
    parser.add_argument("--encoder", default="multilingual-e5-small")
    parser.add_argument("--binary", help="the built Benchmarks, instead of building it")
    parser.add_argument("--python", help="an interpreter that has torch and transformers")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--lengths", help=argparse.SUPPRESS)
    return parser.parse_args()


def encoder_directory(name):
    home = os.environ.get("KNAS_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "knas"
    )
    return pathlib.Path(home) / "encoders" / name


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def train_with_torch(options):
    """The peer: waits for a line, runs a round, prints what it took; the first round does not count."""
    import torch
    from transformers import AutoModel

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = AutoModel.from_pretrained(
        encoder_directory(options.encoder),
        add_pooling_layer=False,
        attn_implementation="sdpa",
        attention_probs_dropout_prob=0.0,
        hidden_dropout_prob=0.1,
        dtype=torch.float32,
    ).train()
    model.embeddings.requires_grad_(False)
    classifier = torch.nn.Linear(model.config.hidden_size, 2)
    trained = [p for p in [*model.parameters(), *classifier.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01, fused=True)
    lengths = json.loads(pathlib.Path(options.lengths).read_text())

    def batches():
        order = torch.randperm(len(lengths)).tolist()
        for start in range(0, len(order), BATCH):
            chosen = torch.tensor([lengths[i] for i in order[start : start + BATCH]])
            mask = (torch.arange(int(chosen.max()))[None] < chosen[:, None]).long()
            yield torch.randint(5, 10_000, mask.shape), mask, torch.arange(len(chosen)) % 2

    def step(ids, mask, labels):
        with torch.autocast("cpu", torch.bfloat16, enabled=options.peer == "bf16"):
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask[..., None].to(states.dtype)
            logits = classifier((states * weights).sum(1) / weights.sum(1))
            loss = torch.nn.functional.cross_entropy(logits.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()

    for round_ in range(options.rounds + 1):
        if round_ > 0:
            sys.stdin.readline()
        wall, processor, steps = time.perf_counter(), cpu_seconds(), 0
        for batch in batches():
            step(*batch)
            steps += 1
        if round_ > 0:
            record = {
                "steps": steps,
                "wallSeconds": time.perf_counter() - wall,
                "cpuSeconds": cpu_seconds() - processor,
                "peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
            print(json.dumps(record), flush=True)


class Contestant:
    """A process that measures a round each time it is told to."""

    def __init__(self, name, command):
        self.name, self.rounds = name, []
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended with status {self.process.wait()}")
        self.rounds.append(json.loads(line))
        print(f"{self.name}: {line.strip()}", file=sys.stderr, flush=True)

    def median(self, key):
        return statistics.median(r[key] / r["steps"] for r in self.rounds)

    def show(self, reference):
        wall, processor = self.median("wallSeconds"), self.median("cpuSeconds")
        peak = max(r["peakMiB"] for r in self.rounds)
        # Of rounds that follow one another, so that a busy minute counts for both or for neither.
        ratios = [
            other["wallSeconds"] / other["steps"] / (own["wallSeconds"] / own["steps"])
            for own, other in zip(self.rounds, reference.rounds, strict=True)
        ]
        print(
            f"  {self.name:24} {1 / wall:6.3f} steps/s  {processor:6.3f} CPU s/step  {peak:6.0f} MiB  "
            f"{statistics.median(ratios):5.2f} x {reference.name}"
        )


def main():
    options = arguments()
    if options.peer:
        train_with_torch(options)
        return
    if not options.data:
        sys.exit("--data: MRPC's directory is needed")
    python = options.python or compare.environment()
    binary = options.binary or HERE / ".build/release/Benchmarks"
    if not pathlib.Path(binary).exists():
        subprocess.run(["swift", "build", "-c", "release"], cwd=HERE, check=True)
    scratch = HERE / ".build/compare"
    scratch.mkdir(parents=True, exist_ok=True)
    lengths = scratch / "fine-tuning.json"
    shared = ["--threads", options.threads, "--encoder", options.encoder, "--lengths", lengths]
    ours = [binary, "fine-tuning", "--waits", "--data", options.data, "--steps", options.steps]
    peer = [python, HERE / "fine_tuning.py", "--rounds", options.rounds]
    contestants = []
    for precision in options.precisions.split(","):
        own = [*ours, "--rounds", options.rounds + 1, "--precision", precision, *shared]
        contestants.append(Contestant(f"this program, {precision}", own))
        # The lengths are there when our side has measured a round.
        contestants[-1].measure()
        contestants[-1].rounds.clear()
        contestants.append(
            Contestant(f"PyTorch, {precision}", [*peer, "--peer", precision, *shared])
        )
    for _ in range(options.rounds):
        for contestant in contestants:
            contestant.measure()
    print(
        f"Fine-tuning {options.encoder}, batches of {BATCH} of MRPC's pairs, {options.threads} threads"
    )
    for contestant in contestants:
        contestant.show(contestants[1])


if __name__ == "__main__":
    main()
