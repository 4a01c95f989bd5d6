"""The trials of a comparison as a tidy list."""

import dataclasses
from typing import Any

from structured_es.comparison.trial import Trial


class Trials(list[Trial]):
    """A list of trials; `to_pandas` makes a table of it."""

    def to_pandas(self) -> Any:
        """A pandas DataFrame with a row for each trial and its numbers and words as columns.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas

        skipped = ("history", "spread", "known")
        columns = [f.name for f in dataclasses.fields(Trial) if f.name not in skipped]
        return pandas.DataFrame([[getattr(t, c) for c in columns] for t in self], columns=columns)
