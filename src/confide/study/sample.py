"""A random sample of cleaned documents that a person looks through, and the bound on what was missed that follows.

Guarantee: each document that would leave has the same chance, drawn by a stream under a key of the operating system,
and every draw is in the ledger; the sample lies sealed; a mark is durable when its call returns. There is a figure only
when all of the sample was looked through. Source: Clopper and Pearson 1934 (`confide.audit.membership`).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from secrets import SystemRandom

from confide.audit.membership import upper_bound
from confide.deid.classes import CLASSES
from confide.errors import IntegrityError, InvalidInput
from confide.ledger.ledger import now
from confide.study.cleaned import cleaned
from confide.study.cohort import members_of
from confide.study.index import SAMPLE
from confide.study.keys import recording
from confide.study.outgoing import Output
from confide.study.review import Person
from confide.study.sources import read_records, sealed_folder
from confide.study.workplace import Workplace
from confide.types import Json, Progress, no_progress
from confide.vault.vault import Vault

LEVEL = 0.95
SAMPLED = "review-sample"


@dataclass(frozen=True, slots=True)
class Missed:
    """An identifier that a person found in a cleaned text: `text[start:end]`."""

    start: int
    end: int
    type: str


@dataclass(slots=True)
class Looked:
    """A cleaned document of the sample; `by` looked through it. `repr` shows no text."""

    text: str = field(repr=False)
    missed: list[Missed] = field(default_factory=list)
    by: str | None = None


@dataclass(slots=True)
class Sample:
    """What was drawn, of how many documents, out of which outputs."""

    drawn: str
    of: int
    digest: str
    documents: list[Looked]

    @property
    def is_done(self) -> bool:
        """Say whether every document was looked through."""
        return all(each.by is not None for each in self.documents)


def choose(n: int, of: int) -> list[int]:
    """Return `n` different numbers below `of`, every such set with the same chance, by the system's randomness.

    >>> choose(3, 3)
    [0, 1, 2]
    """
    return sorted(SystemRandom().sample(range(of), n))


def draw_sample(place: Workplace, n: int, *, progress: Progress = no_progress) -> int:
    """Draw `n` of the cleaned documents that would leave now, in the place of an earlier sample; return how many.

    Raises:
        InvalidInput: fewer than one is asked for, or no document would leave.
    """
    study, vault, ledger = place.study, place.vault, place.ledger
    if n < 1:
        raise InvalidInput("error.invalid-input", field="sample", wanted=">= 1", found=n)
    records = read_records(study, vault, members=members_of(study, ledger))
    outputs = cleaned(place, records, began=now(), progress=progress).outputs
    texts = [json.loads(line)["text"] for each in outputs if each.kind == "notes" for _, line in each.records]
    if not texts:
        raise InvalidInput("review.nothing-leaves")
    chosen = choose(min(n, len(texts)), len(texts))
    sample = Sample(now(), len(texts), digest_of(vault, outputs), [Looked(texts[each]) for each in chosen])
    which = vault.keyed_digest(json.dumps([sample.digest, chosen]).encode(), "review sample")
    details = {"state": "drawn", "documents": len(chosen)}
    ledger.record(SAMPLED, study=study.study.name, details=details, commitment=which)
    _write(vault, sealed_folder(study) / SAMPLE, sample)
    return len(chosen)


def digest_of(vault: Vault, outputs: Sequence[Output]) -> str:
    """Return the keyed digest of all documents that would leave."""
    content = b"".join(each.content for each in outputs if each.kind == "notes")
    return vault.keyed_digest(content, "review sample")


def measured(vault: Vault, folder: Path, outputs: Sequence[Output]) -> Json | None:
    """Return what the sample says of what was missed, with exact upper bounds; None while nobody is through with it.

    The bound per document is exact for documents drawn independently, and on the safe side for a sample without
    replacement. The one per 1,000 characters takes every character for a draw: it holds where misses do not cluster.
    """
    file = folder / SAMPLE
    if not file.exists() or not (sample := _read(vault.read(file))).is_done:
        return None
    documents, characters = sample.documents, sum(len(each.text) for each in sample.documents)
    found = sum(len(each.missed) for each in documents)
    with_some = sum(bool(each.missed) for each in documents)
    per_character = upper_bound(min(found, characters), characters, level=LEVEL) if characters else 1.0
    return {
        "documents": len(documents),
        "of": sample.of,
        "characters": characters,
        "missed": found,
        "with_missed": with_some,
        "level": LEVEL,
        "bound_documents": upper_bound(with_some, len(documents), level=LEVEL),
        "bound_per_1000": 1000 * per_character,
        "of_this_output": sample.digest == digest_of(vault, outputs),
    }


class SampleDesk:
    """The sample, one person looking through it. Holds cleaned text: `repr` shows none."""

    def __init__(self, place: Workplace, *, person: Person, purpose: str) -> None:
        self._place, self._file = place, sealed_folder(place.study) / SAMPLE
        if not self._file.exists():
            raise InvalidInput("review.no-sample")
        self.person, told = person, recording(place.ledger, place.study.study.name)
        data = place.vault.open_bytes(self._file, purpose=purpose, who=person.label, on_record=told)
        self.sample = _read(data)

    def __repr__(self) -> str:
        return f"SampleDesk(documents={len(self.sample.documents)})"

    def mark(self, at: int, start: int, end: int, kind: str) -> None:
        """Say that `text[start:end]` of a document is an identifier that was missed; durable when this returns.

        Raises:
            InvalidInput: no such document, place or class; or the place is marked.
        """
        one = self._at(at)
        taken = any(start < other.end and other.start < end for other in one.missed)
        if (
            not 0 <= start < end <= len(one.text)
            or kind not in CLASSES
            or taken
            or not one.text[start:end].strip()
        ):
            raise InvalidInput("review.no-such-mark")
        one.missed.append(Missed(start, end, kind))
        one.missed.sort(key=lambda each: each.start)
        self._keep()

    def unmark(self, at: int, number: int) -> None:
        """Take a mark back."""
        one = self._at(at)
        if not 0 <= number < len(one.missed):
            raise InvalidInput("review.no-such-mark")
        del one.missed[number]
        self._keep()

    def look(self, at: int, *, through: bool) -> None:
        """Say that this person has looked through a document, or not yet; the last one is told to the ledger."""
        was_done = self.sample.is_done
        self._at(at).by = self.person.label if through else None
        self._keep()
        if self.sample.is_done and not was_done:
            details = {
                "state": "looked-through",
                "documents": len(self.sample.documents),
                "by": self.person.public,
            }
            self._place.ledger.record(SAMPLED, study=self._place.study.study.name, details=details)

    def _at(self, at: int) -> Looked:
        if not 0 <= at < len(self.sample.documents):
            raise InvalidInput("review.no-such-mark")
        return self.sample.documents[at]

    def _keep(self) -> None:
        _write(self._place.vault, self._file, self.sample)


def open_sample(place: Workplace, *, person: Person, purpose: str) -> SampleDesk | None:
    """Open the sample where there is one; a recorded opening."""
    there = (sealed_folder(place.study) / SAMPLE).exists()
    return SampleDesk(place, person=person, purpose=purpose) if there else None


def _write(vault: Vault, file: Path, sample: Sample) -> None:
    vault.seal_bytes(json.dumps(asdict(sample)).encode(), file)


def _read(data: bytes) -> Sample:
    try:
        read = json.loads(data)
        documents = [
            Looked(**{**one, "missed": [Missed(**m) for m in one["missed"]]}) for one in read["documents"]
        ]
        return Sample(**{**read, "documents": documents})
    except (ValueError, TypeError, KeyError):
        raise IntegrityError("error.integrity", file=SAMPLE) from None
