"""The command line: ``knas-ray search TASK [options] [options of knas search]``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from knas.errors import INTERRUPTED, USAGE, KNASError
from knas.program import find_program

from .errors import KnasRayError
from .options import Options
from .search import say, search

EXAMPLE = """\
options that are not listed here go to every knas command as they are, --data and --candidates
among them; they must mean the same on every node.

example:
  knas-ray search rte --data /shared/RTE --candidates 300 --keep 6 --storage /shared/parts \\
    --run runs/rte --address auto
"""


class Parser(argparse.ArgumentParser):
    """Exits like ``knas`` when the options are wrong."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"knas-ray: {message}\n")


def parser() -> Parser:
    top = Parser(prog="knas-ray", description=__doc__, allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True, parser_class=Parser)
    p = commands.add_parser(
        "search",
        help="search for the best head for a task on a Ray cluster",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    p.add_argument("task", help="a data file, a task definition (.yml), or the name of one")
    p.add_argument(
        "--storage", required=True, metavar="DIR", help="a shared folder or an fsspec URL"
    )
    p.add_argument("--run", type=Path, metavar="DIR", help="run directory (default: runs/TASK)")
    p.add_argument("--address", default="auto", help="the cluster: auto, local or HOST:PORT")
    p.add_argument(
        "--knas",
        metavar="PATH",
        help="the program on every node (default: $KNAS, or that on the PATH)",
    )
    p.add_argument("--shards", type=int, default=0, help="number of shares of the work")
    p.add_argument("--cpus-per-task", type=int, default=1, metavar="N", help="threads per task")
    p.add_argument("--retries", type=int, default=5, metavar="N", help="retries of lost work")
    p.add_argument(
        "--resource", action="append", default=[], metavar="NAME=N", help="what a task needs"
    )
    p.add_argument("--resume", action="store_true", help="continue with what is in the storage")
    p.add_argument("--overwrite", action="store_true", help="replace an existing run")
    p.add_argument("--json", action="store_true", help="print the result as JSON")
    p.add_argument("--quiet", action="store_true", help="show no progress")
    return top


def options(words: list[str]) -> Options:
    """Raises ``KNASError`` or ``SystemExit`` for invalid arguments."""
    found, rest = parser().parse_known_args(words)
    for name in ("shards", "retries"):
        if getattr(found, name) < 0:
            raise KnasRayError(f"--{name} is {getattr(found, name)}: expected 0 or more", USAGE)
    if found.resume and found.overwrite:
        raise KnasRayError("--resume and --overwrite are mutually exclusive", USAGE)
    if found.cpus_per_task < 1:
        raise KnasRayError(f"--cpus-per-task is {found.cpus_per_task}: expected 1 or more", USAGE)
    path = find_program(found.knas, named="--knas")
    resources: dict[str, float] = {}
    for text in found.resource:
        name, _, amount = text.partition("=")
        try:
            resources[name] = float(amount)
        except ValueError:
            raise KnasRayError(f"--resource {text}: expected NAME=NUMBER", USAGE) from None
    return Options(
        task=found.task,
        search=tuple(rest),
        run=Path(os.path.abspath(found.run or Path("runs") / _name(found.task))),
        storage=found.storage,
        knas=path,
        address=found.address,
        shards=found.shards,
        cpus_per_task=found.cpus_per_task,
        resources=resources,
        retries=found.retries,
        resume=found.resume,
        overwrite=found.overwrite,
        json=found.json,
        quiet=found.quiet,
        directory=os.getcwd(),
    )


def _name(task: str) -> str:
    """What the run of a task is called: its file's name without endings, as the program has it."""
    return Path(Path(task).name.removesuffix(".gz")).stem


def main(words: list[str] | None = None) -> int:
    try:
        return search(options(sys.argv[1:] if words is None else words))
    except KNASError as error:
        say(f"error: {error}")
        return error.code
    except ConnectionError as error:
        say(f"error: there is no Ray cluster: {error}; start one, or use --address local")
        return USAGE
    except KeyboardInterrupt:
        say("interrupted; what was scored is kept. Go on with the same command and --resume")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
