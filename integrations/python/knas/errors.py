"""What can go wrong, and the exit code of each.

The codes are those of ``knas``: 64 usage, 65 bad input data, 66 missing file, 70 internal error, 74 input or
output failed, 130 interrupted. The first three say that the same command will fail again, on every machine.
"""

from __future__ import annotations

USAGE = 64
BAD_DATA = 65
MISSING_FILE = 66
INTERNAL = 70
INTERRUPTED = 130

#: Exit codes after which the same work would fail in the same way.
FINAL_CODES = frozenset({USAGE, BAD_DATA, MISSING_FILE})


class KNASError(RuntimeError):
    """The program failed, or cannot be used; with the exit code that it has or would have."""

    #: The code of errors that no process has ended with.
    default_code = INTERNAL

    def __init__(self, message: str, code: int | None = None) -> None:
        code = self.default_code if code is None else code
        # Both go through ``Exception.args``, so that the error survives the way between processes.
        super().__init__(message, code)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return self.message


class UsageError(KNASError, ValueError):
    """A parameter has a value that the program does not take."""

    default_code = USAGE


class BadDataError(KNASError, ValueError):
    """Texts, labels or the file of a model are not what they should be."""

    default_code = BAD_DATA


class MissingError(KNASError):
    """The program, an encoder or a file that is needed is not there."""

    default_code = MISSING_FILE


def damaged(path: object, expected: str, error: Exception) -> BadDataError:
    """The error for a file that is there, but not what it should be."""
    return BadDataError(f"{path} is damaged, or is not {expected}: {type(error).__name__}: {error}")


def error_of(code: int, message: str) -> KNASError:
    """The error for an exit code; signals' codes are negative, as in ``subprocess``."""
    kinds: dict[int, type[KNASError]] = {
        USAGE: UsageError,
        BAD_DATA: BadDataError,
        MISSING_FILE: MissingError,
    }
    return kinds.get(code, KNASError)(message, code if code > 0 else INTERNAL)
