"""Every error that confide raises on purpose.

    ConfideError            (itself: a mistake of ours)                                   exit code 1
    ├── InvalidInput        the caller passed something that can never work          exit code 2
    ├── BudgetExceeded      the ledger refuses: nothing was read, nothing was spent  exit code 3
    ├── GateRefused         the work is done, and what came out may not leave         exit code 4
    ├── IntegrityError      bytes on disk or on the wire are not what was written    exit code 5
    ├── AccessDenied        the key or role at hand does not open this               exit code 6
    └── Interrupted         somebody pressed Ctrl-C                                  exit code 130

Each class answers one question: what can the caller do next? Two failures with the same answer
share a class and differ by their code. Programming mistakes stay TypeError and ValueError.
The sentences live in `confide.words`, in Chinese and English; an error carries a code and
public fields, never a cell, a note, a name or a key.
"""

from confide.words import say


class ConfideError(Exception):
    """Base of the tree; its text is one sentence that is safe to print and to log.

    Args:
        code: `room.key`, the name of a table with `sentence` and `hint` in `words/`.
        public: fields of the sentence; nothing of a patient may be among them.
    """

    exit_code = 1
    code = "error.internal"

    def __init__(self, code: str | None = None, /, **public: object) -> None:
        if code is not None:
            self.code = code
        self.public = public
        super().__init__(self.code, public)

    def __str__(self) -> str:
        return say(f"{self.code}.sentence", **self.public)

    @property
    def hint(self) -> str:
        """What to do about it, in the language in force."""
        return say(f"{self.code}.hint", **self.public)

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints instead of the two lines."""
        told = {"code": self.code, "sentence": str(self), "hint": self.hint, "exit_code": self.exit_code}
        return {"error": told}


class InvalidInput(ConfideError):
    """The caller passed something that can never work; the sentence names it and what is wanted."""

    exit_code = 2
    code = "error.invalid-input"


class BudgetExceeded(ConfideError):
    """The plan costs more than is left; the ledger is unchanged."""

    exit_code = 3
    code = "ledger.budget-exceeded"


class GateRefused(ConfideError):
    """The work was done and a gate of the study refuses what came out; nothing left."""

    exit_code = 4
    code = "study.gate-refused"


class IntegrityError(ConfideError):
    """Bytes on disk or on the wire are not what was written."""

    exit_code = 5
    code = "error.integrity"


class AccessDenied(ConfideError):
    """The key or role at hand does not open this."""

    exit_code = 6
    code = "error.access-denied"


class Interrupted(ConfideError):
    """Somebody stopped the work; what was done so far is kept."""

    exit_code = 130
    code = "study.interrupted"
