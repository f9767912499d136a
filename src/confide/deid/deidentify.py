"""De-identify all notes and tables of a patient under one policy and one key.

The door of the room: `Deidentifier` finds (`confide.deid.cascade`), replaces (`confide.deid.replace`) and
says what was doubtful (`confide.deid.review`). It opens no file and keeps nothing of a patient between calls.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NoReturn, Protocol

import polars as pl

from confide.crypto.keyed import Keyed
from confide.deid.cascade import Document, find_in_documents, latest_date
from confide.deid.classes import CLASSES, DATE_CLASSES, NAME_CLASSES
from confide.deid.fold import fold
from confide.deid.hits import Hit
from confide.deid.known import known_values
from confide.deid.lexicon import key_classes
from confide.deid.policy import Policy, load_policy
from confide.deid.replace import OLD, Replacer, as_wide, tags
from confide.deid.review import Marks, ReviewItem, Rulings, refuse_if_blocked, review_item, undecided
from confide.deid.section import Review
from confide.deid.site import SiteList
from confide.deid.table import deidentify_table, text_cell
from confide.errors import InvalidInput
from confide.types import Language, Span
from confide.vault.pseudonyms import Pseudonyms


class NoteLike(Protocol):
    """What a note must offer; `confide.records.notes.Note` fits."""

    @property
    def id(self) -> str:
        """Identify the note inside."""

    @property
    def patient(self) -> str:
        """Identify the patient inside."""

    @property
    def text(self) -> str:
        """Return the whole text."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Return the other columns of the note's row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeidNote:
    """A note after de-identification. `repr` shows no text.

    `id` is the note's own id and stays inside; `release_id` and `patient` are pseudonyms that may leave.
    `spans` are what was found and replaced, in the ORIGINAL text. A note that is `held` must not leave.
    `review` are its doubtful spans, masked in `text` all the same; they hold original text, so seal them.
    """

    id: str = field(repr=False)
    release_id: str
    patient: str
    text: str = field(repr=False)
    spans: tuple[Span, ...]
    held: bool
    fields: Mapping[str, str] = field(repr=False)
    review: tuple[ReviewItem, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class CleanText:
    """One text after replacement; `spans` are of the original."""

    text: str = field(repr=False)
    spans: tuple[Span, ...]
    review: tuple[ReviewItem, ...] = field(default=(), repr=False)
    is_open: bool = False  # whether nobody ruled on one of `review`


class Deidentifier:
    """De-identifies notes and tables under one policy and one key.

    Guarantee: every value in `known` is found in every document of the patient; what is found is replaced
    as the policy says, the same value by the same surrogate in all notes and tables of a patient, and by an
    unlinked one under another key; a doubtful span is never left as it was, unless a person ruled that it
    identifies nobody. The key is neither shown nor pickled.

    Args:
        policy: name of a policy, or the path of a policy file.
        key: at least 16 secret bytes from the vault; who holds it can recompute every pseudonym.
        language: language of redaction tags; both languages are always searched.
        review: "mask", "hold" or "block": what doubtful spans do to their document.
        today: the day at which birth dates are looked at when the records name no later day.
        taken: numbers that belong to people of the records; no invented number equals or holds one of them.
        rulings: what people said of doubtful spans that earlier calls returned.
        site: strings that the review of an earlier study taught.

    Raises:
        InvalidInput: no such policy, or a key that is too short.

    >>> deidentifier = Deidentifier(policy="gbt37964-research", key=bytes(32), language="zh")
    >>> deidentifier
    Deidentifier(policy='gbt37964-research', language='zh', review='mask', key hidden)
    """

    def __init__(
        self,
        *,
        policy: str,
        key: bytes,
        language: Language = "en",
        review: Review = "mask",
        today: date | None = None,
        taken: Iterable[str] = (),
        rulings: Rulings | None = None,
        site: SiteList | None = None,
    ) -> None:
        self._rulings: Rulings = rulings or {}
        self._site = site
        self._taken = frozenset(value.strip().casefold() for value in taken)
        self._policy: Policy = load_policy(policy)
        self._keyed = Keyed(key)
        self._pseudonyms = Pseudonyms(key)
        self._language: Language = language
        self._review: Review = review
        self._today = today
        self._tags = tags(language)

    def __repr__(self) -> str:
        return (
            f"Deidentifier(policy={self._policy.name!r}, language={self._language!r}, "
            f"review={self._review!r}, key hidden)"
        )

    def __reduce__(self) -> NoReturn:
        raise InvalidInput("deid.pickled-key")

    @property
    def policy(self) -> Policy:
        """Return the policy in force; all of it is public."""
        return self._policy

    def pseudonym(self, patient: str) -> str:
        """Return the keyed pseudonym of a patient, the same throughout a study.

        Guarantee: without the key it cannot be tried out from patient ids (rule H4).

        >>> Deidentifier(policy="pipl", key=bytes(32)).pseudonym("1234567890")[:2]
        'P-'
        """
        return self._pseudonyms.patient(patient)

    def patient(
        self,
        notes: Sequence[NoteLike],
        known: Mapping[str, Sequence[str]],
        *,
        identifiers: Mapping[str, str] | None = None,
    ) -> list[DeidNote]:
        """De-identify all notes of one patient together.

        Args:
            notes: all notes of the patient, in any order; what is found in one is searched for in all.
            known: class of identifier -> values of the patient's own structured fields.
            identifiers: name of a field of the notes -> class; such a field is replaced whole and its values
                count as known.

        Returns:
            One result per note, in order.

        Raises:
            InvalidInput: notes of several patients, or a class that does not exist.
            GateRefused: something is doubtful and `review` is "block".
        """
        mapped = dict(identifiers or {})
        check_classes({kind: kind for kind in known})
        check_classes(mapped)
        if len({note.patient for note in notes}) > 1:
            raise InvalidInput("deid.two-patients")
        if not notes:
            return []
        values = {kind: list(texts) for kind, texts in known.items()}
        for note in notes:
            for name, kind in mapped.items():
                if note.fields.get(name, "").strip():
                    values.setdefault(kind, []).append(note.fields[name])
        texts = [note.text for note in notes]
        free = [(i, name) for i, note in enumerate(notes) for name in note.fields if name not in mapped]
        prefixes = [_field_prefix(name) for _, name in free]
        cells = [prefix + notes[i].fields[name] for prefix, (i, name) in zip(prefixes, free, strict=True)]
        cleaned, replacer = self._clean([*texts, *cells], values, notes[0].patient)
        fields: list[dict[str, str]] = [dict.fromkeys(note.fields, "") for note in notes]
        review = [list(clean.review) for clean in cleaned[: len(texts)]]
        for (i, name), prefix, clean in zip(free, prefixes, cleaned[len(texts) :], strict=True):
            fields[i][name] = clean.text[len(prefix) :]
            review[i] += clean.review
        for i, note in enumerate(notes):
            for name, kind in mapped.items():
                if name in note.fields:
                    fields[i][name] = text_cell(replacer, kind, note.fields[name])
        out = [
            self._result(note, clean, fields[i], [_named(item, note.id) for item in review[i]])
            for i, (note, clean) in enumerate(zip(notes, cleaned, strict=False))
        ]
        refuse_if_blocked(
            self._review, undecided((item for note in out for item in note.review), self._rulings)
        )
        return out

    def _result(
        self, note: NoteLike, clean: CleanText, fields: dict[str, str], review: list[ReviewItem]
    ) -> DeidNote:
        return DeidNote(
            id=note.id,
            release_id=self._pseudonyms.record(note.patient, note.id),
            patient=self.pseudonym(note.patient),
            text=clean.text,
            spans=clean.spans,
            held=self._review == "hold" and bool(undecided(review, self._rulings)),
            fields=fields,
            review=tuple(review),
        )

    def table(
        self, frame: pl.DataFrame, identifiers: Mapping[str, str], text_columns: Sequence[str] = ()
    ) -> pl.DataFrame:
        """De-identify a table column by column, with the surrogates that the notes get.

        Args:
            frame: the user's columns plus `_patient`; `_row`, if there, is dropped.
            identifiers: column -> class of identifier.
            text_columns: columns of free text, treated as notes of their patient.

        Returns:
            The table in the same order: `_patient` is the pseudonym; columns named in neither argument are
            unchanged. A birth date that implies 90 years or more becomes empty in a column of dates, the
            words of the group in a column of text; a number of years from 90 up becomes 90.

        Raises:
            InvalidInput: a column or class that does not exist, or a row without a patient.
            GateRefused: something is doubtful and the review mode is "block".
        """
        return self.table_with_review(frame, identifiers, text_columns)[0]

    def table_with_review(
        self, frame: pl.DataFrame, identifiers: Mapping[str, str], text_columns: Sequence[str] = ()
    ) -> tuple[pl.DataFrame, list[ReviewItem]]:
        """As `table`, with the doubtful spans of its text; under "hold" a doubtful text becomes null."""
        check_classes(identifiers)
        result, items = deidentify_table(
            frame,
            identifiers,
            text_columns,
            clean=self.texts,
            replacer=self._replacer,
            pseudonym=self.pseudonym,
            hold=self._review == "hold",
            today=self._today or date.today(),
        )
        refuse_if_blocked(self._review, items)
        return result, items

    def texts(
        self, texts: Sequence[str], known: Mapping[str, Sequence[str]], patient: str
    ) -> list[CleanText]:
        """De-identify texts of one patient that are no notes; `review` does not hold or block here."""
        return self._clean(texts, known, patient)[0]

    def _clean(
        self, texts: Sequence[str], known: Mapping[str, Sequence[str]], patient: str
    ) -> tuple[list[CleanText], Replacer]:
        prepared = known_values(known)
        documents = find_in_documents(texts, prepared)
        if self._site is not None:
            documents = [self._site.applied(d, self._policy.threshold) for d in documents]
        named = [value for kind in NAME_CLASSES for value in known.get(kind, ())]
        found = [d.value(hit) for d in documents for hit in d.hits if hit.type in NAME_CLASSES]
        reference = latest_date(documents, prepared.birth_dates | _births(documents))
        replacer = self._replacer(patient, reference or self._today or date.today(), [*named, *found])
        return [
            self._replace(text, d, replacer, patient) for text, d in zip(texts, documents, strict=True)
        ], replacer

    def _replacer(self, patient: str, reference: date, full_names: Iterable[str] = ()) -> Replacer:
        return Replacer(
            policy=self._policy,
            keyed=self._keyed,
            patient=patient,
            tags=self._tags,
            reference=reference,
            full_names=full_names,
            taken=self._taken,
        )

    def _replace(self, text: str, document: Document, replacer: Replacer, patient: str) -> CleanText:
        """Put the replacements into one text; finds that stay as they are get no span."""
        pieces: list[str] = []
        spans: list[Span] = []
        items: list[ReviewItem] = []
        marks: Marks | None = None
        at = 0
        for hit in document.hits:
            start, end = document.folded.span(hit.start, hit.end)
            start = max(start, at)
            if start >= end:
                continue
            span = Span(start, end, hit.type, hit.score, hit.found_by)
            if doubtful := hit.score < self._policy.threshold:
                marks = marks or Marks(self._keyed, patient, text)
                items.append(review_item(text, span, mark=marks.of(span), patient=patient))
                if ruling := self._rulings.get(items[-1].mark):
                    if ruling.verdict == "reject":
                        continue
                    hit = replace(hit, type=ruling.type, found_by=f"review:{hit.found_by}")
                    span = replace(span, type=hit.type, found_by=hit.found_by)
            new = self._one(document, hit, replacer, doubtful=doubtful)
            if new is None:
                if doubtful:
                    items.pop()
                continue
            pieces += [text[at:start], as_wide(text[start:end], new)]
            spans.append(span)
            at = end
        pieces.append(text[at:])
        return CleanText("".join(pieces), tuple(spans), tuple(items), bool(undecided(items, self._rulings)))

    def _one(self, document: Document, hit: Hit, replacer: Replacer, *, doubtful: bool) -> str | None:
        """Return what stands in place of a hit; None when the policy lets it stay."""
        value, place = document.value(hit), (hit.start, hit.end)
        if replacer.action(hit.type, doubtful=doubtful) == "keep":
            return None
        if hit.type == "age":
            age = document.ages.get(place)
            if age is not None and age.years < OLD and replacer.action("age") == "cap":
                return None
            return replacer.age(age, value, doubtful=doubtful)
        if hit.type in DATE_CLASSES:
            day = document.dates.get(place)
            new = replacer.day(hit.type, day, value, doubtful=doubtful)
            return None if day is None and new == value else new
        return replacer.value(hit.type, value, found_by=hit.found_by, doubtful=doubtful)


def check_classes(identifiers: Mapping[str, str]) -> None:
    """Refuse a class of identifier that does not exist."""
    for column, kind in identifiers.items():
        if kind not in CLASSES:
            raise InvalidInput("deid.unknown-class", found=kind, column=column, known=", ".join(CLASSES))


def _births(documents: Sequence[Document]) -> frozenset[date]:
    """Return the days that a document calls a date of birth."""
    return frozenset(
        day
        for document in documents
        for hit in document.hits
        if hit.type == "birth-date" and (read := document.dates.get((hit.start, hit.end)))
        for day in read.readings
    )


def _field_prefix(name: str) -> str:
    """Return the name of a field as a key before its value, so that the context rules read it."""
    folded = fold(name).text.strip()
    return f"{folded}: " if folded in key_classes("zh") or folded.lower() in key_classes("en") else ""


def _named(item: ReviewItem, document: str) -> ReviewItem:
    return replace(item, document=document)
