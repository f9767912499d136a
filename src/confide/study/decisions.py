"""What people decided on doubtful spans: sealed beside the queue, by mark, without any text.

Guarantee: a decision is durable when `write_book` returns, and says which span it is about to nobody who has not
the key of the study. A span without a decision, or one that waits for a second person, stays masked.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from confide.deid.review import ReviewItem, Ruling, Rulings, queue_from_bytes
from confide.errors import IntegrityError
from confide.study.index import QUEUE, SAMPLE
from confide.vault.vault import Vault

Answer = Literal["accept", "reject", "ask"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's answer: an identifier, none, or a question to a second person."""

    answer: Answer
    type: str  # class of identifier
    by: str  # label of the person
    at: str  # UTC


Decisions = Mapping[str, Decision]  # by `ReviewItem.mark`
Tally = dict[str, dict[str, int]]  # label of a person -> answer, or "undo" -> how many
OURS = (QUEUE, "review-decisions.sealed", SAMPLE)  # what a review keeps in a study's sealed folder


def decisions_file(queue: Path) -> Path:
    """Return where the decisions on a queue lie.

    >>> decisions_file(Path("sealed/review.sealed")).as_posix()
    'sealed/review-decisions.sealed'
    """
    return queue.with_name(f"{queue.name.removesuffix('.sealed')}-decisions.sealed")


def read_book(vault: Vault, queue: Path) -> tuple[dict[str, Decision], Tally]:
    """Return the decisions on a queue, and how many of them the ledger was not told of yet.

    Raises:
        IntegrityError: the file was changed, or holds something else.
    """
    file = decisions_file(queue)
    if not file.exists():
        return {}, {}
    try:
        read = json.loads(vault.read(file))
        return {mark: Decision(**one) for mark, one in read["decisions"].items()}, read["untold"]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise IntegrityError("error.integrity", file=file.name) from None


def read_decisions(vault: Vault, queue: Path) -> dict[str, Decision]:
    """Return the decisions on a queue; none where nobody decided. Raises as `read_book`."""
    return read_book(vault, queue)[0]


def write_book(vault: Vault, queue: Path, decisions: Decisions, untold: Tally) -> None:
    """Seal decisions, and the tally that goes with them, in place of those before."""
    content = {"decisions": {mark: asdict(one) for mark, one in decisions.items()}, "untold": untold}
    vault.seal_bytes(json.dumps(content).encode(), decisions_file(queue))


def rulings_of(decisions: Decisions) -> Rulings:
    """Return what a run carries out: what waits for a second person is not among it."""
    return {
        mark: Ruling(verdict=one.answer, type=one.type)
        for mark, one in decisions.items()
        if one.answer != "ask"
    }


def counts_of(items: Iterable[ReviewItem], decisions: Decisions) -> dict[str, int]:
    """Count the items by what was decided."""
    answers = [decisions[item.mark].answer if item.mark in decisions else "undecided" for item in items]
    return {name: answers.count(name) for name in ("accept", "reject", "ask", "undecided")}


def forget_patients(vault: Vault, queue: Path, gone: Callable[[str], bool]) -> None:
    """Destroy the queue, which the next run fills anew, and what was decided on these patients.

    Guarantee: no copy of the queue opens any more, and no decision is left that was about a patient
    of whom `gone` says so.
    """
    try:
        listed = queue_from_bytes(vault.read(queue)) if queue.exists() else []
    except IntegrityError:  # then nobody can say whom the decisions are about
        listed = []
    kept = {item.mark for item in listed if not gone(item.patient)}
    decisions, untold = read_book(vault, queue)
    if decisions:
        write_book(vault, queue, {mark: one for mark, one in decisions.items() if mark in kept}, untold)
    if queue.exists():
        vault.destroy(queue)
