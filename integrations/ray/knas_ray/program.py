"""The commands of ``knas`` that a distributed search is made of. Nothing is run here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .options import Options, without_option


@dataclass(frozen=True)
class Program:
    """Builds the command lines; the options of the search are the same in each."""

    path: str
    task: str
    search: tuple[str, ...]
    #: The options of one shard; they differ from ``search`` by the number of threads at most.
    task_search: tuple[str, ...]

    @classmethod
    def of(cls, options: Options) -> Program:
        return cls(options.knas, options.task, options.search, options.task_search)

    def plan(self, run: Path, *, resume: bool, overwrite: bool) -> list[str]:
        """Creates or opens the run directory and writes ``candidates.tsv``."""
        words = [self.path, "plan", self.task, *self.search, "--run", str(run), "--json"]
        return words + ["--resume"] * resume + ["--overwrite"] * overwrite

    def missing_features(self) -> list[str]:
        """Says, as JSON, how many blocks the encoder's pass has, and how many a cache lacks."""
        return [*self._features, "--missing", "--json"]

    def features(self, shard: int, shards: int, output: Path) -> list[str]:
        """Computes one shard of the features into a part file."""
        return [*self._features, "--shard", f"{shard}/{shards}", "--output", str(output)]

    def merge_features(self, parts: Sequence[Path]) -> list[str]:
        """Merges parts of features into the cache of the machine."""
        return [*self._features, "--merge", *map(str, parts)]

    @property
    def _features(self) -> list[str]:
        words = without_option(self.task_search, "--candidates")
        return [self.path, "features", self.task, *words]

    def score(self, candidates: Path, shard: int, shards: int, output: Path) -> list[str]:
        """Scores one shard of the candidates into a part file, which appears whole or not at all."""
        # `score` takes the file under the name that `search` has for the number of candidates.
        words = without_option(self.task_search, "--candidates")
        return [
            *[self.path, "score", self.task, *words, "--candidates", str(candidates)],
            *["--shard", f"{shard}/{shards}", "--output", str(output)],
        ]

    def merge(self, run: Path, parts: Sequence[Path]) -> list[str]:
        """Merges parts into the run's store; idempotent, in any order."""
        return [self.path, "merge", str(run), *map(str, parts)]

    def finish(self, run: Path, *, json: bool, quiet: bool) -> list[str]:
        """Takes the scores from the store and does the rest: trainings, report, leaderboard."""
        flags = ["--json"] * json + ["--quiet"] * quiet
        words = [self.path, "search", self.task, *self.search, "--run", str(run), "--resume"]
        return words + flags
