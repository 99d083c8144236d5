#!/usr/bin/env python3
"""Measures a server under load: texts a second, latency, errors. Needs nothing but Python.

    Serving/Scripts/load.py http://127.0.0.1:8080 front-desk --clients 64 --seconds 60
    Serving/Scripts/load.py http://127.0.0.1:8080 front-desk --texts texts.txt --check answers.jsonl

Every client keeps one connection and sends its next text as soon as it has an answer. Texts are the
lines of --texts, or made up with mixed lengths. With --knas, `knas predict` then classifies as many of
the same texts from a file, and the throughput of both is compared. With --check, what `knas predict`
answered to --texts, every answer is compared with it.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

TOLERANCE = 1e-5


def made_up(count: int) -> list[str]:
    """Texts of 1 to 120 words, most of them short."""
    words = "please send more towels to room the bill is wrong when does breakfast start".split()
    generator = random.Random(1)
    return [
        " ".join(generator.choices(words, k=min(120, 1 + int(generator.expovariate(1 / 12)))))
        for _ in range(count)
    ]


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


class Load:
    def __init__(self, arguments: argparse.Namespace, texts: list[str], expected: list | None):
        url = urlsplit(arguments.url)
        self.host, self.port = url.hostname, url.port or 80
        self.path = arguments.path or f"/v1/models/{arguments.model}/classify"
        self.arguments, self.texts, self.expected = arguments, texts, expected
        self.next = 0
        self.latencies: list[float] = []
        self.statuses: Counter = Counter()
        self.wrong = 0
        self.classified = 0

    def request(self, texts: list[str]) -> bytes:
        body = json.dumps({"text": texts[0]} if len(texts) == 1 else {"texts": texts}).encode()
        token = self.arguments.token_file
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"Host: {self.host}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        if token:
            lines.append(f"Authorization: Bearer {Path(token).read_text().strip()}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def check(self, places: list[int], body: bytes) -> None:
        for place, answer in zip(places, json.loads(body)["answers"], strict=True):
            wanted = self.expected[place]
            same = answer.get("label") == wanted.get("label") and all(
                abs(answer["probabilities"][name] - value) <= TOLERANCE
                for name, value in wanted["probabilities"].items()
            )
            self.wrong += not same

    async def client(self, end: float) -> None:
        reader = writer = None
        while time.monotonic() < end:
            places = []
            for _ in range(self.arguments.batch):
                places.append(self.next % len(self.texts))
                self.next += 1
            start = time.monotonic()
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                writer.write(self.request([self.texts[place] for place in places]))
                status, body = await read_answer(reader)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.statuses[type(error).__name__] += 1
                writer = None
                continue
            self.latencies.append(time.monotonic() - start)
            self.statuses[status] += 1
            if status == 200:
                self.classified += len(places)
                if self.expected:
                    self.check(places, body)
        if writer:
            writer.close()

    async def run(self, seconds: float) -> float:
        start = time.monotonic()
        clients = [self.client(start + seconds) for _ in range(self.arguments.clients)]
        await asyncio.gather(*clients)
        return time.monotonic() - start


def predict(arguments: argparse.Namespace, texts: list[str]) -> float:
    """Texts a second of `knas predict`, without what it takes to load the model."""

    def seconds(some: list[str]) -> float:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("".join(text + "\n" for text in some))
            file.flush()
            start = time.monotonic()
            command = [*arguments.knas.split(), "predict", arguments.run, file.name]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return time.monotonic() - start

    return (len(texts) - 1) / (seconds(texts) - seconds(texts[:1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("model")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--batch", type=int, default=1, help="texts in a request")
    parser.add_argument("--texts", help="a file with a text on each line")
    parser.add_argument("--check", help="answers of knas predict to --texts")
    parser.add_argument("--path", help="instead of /v1/models/MODEL/classify")
    parser.add_argument("--token-file")
    parser.add_argument("--knas", help="the program, to compare with knas predict")
    parser.add_argument("--run", help="the run for --knas")
    arguments = parser.parse_args()
    texts = Path(arguments.texts).read_text().splitlines() if arguments.texts else made_up(5000)
    expected = None
    if arguments.check:
        expected = [json.loads(line) for line in Path(arguments.check).read_text().splitlines()]
    load = Load(arguments, texts, expected)
    seconds = asyncio.run(load.run(arguments.seconds))
    times = sorted(load.latencies) or [0]
    result = {
        "clients": arguments.clients,
        "seconds": round(seconds, 2),
        "requests_per_second": round(len(load.latencies) / seconds, 1),
        "texts_per_second": round(load.classified / seconds, 1),
        "p50_ms": round(1000 * times[len(times) // 2], 1),
        "p99_ms": round(1000 * times[int(len(times) * 0.99)], 1),
        "statuses": {str(status): count for status, count in load.statuses.items()},
    }
    if expected:
        result["wrong_answers"] = load.wrong
    if arguments.knas:
        many = (texts * (1 + load.classified // len(texts)))[: max(2, load.classified)]
        alone = predict(arguments, many)
        result["predict_texts_per_second"] = round(alone, 1)
        result["of_predict"] = round(load.classified / seconds / alone, 3)
    print(json.dumps(result, indent=2))
    return 1 if load.wrong or set(load.statuses) - {200, 503} else 0


if __name__ == "__main__":
    sys.exit(main())
