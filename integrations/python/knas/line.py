"""One line that is redrawn while something goes on: on a terminal, in a notebook, or a line now and then."""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import threading
from typing import Any, Protocol

import numpy as np

from .errors import UsageError


class Line(Protocol):
    """What every kind can do."""

    #: Whether a text takes the place of the one before.
    is_redrawn: bool

    def show(self, text: str) -> None:
        """Shows a text."""

    def end(self) -> None:
        """Leaves the last text where it is."""


class TerminalLine:
    """On standard error, a terminal."""

    is_redrawn = True

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.is_begun = False

    def show(self, text: str) -> None:
        # A text that is longer than the line would begin another one each time.
        text = (self.prefix + text)[: shutil.get_terminal_size().columns - 1]
        _write("\r\x1b[K" + text)
        self.is_begun = True

    def end(self) -> None:
        if self.is_begun:
            _write("\n")


class PlainLines:
    """On standard error, wherever that goes: a line for each text."""

    is_redrawn = False

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def show(self, text: str) -> None:
        _write(self.prefix + text + "\n")

    def end(self) -> None:
        return None


class NotebookLine:
    """In the output of a notebook's cell."""

    is_redrawn = True

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str) -> None:
        from IPython import display

        content = {"text/plain": "knas: " + text}
        if self._handle is None:
            self._handle = display.display(content, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(content, raw=True)

    def end(self) -> None:
        return None


class NoLine:
    """Shows nothing."""

    is_redrawn = False

    def show(self, text: str) -> None:
        return None

    def end(self) -> None:
        return None


def _write(text: str) -> None:
    """Writes to standard error; what cannot be written is dropped, and the work goes on."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def standard_error(prefix: str, terminal_prefix: str | None = None) -> Line:
    """A line on standard error, with a prefix for lines that stay, and another for one that is redrawn."""
    if sys.stderr is None:
        return NoLine()
    if sys.stderr.isatty():
        return TerminalLine(prefix if terminal_prefix is None else terminal_prefix)
    return PlainLines(prefix)


def line(verbose: bool | int | None) -> Line:
    """The line for a person: ``None`` shows one where somebody is likely to look, ``True`` everywhere, ``False`` none.

    Nobody looks at the workers of joblib, which may be many at once.

    Raises ``UsageError`` for anything else.
    """
    if verbose is not None and not isinstance(verbose, (bool, int, np.bool_, np.integer)):
        raise UsageError(f"verbose is {verbose!r}: expected None, True or False")
    if verbose is None:
        is_worker = multiprocessing.current_process().name != "MainProcess"
        if is_worker or threading.current_thread() is not threading.main_thread():
            return NoLine()
        if is_notebook():
            return NotebookLine()
        shown = standard_error("knas: ")
        return shown if shown.is_redrawn else NoLine()
    if not verbose:
        return NoLine()
    return NotebookLine() if is_notebook() else standard_error("knas: ")


def is_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    # Where there is a kernel, it has imported IPython.
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and hasattr(shell, "kernel")
