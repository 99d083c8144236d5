"""What can go wrong, and the exit code of each.

The codes are those of ``knas``: 64 usage, 65 bad input data, 66 missing file, 70 internal error, 130
interrupted. The first three say that the same command will fail again, on every machine: such work is
not tried a second time.
"""

from __future__ import annotations

USAGE = 64
BAD_DATA = 65
MISSING_FILE = 66
INTERNAL = 70
INTERRUPTED = 130

#: Exit codes after which the same work would fail in the same way.
FINAL_CODES = frozenset({USAGE, BAD_DATA, MISSING_FILE})


class KnasRayError(Exception):
    """Stops the run with an exit code and a message for the user."""

    def __init__(self, message: str, code: int = INTERNAL) -> None:
        super().__init__(message, code)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return self.message


class WorkLost(Exception):
    """A process of ``knas`` ended by a signal or with an internal error: Ray tries the work again.

    All that it holds goes through ``Exception.args``, so that it survives the way between processes.
    """

    def __init__(self, work: str, ending: str, node: str, stderr: str) -> None:
        super().__init__(work, ending, node, stderr)
        self.work = work
        self.ending = ending
        self.node = node
        self.stderr = stderr

    def __str__(self) -> str:
        text = f"{self.work} on {self.node} {self.ending}"
        return f"{text}:\n{self.stderr}" if self.stderr else text
