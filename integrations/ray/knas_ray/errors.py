"""What can go wrong; the exit codes are those of ``knas.errors``, where those of the program are.

Work that failed with one of its ``FINAL_CODES`` is not tried a second time.
"""

from __future__ import annotations

from knas.errors import KNASError


class KnasRayError(KNASError):
    """Stops the run with an exit code and a message for the user."""


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
