"""Count the answers that each client was given, durably, and refuse more than it may have.

Guarantee: an answer is counted, on disk, before it is computed; two processes that answer the same client at once
cannot both take the last one. A count never goes down. Holds names of clients and numbers, nothing else.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from confide.encrypted.form import Form
from confide.errors import AccessDenied

PATIENCE = 10.0  # seconds that a process waits for another's count


def worth(form: Form) -> int:
    """Return how many raw answers of one output give a model of this form away: one an unknown weight, and one.

    >>> from confide.encrypted.parameters import Parameters
    >>> at = Parameters(degree=4096, primes=(47, 46, 16), plain_bits=26)
    >>> worth(Form(name="m", parameters=at, features=("a", "b"), low=(0, 0), high=(1, 1), monomials=((0,), (1,)),
    ...     outputs=("y",), link="identity", answers="score", input_bits=10, scale_bits=20, hiding=40,
    ...     reply_primes=1, resolution=0, error=0))
    3
    """
    return len(form.monomials) + 1


class Quota:
    """At most `most` answers a client, over the life of `file`.

    Args:
        file: a SQLite database; made where it is not. One for each compiled model.
        form: of the model, for the sentence.
        most: answers of each client; a record with three outputs takes three.
    """

    def __init__(self, file: Path, form: Form, most: int) -> None:
        self._file, self._worth, self.most = file, worth(form), most
        with closing(self._open()) as base:
            base.execute(
                "CREATE TABLE IF NOT EXISTS answers (client TEXT PRIMARY KEY, given INTEGER NOT NULL)"
            )

    def spend(self, client: str, answers: int) -> None:
        """Count `answers` more, before they are given.

        Raises:
            AccessDenied: the client would have more than it may; nothing is counted.
        """
        with closing(self._open()) as base:
            base.execute("BEGIN IMMEDIATE")
            row = base.execute("SELECT given FROM answers WHERE client = ?", (client,)).fetchone()
            given = row[0] if row else 0
            if given + answers > self.most:
                base.execute("ROLLBACK")
                raise AccessDenied(
                    "encrypted.quota",
                    asked=answers,
                    left=self.most - given,
                    most=self.most,
                    worth=self._worth,
                )
            base.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (client, given + answers))
            base.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._file, timeout=PATIENCE, isolation_level=None)
        base.execute("PRAGMA synchronous = FULL")
        return base
