"""Where the ``knas`` program is, and what to do where it is not."""

from __future__ import annotations

import os
import shutil

from .errors import MissingError

#: The variable that names the program.
VARIABLE = "KNAS"

INSTALLATION = (
    "to install it, build it from the repository of KNAS for text (`make build` there, on Debian with Swift 6) and put "
    "`.build/release/knas` on the PATH; or say where it is: program=PATH, or the environment variable KNAS. An encoder is "
    "installed by `knas encoder install`, and `knas doctor` says what else is missing"
)


def find_program(given: str | os.PathLike[str] | None = None, named: str = "program") -> str:
    """The absolute path of the program: the given one, that of the variable KNAS, or the one on the PATH.

    ``named``: what the given path is called where it was given.

    Raises ``MissingError``, which says how to install it.
    """
    for place, path in ((named, given), (VARIABLE, os.environ.get(VARIABLE))):
        # Path("") is the current directory, "" nothing.
        if path:
            name = os.path.expanduser(os.fspath(path))
            found = shutil.which(name)
            if found is None:
                raise MissingError(
                    f"there is no program {name!r}, which {place} names; {INSTALLATION}"
                )
            return os.path.abspath(found)
    found = shutil.which("knas")
    if found is None:
        raise MissingError(f"the program knas is not on the PATH; {INSTALLATION}")
    return os.path.abspath(found)


def has_program(given: str | os.PathLike[str] | None = None) -> bool:
    """Whether the program is there."""
    try:
        find_program(given)
    except MissingError:
        return False
    return True
