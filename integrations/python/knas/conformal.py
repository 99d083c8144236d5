"""What remains when at most a share of texts may be answered wrong: split-conformal prediction, as the program has it.

``docs/formats.md`` says what follows from a model's ``conformal``, ``docs/trust.md`` what it is good for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from numbers import Real
from typing import Any

from .errors import UsageError


@dataclass(frozen=True)
class Conformal:
    """How far a model was off on rows that it had not seen."""

    #: Rows that it had not seen.
    rows: int
    #: Their scores, ascending: 1 minus the probability of the true class, or the distance to the number. Of more than
    #: 1,000 rows a thousand at equal distances in rank.
    scores: tuple[float, ...]

    @classmethod
    def of(cls, found: Mapping[str, Any] | None) -> Conformal | None:
        """As a model has it. Raises ``KeyError``, ``TypeError`` and ``ValueError``."""
        if found is None:
            return None
        rows, scores = int(found["rows"]), tuple(map(float, found["scores"]))
        if not 0 < len(scores) <= rows:
            raise ValueError(f"conformal: {len(scores)} scores of {rows} rows")
        return cls(rows, scores)

    def threshold(self, abstain: float) -> float:
        """The largest score that remains. Raises ``UsageError`` where there are too few rows for the promise."""
        # As decimals are not exact, 0.05 of 19 + 1 rows must not become a little less than one row.
        rank = max(1, ceil((self.rows + 1) * (1 - abstain) - 1e-9))
        if rank > self.rows:
            raise UsageError(
                f"abstain={abstain}: the model's held-out rows promise 1 in {self.rows + 1} at best"
            )
        # The next one that is stored: the j-th of them, from 1, has the rank ceil(j * rows / count).
        return self.scores[(rank - 1) * len(self.scores) // self.rows]


def checked_share(abstain: float) -> float:
    """A share of texts. Raises ``UsageError``."""
    if isinstance(abstain, bool) or not isinstance(abstain, Real) or not 0 < float(abstain) < 1:
        raise UsageError(
            f"abstain={abstain!r}: expected the share of texts that may be answered wrong, between 0 and 1"
        )
    return float(abstain)
