#!/usr/bin/env python3
"""Treats a server badly and then asks whether it still answers. Needs nothing but Python.

    Serving/Scripts/hostile.py http://127.0.0.1:8080 front-desk --pid PID

Malformed requests, clients that are killed, bodies sent in part, bodies of 10 MB, readers that do not
read, bytes that trickle. After each kind the server must give a right answer; at the end its
memory and its open connections (with --pid, from /proc) must be near those before. Start the server
with --idle-timeout 5 --timeout 5, or this waits long for it to lose patience.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

MALFORMED = [
    b"",
    b"{",
    b"[" * 5000,
    b'{"text": ""}',
    b'{"text": 1}',
    b'{"text": "\\ud800"}',
    b'{"text": "\xff"}',
    b'{"text": "a", "text": "b"}',
    b'{"text": "a\\u0000"}',
    b'{"text": "a", "top_k": 1e999}',
    b'{"text": "a", "threshold": {"x": 2}}',
    b'{"texts": [' + b'"a",' * 2000 + b'"a"]}',
    b'{"text": "' + b"a" * 30_000 + b'"}',
    b"\x00" * 100,
]


class Hostile:
    def __init__(self, arguments: argparse.Namespace):
        url = urlsplit(arguments.url)
        self.host, self.port = url.hostname, url.port or 80
        self.path = f"/v1/models/{arguments.model}/classify"
        self.arguments = arguments
        self.random = random.Random(1)

    def head(self, length: int, extra: str = "") -> bytes:
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n{extra}\r\n"
        ).encode()

    async def connect(self):
        return await asyncio.open_connection(self.host, self.port)

    async def answer(self, reader: asyncio.StreamReader) -> int:
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                await reader.readexactly(int(line.split(b":")[1]))
        return int(head.split(b" ", 2)[1])

    async def is_well(self) -> bool:
        """Whether it gives a right answer within half a minute; 503 and 504 are asked again."""
        end = time.monotonic() + 30
        body = b'{"text": "are you well?"}'
        while time.monotonic() < end:
            reader, writer = await self.connect()
            writer.write(self.head(len(body)) + body)
            status = await asyncio.wait_for(self.answer(reader), 30)
            writer.close()
            if status == 200:
                return True
            await asyncio.sleep(0.5)
        return False

    # Each of the following is one bad client.

    async def malformed(self) -> None:
        """Some wrong bodies on one connection, each answered with 4xx."""
        reader, writer = await self.connect()
        for _ in range(25):
            body = self.random.choice(MALFORMED)
            writer.write(self.head(len(body)) + body)
            status = await self.answer(reader)
            if not 400 <= status < 500:
                raise AssertionError(f"{body[:40]!r} was answered with {status}")
        writer.close()

    async def noise(self) -> None:
        """Random bytes instead of HTTP."""
        _reader, writer = await self.connect()
        writer.write(self.random.randbytes(self.random.randint(1, 400)) + b"\r\n\r\n")
        await writer.drain()
        writer.close()

    async def killed(self) -> None:
        """Gone, with a reset, before the answer."""
        _reader, writer = await self.connect()
        body = json.dumps({"texts": ["word " * 100] * 50}).encode()
        writer.write(self.head(len(body)) + body)
        await writer.drain()
        writer.transport.abort()

    async def half(self) -> None:
        """Half a body, then silence until the server ends it, or the end."""
        reader, writer = await self.connect()
        writer.write(self.head(1000) + b'{"text": "')
        await writer.drain()
        if self.random.random() < 0.5:
            await reader.read()
        writer.close()

    async def large(self) -> None:
        """10 MB, announced or in chunks."""
        _reader, writer = await self.connect()
        if self.random.random() < 0.5:
            writer.write(self.head(10_000_000))
        else:
            head = self.head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
            writer.write(head + b"989680\r\n")
        for _ in range(100):
            writer.write(b" " * 100_000)
            await writer.drain()
        writer.close()

    async def deaf(self) -> None:
        """Asks for much and reads nothing."""
        _reader, writer = await self.connect()
        writer.transport.pause_reading()
        body = json.dumps({"texts": ["a"] * 500}).encode()
        for _ in range(10):
            writer.write(self.head(len(body)) + body)
        await asyncio.sleep(self.arguments.patience)
        writer.transport.abort()

    async def trickle(self) -> None:
        """A head, byte by byte."""
        _reader, writer = await self.connect()
        for byte in self.head(10):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(self.arguments.patience / 20)
        writer.close()

    async def run(self, kind, clients: int) -> None:
        """Many clients of a kind, up to 64 at a time. What the server does to them is not an error."""
        gate = asyncio.Semaphore(64)

        async def one() -> None:
            async with gate:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await asyncio.wait_for(kind(), 120)

        await asyncio.gather(*(one() for _ in range(clients)))


def usage(pid: int | None) -> tuple[int, int]:
    """Resident megabytes and open descriptors."""
    if pid is None:
        return 0, 0
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000, len(os.listdir(f"/proc/{pid}/fd"))


async def treat_badly(arguments: argparse.Namespace) -> int:
    hostile = Hostile(arguments)
    kinds = [
        (hostile.malformed, arguments.requests // 25),
        (hostile.noise, 2000),
        (hostile.killed, 500),
        (hostile.half, 200),
        (hostile.large, 100),
        (hostile.deaf, 64),
        (hostile.trickle, 64),
    ]
    assert await hostile.is_well(), "the server does not answer to begin with"
    # Once through for what is allocated once.
    for kind, _ in kinds[:5]:
        await hostile.run(kind, 20)
    before = usage(arguments.pid)
    print(f"before: {before[0]} MB, {before[1]} descriptors", flush=True)
    failed = False
    for kind, clients in kinds:
        start = time.monotonic()
        await hostile.run(kind, clients)
        well = await hostile.is_well()
        failed |= not well
        now = usage(arguments.pid)
        print(
            f"{kind.__name__}: {clients} clients, {time.monotonic() - start:.1f} s, "
            f"{'still answers' if well else 'DOES NOT ANSWER'}, {now[0]} MB, {now[1]} descriptors",
            flush=True,
        )
    await asyncio.sleep(arguments.patience + 3)
    after = usage(arguments.pid)
    print(f"after: {after[0]} MB, {after[1]} descriptors")
    if after[1] > before[1] + 5 or after[0] > before[0] * 1.3 + 20:
        print("LEAKED")
        failed = True
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("model")
    parser.add_argument("--pid", type=int, help="the server's process")
    parser.add_argument("--requests", type=int, default=100_000, help="malformed requests")
    parser.add_argument("--patience", type=float, default=6, help="a little more than the server's")
    return asyncio.run(treat_badly(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
