"""One ``knas predict`` process that answers as long as it is wanted: JSON lines over pipes."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from . import process
from .errors import FINAL_CODES, INTERNAL, BadDataError, KNASError, MissingError, error_of
from .files import ModelFiles
from .forks import watch
from .outputs import Floats, ModelDescription, Outputs
from .program import find_program
from .search import explained
from .task import json_line
from .texts import Row

#: Rows that are sent before their answers are turned into numbers; other threads get their turn between two parts.
PART = 2048

#: Processes of all estimators that wait for questions at most: each holds its encoder in memory.
KEPT = 4

#: Bytes that are written or read at once.
PIECE = 1 << 16


class ProgramPredictor:
    """Answers by the program.

    The process starts with the first question, and again where it was lost or the Python process was forked: it is never
    shared between two. One question is under way at a time, the threads that ask wait for one another.
    """

    def __init__(
        self,
        files: ModelFiles,
        description: ModelDescription,
        program: str | os.PathLike[str] | None,
        options: Sequence[str],
    ) -> None:
        """``options``: more words for ``knas predict``."""
        self._files = files
        self._description = description
        self._program = program
        self._options = list(options)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._asked = 0.0
        watch(self)
        _all.add(self)

    def predict(self, rows: Sequence[Row]) -> Outputs:
        """See ``Predictor``. Raises ``KNASError``."""
        parts = [
            self._part(rows[begin : begin + PART], begin) for begin in range(0, len(rows), PART)
        ]
        return Outputs(
            np.concatenate([part.logits for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            _joined([part.values for part in parts]),
            _joined([part.familiarity for part in parts]),
        )

    def _part(self, rows: Sequence[Row], begin: int) -> Outputs:
        question = b"".join(map(json_line, rows))
        with self._lock:
            try:
                answers = [json.loads(text) for text in self._answers(question, len(rows))]
            except json.JSONDecodeError as error:
                self._drop()
                raise KNASError(f"knas predict gave an answer that is no JSON: {error}") from None
            except BaseException:
                # Interrupted between question and answer, or lost: the next question begins anew.
                self._drop()
                raise
        return _outputs(answers, self._description, begin)

    def _answers(self, question: bytes, count: int) -> list[bytes]:
        is_second = False
        while True:
            child = self._started()
            self._asked = time.monotonic()
            try:
                return child.ask(question, count)
            except _Lost as lost:
                self._drop()
                # The same would happen again, or has.
                if lost.ending.code in FINAL_CODES or is_second:
                    raise error_of(
                        lost.ending.code, explained(lost.ending, "knas predict")
                    ) from None
            is_second = True

    def _started(self) -> _Child:
        child = self._child
        if child is not None and child.is_alive:
            return child
        self._drop()
        command = [
            *[
                find_program(self._program),
                "predict",
                str(self._files.directory),
                "--format",
                "jsonl",
            ],
            *["--logits", "--skip-bad-rows", "--log-level", "error", *self._options],
        ]
        self._child = _Child(command)
        self._make_room()
        return self._child

    def _make_room(self) -> None:
        """Ends the processes that were asked the longest time ago, beyond those that are kept."""
        waiting = [one for one in list(_all) if one is not self and one._child is not None]
        waiting.sort(key=lambda one: one._asked)
        for one in waiting[: max(0, len(waiting) + 1 - KEPT)]:
            # One that is being asked is no longer waiting.
            if one._lock.acquire(blocking=False):
                try:
                    one._drop()
                finally:
                    one._lock.release()

    def _drop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    def close(self) -> None:
        """See ``Predictor``: ends the process."""
        with self._lock:
            self._drop()
            self._files.release()

    def after_fork(self) -> None:
        """In a process that has just been forked: the parent keeps its process."""
        self._lock = threading.Lock()
        self._files.unlock()
        if self._child is not None:
            self._child.abandon()
            self._child = None


#: Every predictor of this process.
_all: weakref.WeakSet[ProgramPredictor] = weakref.WeakSet()


class _Lost(Exception):
    """The process has ended, or does not speak as it should."""

    def __init__(self, ending: process.Ending) -> None:
        super().__init__(ending)
        self.ending = ending


class _Child:
    """The process, ended with this object or when Python exits."""

    def __init__(self, command: Sequence[str]) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile(prefix="knas-")  # noqa: SIM115
        try:
            # Not tied to the thread that happens to ask first: the end of its input ends it.
            self._process = process.start(
                command,
                dies_with_thread=False,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
            )
        except OSError as error:
            self._errors.close()
            raise MissingError(f"{command[0]} cannot be started: {error}") from None
        self._owner = os.getpid()
        self.end = weakref.finalize(self, _end, self._process, self._errors, self._owner)
        self._input, self._output = self._process.stdin, self._process.stdout
        assert self._input is not None and self._output is not None
        os.set_blocking(self._input.fileno(), False)
        self._received = b""

    @property
    def is_alive(self) -> bool:
        return self._owner == os.getpid() and self._process.poll() is None

    def ask(self, question: bytes, count: int) -> list[bytes]:
        """Writes the question while it reads as many lines: neither side waits for the other with a full pipe.

        Raises ``_Lost``.
        """
        assert self._input is not None and self._output is not None
        rest = memoryview(question)
        lines: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            selector.register(self._input, selectors.EVENT_WRITE)
            while len(lines) < count:
                # Python sees a signal that came to another thread only when this one wakes up.
                for key, _ in selector.select(timeout=1):
                    if key.fileobj is self._output:
                        lines += self._read()
                        continue
                    rest = rest[self._write(rest) :]
                    if not rest:
                        selector.unregister(self._input)
        if rest or len(lines) > count or self._received:
            raise _Lost(
                process.Ending(INTERNAL, "", f"it gave {len(lines)} answers for {count} texts")
            )
        return lines

    def _read(self) -> list[bytes]:
        assert self._output is not None
        data = os.read(self._output.fileno(), PIECE)
        if not data:
            raise _Lost(self._ending())
        *whole, self._received = (self._received + data).split(b"\n")
        return whole

    def _write(self, rest: memoryview) -> int:
        assert self._input is not None
        try:
            return os.write(self._input.fileno(), rest[:PIECE])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise _Lost(self._ending()) from None

    def _ending(self) -> process.Ending:
        """How it ended, or is being ended: it does not read or write any more."""
        try:
            self._process.wait(timeout=process.PATIENCE)
        except subprocess.TimeoutExpired:
            process.stop(self._process)
        self._errors.seek(0)
        said = process.text(self._errors.read())[-process.KEPT_CHARACTERS :].strip()
        # It may have ended well, but not before the end of its input.
        return process.Ending(self._process.returncode or INTERNAL, "", said)

    def abandon(self) -> None:
        """Forgets a process that belongs to the parent of this one."""
        self.end.detach()
        # Held open here, the end of the parent's questions would never reach it.
        process.close_quietly(self._process.stdin)
        process.close_quietly(self._process.stdout)
        self._errors.close()
        # It is no child of this process: nothing is to be waited for.
        self._process.returncode = 0


def _end(child: subprocess.Popen[bytes], errors: IO[bytes], owner: int) -> None:
    """Ends a process: it ends by itself when nothing more can come, within milliseconds where it is idle."""
    if os.getpid() != owner:
        return
    process.close_quietly(child.stdin)
    try:
        child.wait(timeout=1)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass
    finally:
        process.stop(child)
        errors.close()


def _joined(parts: list[Floats | None]) -> Floats | None:
    """All parts, or none: a model gives either."""
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None


def _outputs(answers: list[dict[str, Any]], description: ModelDescription, begin: int) -> Outputs:
    for place, answer in enumerate(answers):
        if "error" in answer:
            raise BadDataError(f"row {begin + place}: {answer['error']}")
    familiarity = None
    if answers and "familiarity" in answers[0]:
        familiarity = np.array([answer["familiarity"] for answer in answers], np.float64)
    if description.target == "number":
        nothing = np.empty((len(answers), 0))
        values = np.array([answer["value"] for answer in answers], np.float64)
        return Outputs(nothing, nothing, values, familiarity)
    try:
        logits, probabilities = (
            np.array(
                [[answer[key][name] for name in description.labels] for answer in answers],
                np.float64,
            )
            for key in ("logits", "probabilities")
        )
    except KeyError as error:
        raise KNASError(f"knas predict gave an answer without {error}") from None
    return Outputs(logits, probabilities, familiarity=familiarity)
