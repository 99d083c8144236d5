"""Runs one process of ``knas`` that cannot outlive the process that wants its result."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Characters of a process's standard error that are kept for a report.
KEPT_CHARACTERS = 4000


@dataclass(frozen=True)
class Ending:
    """How a process ended."""

    #: The exit code; negative where a signal ended it, as in ``subprocess``.
    code: int
    stdout: str
    #: The end of standard error.
    stderr: str

    @property
    def description(self) -> str:
        if self.code >= 0:
            return f"ended with exit code {self.code}"
        try:
            name = signal.Signals(-self.code).name
        except ValueError:
            name = f"signal {-self.code}"
        return f"was ended by {name}"


def run(
    command: Sequence[str],
    directory: str,
    *,
    passes_output: bool = False,
) -> Ending:
    """Runs a command to its end.

    ``directory``: where relative paths count from; a node that does not have it uses its own.
    ``passes_output``: standard output and error go to the user instead of into the ending.

    Raises ``OSError`` where the program cannot be started.
    """
    process = subprocess.Popen(
        list(command),
        cwd=directory if os.path.isdir(directory) else None,
        stdin=subprocess.DEVNULL,
        stdout=None if passes_output else subprocess.PIPE,
        stderr=None if passes_output else subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=_dies_with_parent(),
    )
    try:
        stdout, stderr = process.communicate()
    except BaseException:
        # Interrupted or cancelled: the program keeps what is finished and may be stopped at any
        # time.
        _end(process)
        raise
    return Ending(process.returncode, stdout or "", (stderr or "")[-KEPT_CHARACTERS:].strip())


def _end(process: subprocess.Popen[str]) -> None:
    """Asks a process to end and kills it if it does not."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _dies_with_parent() -> Callable[[], None] | None:
    """On Linux, has the kernel end the process when the thread that started it ends.

    Ray ends workers by SIGKILL: without this, their ``knas`` would go on using the processors of
    which Ray believes that they are free, and hold the lock of the run.
    """
    if not sys.platform.startswith("linux"):
        return None
    # Looked up before the fork: little may be done between fork and exec.
    control = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()
    set_death_signal = 1

    def prepare() -> None:
        control(set_death_signal, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(130)

    return prepare
