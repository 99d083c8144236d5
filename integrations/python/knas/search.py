"""Runs ``knas search`` on rows, shows how far it is, and takes what it has found."""

from __future__ import annotations

import json
import re
import selectors
import subprocess
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import process
from .errors import INTERNAL, INTERRUPTED, KNASError, MissingError, error_of
from .files import ModelFiles
from .line import Line
from .report import Report

_PREFIX = "knas: "
_ERROR = "error: "
_WARNING = "warning: "


@dataclass(frozen=True)
class Found:
    """What a search leaves."""

    model: ModelFiles
    report: Report
    #: The contents of ``result.json``.
    result: dict[str, Any]


def search(command: Sequence[str], task: Path, run: Path, line: Line) -> Found:
    """Runs the command of a search to its end.

    ``task``, ``run``: the definition of the task and the run directory that the command names.

    Raises ``KNASError`` where it fails. After ``KeyboardInterrupt`` the program was interrupted, too, and has ended; a
    run directory that stays can be resumed.
    """
    begun = time.monotonic()
    try:
        ending = _watched(command, line, begun)
        if ending.code != 0:
            raise error_of(ending.code, _in_rows(explained(ending, "knas search"), task))
        found = Found(ModelFiles.read(run / "model"), *told(run))
        line.show(_summary(found.result, time.monotonic() - begun))
    except KeyboardInterrupt:
        line.show("interrupted")
        raise
    finally:
        line.end()
    for text in ending.stderr.splitlines():
        if text.startswith(_PREFIX + _WARNING):
            # As from the line that calls ``fit``.
            warnings.warn(text[len(_PREFIX + _WARNING) :], UserWarning, stacklevel=4)
    return found


def explained(ending: process.Ending, what: str) -> str:
    """What a process said was wrong, in the words of its last error."""
    said = [text for text in ending.stderr.splitlines() if text.strip()]
    begins = [place for place, text in enumerate(said) if text.startswith(_PREFIX + _ERROR)]
    if begins and ending.code >= 0 and ending.code != INTERNAL:
        return f"{what}: " + "\n".join(said[begins[-1] :])[len(_PREFIX + _ERROR) :]
    if ending.code == INTERRUPTED:
        return f"{what} was interrupted by another process"
    return "\n".join([f"{what} {ending.description}", *said])


def _in_rows(text: str, task: Path) -> str:
    """A message about the files of a task as one about rows, from 0: nobody has seen the files."""
    text = text.replace(f"{task.parent}/", "")
    for split, name in (("train", "X"), ("dev", "eval_set"), ("test", "test_set")):
        end = "" if split == "train" else f" of {name}"
        text = re.sub(
            rf"\b{split}\.jsonl(?::|, line )(\d+)(?::\d+)?",
            lambda found, end=end: f"row {int(found[1]) - 1}{end}",  # type: ignore[misc]
            text,
        )
        text = re.sub(rf"\b{split}\.jsonl", name, text)
    return text


def _watched(command: Sequence[str], line: Line, begun: float) -> process.Ending:
    try:
        child = process.start(
            command,
            dies_with_thread=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise MissingError(f"{command[0]} cannot be started: {error}") from None
    said = ""
    try:
        shown = "starting ..."
        for text in _lines(child):
            if text is not None:
                said = (said + text + "\n")[-process.KEPT_CHARACTERS :]
                shown = text[len(_PREFIX) :] if text.startswith(_PREFIX) else text
            if line.is_redrawn:
                line.show(f"{shown} {time.monotonic() - begun:.0f} s")
            elif text is not None:
                line.show(shown)
        child.wait()
    finally:
        process.stop(child)
    return process.Ending(child.returncode, "", said.strip())


def _lines(child: subprocess.Popen[bytes]) -> Iterator[str | None]:
    """The lines of a process's standard error, and ``None`` each second in which there is none."""
    assert child.stderr is not None
    waiting = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stderr, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=1):
                # What holds the pipe open may be a process that the program has started.
                if child.poll() is not None:
                    break
                yield None
                continue
            data = child.stderr.read1(1 << 16)  # type: ignore[attr-defined]
            if not data:
                break
            *whole, waiting = (waiting + data).split(b"\n")
            yield from map(process.text, whole)
    if waiting:
        yield process.text(waiting)


def told(run: Path) -> tuple[Report, dict[str, Any]]:
    """The report and the result of a run. Raises ``KNASError`` where they cannot be read."""
    try:
        result = json.loads((run / "result.json").read_text("utf-8"))
        return Report((run / "report.html").read_text("utf-8")), result
    except (OSError, ValueError) as error:
        raise KNASError(f"the run {run} cannot be read: {error}") from None


def _summary(result: dict[str, Any], seconds: float) -> str:
    """The metric that decides, on held-out and on test rows."""
    exported = result.get("exported", {})
    metric = (result.get("metrics") or ["accuracy"])[0]
    key = "macroF1" if metric == "macro-f1" else metric
    shown = [
        f"{metric} {exported[part][key]:.3f} on {name} rows"
        for part, name in (("heldOut", "held-out"), ("test", "test"))
        if isinstance(exported.get(part), dict)
        and isinstance(exported[part].get(key), (int, float))
    ]
    return ", ".join([*shown, f"{seconds:.0f} s"])
