"""De-identify all notes and tables of a patient under one policy and one key.

The door of the room: `Deidentifier` finds (`confide.deid.cascade`), replaces (`confide.deid.texts`, `table`), says
what was doubtful (`confide.deid.review`) and leads back (`confide.deid.way_back`). It opens no file but the vault's,
and keeps nothing of a patient between calls. A first page: `docs/de-identification.md`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from confide.crypto.keyed import Keyed
from confide.deid.cascade import Document, find_in_patients, latest_date
from confide.deid.classes import CLASSES, check_classes, domain
from confide.deid.codes import Codes
from confide.deid.known import Known, known_values
from confide.deid.notes import Gathered, assemble, gather
from confide.deid.people import People
from confide.deid.policy import Policy, load_policy
from confide.deid.replace import Replacer, tags
from confide.deid.results import CleanText, DeidNote, NoteLike
from confide.deid.review import ReviewItem, Rulings, refuse_if_blocked, undecided
from confide.deid.section import Review
from confide.deid.site import SiteList
from confide.deid.texts import Judged, births_in, people_of, replace_text
from confide.deid.way_back import WayBack
from confide.errors import IntegrityError, InvalidInput
from confide.types import Language, Span
from confide.vault.pseudonyms import Pseudonyms, study_key

if TYPE_CHECKING:
    import polars as pl

    from confide.deid.key_reference import KeyReference
    from confide.vault.vault import Permit, Vault

_Some = TypeVar("_Some")

__all__ = ["CleanText", "DeidNote", "Deidentifier", "NoteLike", "check_classes"]


class Deidentifier:
    """De-identifies notes, texts and tables under one policy and one key.

    Guarantee: every value in `known` is found in every document of the patient; what is found is replaced
    as the policy says, the same value by the same surrogate in all notes and tables of a patient, and by an
    unlinked one under another key; a doubtful span is never left as it was, unless a person ruled that it
    identifies nobody. The key is neither shown nor pickled: a pickle holds a `KeyReference`, or is
    refused (with it go `taken`, `rulings` and `site`, which are patient data).

    Args:
        policy: name of a policy, or the path of a policy file.
        vault: an open vault, or a `KeyReference` to one, which can be pickled; or else give `key`.
        key: at least 16 secret bytes, inside a study; who holds it can recompute every pseudonym.
        study: whose pseudonyms and surrogates these are; another study's are unlinked.
        recipient: who gets them, if other recipients of the study get unlinked ones.
        language: language of redaction tags; both languages are always searched.
        review: "mask", "hold" or "block": what doubtful spans do to their document.
        today: the day at which birth dates are looked at when the records name no later day.
        taken: numbers that belong to people of the records; no invented number equals or holds one of them.
        rulings: what people said of doubtful spans that earlier calls returned.
        site: strings that the review of an earlier study taught.
        identifiers: for frames, column -> class of identifier.
        text_columns: for frames, columns of free text.
        patient_column: for frames, the column that says whose row it is.

    Raises:
        InvalidInput: no such policy, a key that is too short, not exactly one of vault and key.

    >>> deidentifier = Deidentifier(policy="gbt37964-research", key=bytes(32), language="zh")
    >>> deidentifier
    Deidentifier(policy='gbt37964-research', language='zh', review='mask', key hidden)
    """

    def __init__(
        self,
        policy: str,
        vault: "Vault | KeyReference | None" = None,
        *,
        key: bytes | None = None,
        study: str = "deid",
        recipient: str | None = None,
        language: Language = "en",
        review: Review = "mask",
        today: date | None = None,
        taken: Iterable[str] = (),
        rulings: Rulings | None = None,
        site: SiteList | None = None,
        identifiers: Mapping[str, str] | None = None,
        text_columns: Sequence[str] = (),
        patient_column: str = "_patient",
    ) -> None:
        if (vault is None) == (key is None):
            raise InvalidInput("deid.one-key")
        self._named, self._vault = vault, None if vault is None else _opened(vault)
        if self._vault is not None:
            key = study_key(self._vault, study, recipient)
        self._take_key(key or b"")
        self._study, self._recipient = study, recipient
        self._asked_policy, self._policy = policy, load_policy(policy)
        self._language, self._review, self._today = language, review, today
        self._rulings: Rulings = rulings or {}
        self._site = site
        self._taken = frozenset(value.strip().casefold() for value in taken)
        self._identifiers, self._text_columns = dict(identifiers or {}), tuple(text_columns)
        self._patient_column = patient_column
        check_classes(self._identifiers)
        self._tags = tags(language)

    def _take_key(self, key: bytes) -> None:
        self._keyed, self._codes, self._pseudonyms = Keyed(key), Codes(key), Pseudonyms(key)
        self._way_back = WayBack(key)

    def __repr__(self) -> str:
        return (
            f"Deidentifier(policy={self._policy.name!r}, language={self._language!r}, "
            f"review={self._review!r}, key hidden)"
        )

    def __reduce__(self) -> tuple[Callable[..., "Deidentifier"], tuple[dict[str, Any]]]:
        if self._named is None or self._named is self._vault:  # a key, or a vault that holds one
            raise InvalidInput("deid.pickled-key")
        return _again, (self.get_params(),)

    # Settings, as scikit-learn asks for them

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings; never a key."""
        return {
            "policy": self._asked_policy, "vault": self._named, "study": self._study, "recipient": self._recipient,
            "language": self._language, "review": self._review, "today": self._today, "taken": self._taken,
            "rulings": self._rulings, "site": self._site,
            "identifiers": self._identifiers, "text_columns": self._text_columns,
            "patient_column": self._patient_column,
        }  # fmt: skip

    def set_params(self, **params: Any) -> Self:
        """Change settings; one that was made with a bare key keeps it.

        Raises:
            InvalidInput: no such setting, or as at construction.
        """
        now = self.get_params()
        if unknown := sorted(set(params) - set(now)):
            raise InvalidInput("deid.unknown-parameter", found=", ".join(unknown), known=", ".join(now))
        if now["vault"] is None and "vault" not in params:
            kept = {name: vars(self)[name] for name in ("_keyed", "_codes", "_pseudonyms", "_way_back")}
            fresh = Deidentifier(**{**now, **params, "key": bytes(32)})
            vars(self).update(vars(fresh) | kept)
        else:
            vars(self).update(vars(Deidentifier(**{**now, **params})))
        return self

    def __sklearn_clone__(self) -> "Deidentifier":
        """Return another of the same settings and key, without copying the key."""
        clone = object.__new__(type(self))
        vars(clone).update(vars(self))
        return clone

    def __sklearn_is_fitted__(self) -> bool:
        """Nothing is learnt: it is always ready."""
        return True

    def fit(self, documents: Any = None, target: Any = None) -> Self:
        """Learn nothing: a rule learnt from some patients would tell of them."""
        return self

    def transform(
        self,
        documents: Any,
        *,
        patients: Sequence[str] | None = None,
        known: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    ) -> Any:
        """De-identify notes, texts or a data frame, in their order, and return the same kind of thing.

        Args:
            documents: a list of notes; a list or pandas Series of str; a polars or pandas frame.
            patients: of texts, whose each is; if left out each is treated as of a patient of its own, and nothing
                is consistent between them.
            known: patient -> class -> values of the patient's own structured fields.

        Returns:
            `DeidNote`s for notes, str for texts, a frame for a frame (its columns as the settings say).

        Raises:
            InvalidInput: something else, or a frame without the columns that the settings name.
            GateRefused: something is doubtful and `review` is "block".
        """
        from confide.deid.transform import transformed  # polars as well

        return transformed(
            self, documents, patients=patients, known=known or {}, columns=self._identifiers,
            text_columns=self._text_columns, patient_column=self._patient_column,
        )  # fmt: skip

    def fit_transform(self, documents: Any, target: Any = None, **given: Any) -> Any:
        """As `transform`."""
        return self.transform(documents, **given)

    # Replacing

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
        return next(self.patients([(notes, known)], identifiers=identifiers))

    def patients(
        self,
        patients: Iterable[tuple[Sequence[NoteLike], Mapping[str, Sequence[str]]]],
        *,
        identifiers: Mapping[str, str] | None = None,
    ) -> Iterator[list[DeidNote]]:
        """Yield for each patient, given as notes and known values, what `patient` returns.

        Many patients with short notes take much less time so than one by one; raises as `patient`.
        """
        mapped = dict(identifiers or {})
        check_classes(mapped)
        for portion in _portions(patients, lambda each: sum(map(_length, each[0]))):
            parts = [self._gathered(notes, known, mapped) for notes, known in portion]
            cleaned = self._clean(parts)
            for (notes, _), part, done in zip(portion, parts, cleaned, strict=True):
                new = assemble(notes, part, mapped, *done)
                out = [self._result(note, *each) for note, each in zip(notes, new, strict=True)]
                refuse_if_blocked(
                    self._review, undecided((item for note in out for item in note.review), self._rulings)
                )
                yield out

    @staticmethod
    def _gathered(
        notes: Sequence[NoteLike], known: Mapping[str, Sequence[str]], identifiers: Mapping[str, str]
    ) -> Gathered:
        check_classes({kind: kind for kind in known})
        if len({note.patient for note in notes}) > 1:
            raise InvalidInput("deid.two-patients")
        return gather(notes, known, identifiers)

    def _result(
        self,
        note: NoteLike,
        clean: CleanText,
        fields: Mapping[str, str],
        review: tuple[ReviewItem, ...],
        field_spans: tuple[Span, ...],
    ) -> DeidNote:
        return DeidNote(
            id=note.id,
            release_id=self._pseudonyms.record(note.patient, note.id),
            patient=self.pseudonym(note.patient),
            text=clean.text,
            spans=clean.spans,
            field_spans=field_spans,
            held=self._review == "hold" and bool(undecided(review, self._rulings)),
            fields=fields,
            review=review,
            way_back=self._way_back.seal(note.text, clean, note.fields, fields)
            if self._policy.reversible
            else b"",
        )

    def table(
        self, frame: "pl.DataFrame", identifiers: Mapping[str, str], text_columns: Sequence[str] = ()
    ) -> "pl.DataFrame":
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
        self, frame: "pl.DataFrame", identifiers: Mapping[str, str], text_columns: Sequence[str] = ()
    ) -> tuple["pl.DataFrame", list[ReviewItem]]:
        """As `table`, with the doubtful spans of its text; under "hold" a doubtful text becomes null."""
        from confide.deid.table import (
            deidentify_table,  # polars loads here, so that texts alone start quickly
        )

        check_classes(identifiers)
        result, items = deidentify_table(
            frame,
            identifiers,
            text_columns,
            clean=self.texts_of_patients,
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
        return next(self.texts_of_patients([Gathered(patient, texts, known)]))

    def texts_of_patients(self, patients: Iterable[Gathered]) -> Iterator[list[CleanText]]:
        """Yield for each patient what `texts` returns: as `patients` is to `patient`."""
        for portion in _portions(patients, lambda each: sum(map(len, each.texts))):
            for part, (cleaned, _) in zip(portion, self._clean(portion), strict=True):
                if self._policy.reversible:
                    sealed = zip(part.texts, cleaned, strict=True)
                    yield [
                        replace(new, way_back=self._way_back.seal(old, new, {}, {})) for old, new in sealed
                    ]
                else:
                    yield cleaned

    def _clean(self, parts: Sequence[Gathered]) -> list[tuple[list[CleanText], Replacer]]:
        births: list[frozenset[date]] = []

        def asked() -> Iterator[tuple[Sequence[str], Known]]:
            for part in parts:  # one by one: the forms of all of them together may not fit in memory
                known = known_values(part.known)
                births.append(known.birth_dates)
                yield part.texts, known

        found = find_in_patients(asked())
        return [self._replaced(*each) for each in zip(parts, found, births, strict=True)]

    def _replaced(
        self, part: Gathered, documents: list[Document], births: frozenset[date]
    ) -> tuple[list[CleanText], Replacer]:
        patient, known = part.patient, part.known
        if self._site is not None:
            documents = [self._site.applied(document, self._policy.threshold) for document in documents]
        reference = latest_date(documents, births | births_in(documents))
        people = people_of(documents, known) if self._policy.needs_people else None
        replacer = self._replacer(patient, reference or self._today or date.today(), people)
        judged = Judged(self._keyed, patient, self._rulings)
        pairs = zip(part.texts, documents, strict=True)
        return [replace_text(text, document, replacer, judged) for text, document in pairs], replacer

    def _replacer(self, patient: str, reference: date, people: People | None = None) -> Replacer:
        return Replacer(
            policy=self._policy,
            keyed=self._keyed,
            codes=self._codes,
            patient=patient,
            tags=self._tags,
            reference=reference,
            people=people,
            taken=self._taken,
        )

    # The way back

    def reveal_text(self, clean: CleanText, permit: "Permit") -> str:
        """Return the original of a text that was de-identified under a reversible policy.

        Guarantee: byte by byte what it was; the vault recorded the purpose before (`Vault.permit_way_back`).

        Raises:
            AccessDenied: the permit is of another vault or study.
            InvalidInput: the policy was not reversible, or this was made without a vault.
            IntegrityError: the text was changed since, or made under another key.
        """
        return self._led_back(clean.way_back, clean.text, {}, permit)[0]

    def reveal_note(self, note: DeidNote, permit: "Permit") -> tuple[str, dict[str, str]]:
        """Return the original text and fields of a note; raises as `reveal_text`."""
        return self._led_back(note.way_back, note.text, note.fields, permit)

    def reveal_token(self, token: str, permit: "Permit") -> tuple[str, str]:
        """Return the patient and the value behind a token such as `[NAME:…]`; raises as `reveal_text`.

        A name comes back in its full, plain form, as all its spellings have one token.
        """
        self._verify(permit)
        code = token.strip("[]").rpartition(":")[2]
        for kind in dict.fromkeys(domain(kind) for kind in CLASSES):
            try:
                return self._codes.reveal(code, kind)
            except IntegrityError:
                continue
        raise IntegrityError("crypto.token")

    def _led_back(
        self, record: bytes, text: str, fields: Mapping[str, str], permit: "Permit"
    ) -> tuple[str, dict[str, str]]:
        self._verify(permit)
        return self._way_back.reveal(record, text, fields)

    def _verify(self, permit: "Permit") -> None:
        if self._vault is None:
            raise InvalidInput("deid.reveal-without-vault")
        self._vault.verify_permit(self._study, permit)


_PORTION: Final = 4_000  # characters that are searched at a time: enough for the tagger, and little memory


def _length(note: NoteLike) -> int:
    return len(note.text) + sum(map(len, note.fields.values()))


def _portions(patients: Iterable[_Some], length: Callable[[_Some], int]) -> Iterator[list[_Some]]:
    """Put patients together until they have enough characters between them."""
    portion: list[_Some] = []
    size = 0
    for each in patients:
        portion.append(each)
        size += length(each)
        if size >= _PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _opened(vault: "Vault | KeyReference") -> "Vault":
    from confide.deid.key_reference import KeyReference  # loads the vault, which a bare key does without

    return vault.open() if isinstance(vault, KeyReference) else vault


def _again(params: dict[str, Any]) -> Deidentifier:
    """Make a `Deidentifier` anew in another process; opens the vault."""
    return Deidentifier(**params)
