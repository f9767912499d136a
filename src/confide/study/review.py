"""A desk at which a person decides on the doubtful spans of a queue; the web view shows it, and nothing else acts.

Guarantee: opening the queue is recorded with its purpose before anything of it is shown; each decision is sealed and
durable when its call returns; the ledger is told who decided how many, and no text. What nobody decided, or waits
for a second person, stays masked.
"""

import getpass
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from confide.crypto.sign import PersonKey
from confide.deid.classes import CLASSES
from confide.deid.review import ReviewItem, queue_from_bytes, risk
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.ledger import Ledger, now
from confide.study.decisions import Answer, Decision, Decisions, Tally, counts_of, read_book, write_book
from confide.study.keys import recording
from confide.types import Json
from confide.vault.vault import Vault

REVIEWED = "review-decisions"


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits at the desk: a label of the roster with the key behind it, or the user of this machine."""

    label: str
    key: PersonKey | None = field(default=None, repr=False)

    @property
    def public(self) -> str:
        """Return what the ledger may say: the label of a key, and of a user without one nothing."""
        return self.label if self.key else ""


def person_of(ledger: Ledger, key: PersonKey | None) -> Person:
    """Return the person behind a key, by the label of the roster.

    Raises:
        InvalidInput: the key is not on the roster, or was dismissed.
    """
    if key is None:
        return Person(getpass.getuser())
    holder = ledger.roster().get(key.public)
    if holder is None or holder.dismissed:
        raise InvalidInput("ledger.not-appointed", key=key.public[:16])
    return Person(holder.label, key)


class Desk:
    """The queue and the decisions on it. Holds patient text: `repr` shows none.

    Items are told apart by their place in `items`, which stays the same while the desk is open.
    """

    def __init__(
        self, vault: Vault, ledger: Ledger, queue: Path, *, person: Person, purpose: str, study: str | None
    ) -> None:
        if not queue.exists():
            raise InvalidInput("review.no-queue", file=queue.name)
        self._vault, self._ledger, self._queue, self._study = vault, ledger, queue, study
        self.person, self.purpose = person, purpose
        data = vault.open_bytes(queue, purpose=purpose, who=person.label, on_record=recording(ledger, study))
        found = {item.mark: item for item in queue_from_bytes(data)}
        self.items: Sequence[ReviewItem] = sorted(
            found.values(),
            key=lambda item: (-risk(item), item.text, item.source, item.document, item.span.start),
        )
        self._decisions, self._untold = read_book(vault, queue)
        self._before: list[tuple[int, dict[str, Decision | None]]] = []
        self._same: dict[str, list[int]] = defaultdict(list)
        for at, item in enumerate(self.items):
            self._same[item.text].append(at)
        self.close()  # tells the ledger what a crash kept from it

    def __repr__(self) -> str:
        return f"Desk(items={len(self.items)})"

    @property
    def decisions(self) -> Decisions:
        """Return what was decided so far, by mark."""
        return self._decisions

    @property
    def counts(self) -> dict[str, int]:
        """Return how many items were accepted, rejected, are asked about, and undecided."""
        return counts_of(self.items, self._decisions)

    def decision(self, at: int) -> Decision | None:
        """Return what was decided on an item."""
        return self._decisions.get(self.items[at].mark)

    def same(self, at: int) -> list[int]:
        """Return this item and the undecided ones whose span is the same string."""
        return [each for each in self._same[self.items[at].text] if each == at or self.decision(each) is None]

    def next_open(self, at: int) -> int:
        """Return the first item from `at` on, and round again, that is not decided; `at` where all are."""
        around = [*range(at, len(self.items)), *range(at)]
        return next((each for each in around if self.decision(each) is None), at)

    def decide(self, at: int, answer: str, *, kind: str | None = None, everywhere: bool = False) -> int:
        """Decide on an item; with `everywhere` on all undecided items of this queue with the same string, too.

        Guarantee: durable when this returns. Items that a later run finds are not decided by it.

        Args:
            at: the item's place.
            answer: "accept" (an identifier), "reject" (none), or "ask" (a second person shall decide).
            kind: class of identifier; each item's own if left out.
            everywhere: decide all that `same` lists.

        Returns:
            How many items were decided.
        Raises:
            InvalidInput: no such item, answer or class.
            AccessDenied: this person asked for a second one to decide.
        """
        if not 0 <= at < len(self.items) or answer not in get_args(Answer) or kind not in (None, *CLASSES):
            raise InvalidInput("review.no-such-decision")
        chosen = [self.items[each] for each in (self.same(at) if everywhere else [at])]
        new: dict[str, Decision] = {}
        for item in chosen:
            there = self._decisions.get(item.mark)
            if (
                there is not None
                and there.answer == "ask"
                and there.by == self.person.label
                and answer != "ask"
            ):
                raise AccessDenied("review.second-person")
            made = Decision(answer, kind or item.span.type, self.person.label, now())  # type: ignore[arg-type]  # looked at above
            new[item.mark] = made
        self._before.append((at, {mark: self._decisions.get(mark) for mark in new}))
        self._keep({**self._decisions, **new}, answer, len(new))
        return len(new)

    def undo(self) -> int | None:
        """Take the last act of this sitting back; return where it was done, None if there was none."""
        if not self._before:
            return None
        at, before = self._before[-1]
        restored = {mark: one for mark, one in self._decisions.items() if mark not in before}
        restored |= {mark: one for mark, one in before.items() if one is not None}
        self._keep(restored, "undo", len(before))
        self._before.pop()
        return at

    def close(self) -> None:
        """Tell the ledger, per person, how many decisions it has not been told of."""
        if not self._untold:
            return
        for label, counts in self._untold.items():
            self._ledger.record(REVIEWED, study=self._study, details=self._signed({"by": label, **counts}))
        self._untold = {}
        write_book(self._vault, self._queue, self._decisions, self._untold)

    def _signed(self, counts: Json) -> Json:
        """Return the counts with this person's signature, where the person has a key and they are hers."""
        key = self.person.key
        if key is None or counts["by"] != self.person.public:
            return counts
        return counts | {
            "signature": key.sign({"kind": "review", "ledger": self._ledger.id, **counts}).to_json()
        }

    def _keep(self, decisions: dict[str, Decision], answer: str, number: int) -> None:
        """Make decisions durable, with the tally, and only then let them be seen."""
        untold: Tally = {label: dict(counts) for label, counts in self._untold.items()}
        mine = untold.setdefault(self.person.public, {})
        mine[answer] = mine.get(answer, 0) + number
        write_book(self._vault, self._queue, decisions, untold)
        self._decisions, self._untold = decisions, untold


@contextmanager
def open_desk(
    vault: Vault, ledger: Ledger, queue: Path, *, person: Person, purpose: str, study: str | None = None
) -> Iterator[Desk]:
    """Open a queue for one person; the ledger is told the counts at the end, however it ends.

    Raises:
        InvalidInput: there is no queue, or no purpose.
        IntegrityError, AccessDenied: as `Vault.read`; or the file is no queue.
    """
    desk = Desk(vault, ledger, queue, person=person, purpose=purpose, study=study)
    try:
        yield desk
    finally:
        desk.close()
