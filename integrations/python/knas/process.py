"""Processes of ``knas`` that do not outlive the process that wants their results."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

#: Characters of a process's standard error that are kept for a report.
KEPT_CHARACTERS = 4000

#: Seconds that a process gets to end by itself: ``knas`` needs at most 1.5 after a signal.
PATIENCE = 5.0

#: Has the kernel end the process when the thread that started it ends, then becomes the program.
#:
#: A parent that is ended by SIGKILL, as workers of Ray and joblib are, can tell nobody: without this its ``knas`` would
#: go on using the processors, and hold the lock of the run. It is a program of its own and no ``preexec_fn``: between
#: fork and exec a process with threads may do next to nothing.
_DIES_WITH_PARENT = """\
import ctypes, os, signal, sys
set_death_signal = 1
ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    os._exit(130)
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[2]}: {error.strerror}")
"""


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


def start(
    command: Sequence[str], *, dies_with_thread: bool, **options: Any
) -> subprocess.Popen[bytes]:
    """Starts a process in a session of its own: Ctrl-C on the terminal reaches Python alone, which tells it.

    ``dies_with_thread``: on Linux, the process ends when the thread that called this ends, however that ends.

    ``options``: of ``subprocess.Popen``. Raises ``OSError`` where the program cannot be started.
    """
    path = shutil.which(command[0])
    if path is None:
        raise FileNotFoundError(f"no such program, or not executable: {command[0]}")
    # A relative path would count from the directory that the process begins in.
    words = [os.path.abspath(path), *command[1:]]
    # In a program that Python is embedded in, `sys.executable` may be that program.
    has_python = os.path.basename(sys.executable or "").startswith(("python", "pypy"))
    if dies_with_thread and sys.platform.startswith("linux") and has_python:
        shim = [sys.executable, "-I", "-S", "-c", _DIES_WITH_PARENT, str(os.getpid())]
        words = [*shim, *words]
    with _interrupted_later() as interruptions:
        process = subprocess.Popen(words, start_new_session=True, **options)
        if interruptions:
            stop(process)
    return process


@contextmanager
def _interrupted_later() -> Iterator[list[int]]:
    """Has Ctrl-C wait until the end, so that no process is begun that nobody knows; those that came are in the list."""
    came: list[int] = []
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield came
        return
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, usual)
    if came:
        usual(came[0], None)


def run(command: Sequence[str], directory: str, *, passes_output: bool = False) -> Ending:
    """Runs a command to its end.

    ``directory``: where relative paths count from; a node that does not have it uses its own.
    ``passes_output``: standard output and error go to the user instead of into the ending.

    Raises ``OSError`` where the program cannot be started.
    """
    pipe = None if passes_output else subprocess.PIPE
    process = start(
        command,
        dies_with_thread=True,
        cwd=directory if os.path.isdir(directory) else None,
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
    )
    try:
        stdout, stderr = process.communicate()
    except BaseException:
        # Interrupted or cancelled: the program keeps what is finished and may be stopped at any time.
        stop(process)
        raise
    return Ending(process.returncode, text(stdout), text(stderr)[-KEPT_CHARACTERS:].strip())


def text(output: bytes | None) -> str:
    """What a process wrote, whatever it was."""
    return (output or b"").decode("utf-8", "replace")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupts a process as Ctrl-C does, and kills it if it does not end; a second Ctrl-C kills it at once.
    Nothing is left of it afterwards, neither running nor as a zombie."""
    try:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=PATIENCE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            close_quietly(pipe)


def close_quietly(pipe: IO[bytes] | None) -> None:
    """Closes a pipe whose other end may be gone."""
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        pass
