"""De-identify all notes and tables of a patient under one policy and one key.

The door of the room: `Deidentifier` finds (`confide.deid.cascade`), replaces (`confide.deid.replace`) and
says what was doubtful (`confide.deid.review`). It opens no file and keeps nothing of a patient.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NoReturn, Protocol

import polars as pl

from confide.deid.review import ReviewItem
from confide.deid.section import Review
from confide.types import Language, Span


class NoteLike(Protocol):
    """What a note must offer; `confide.records.notes.Note` fits."""

    @property
    def id(self) -> str: ...
    @property
    def patient(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class DeidNote:
    """A note after de-identification. `repr` shows no text.

    `id` is the note's own id and stays inside; `release_id` and `patient` are keyed pseudonyms that may leave.
    `spans` are what was found and replaced, in the ORIGINAL text. A note that is `held` must not leave.
    """

    id: str = field(repr=False)
    release_id: str
    patient: str
    text: str = field(repr=False)
    spans: tuple[Span, ...]
    held: bool
    fields: Mapping[str, str] = field(repr=False)
    review: tuple[ReviewItem, ...] = ()


class Deidentifier:
    """API first; the body follows."""

    def __init__(
        self,
        *,
        policy: str,
        key: bytes,
        language: Language = "en",
        review: Review = "mask",
        today: date | None = None,
    ) -> None:
        raise NotImplementedError

    def patient(
        self,
        notes: Sequence[NoteLike],
        known: Mapping[str, tuple[str, ...]],
        *,
        identifiers: Mapping[str, str] | None = None,
    ) -> list[DeidNote]:
        """De-identify all notes of one patient together."""
        raise NotImplementedError

    def table(
        self, frame: pl.DataFrame, identifiers: Mapping[str, str], text_columns: Sequence[str] = ()
    ) -> pl.DataFrame:
        """De-identify a table column by column, with the surrogates that the notes get."""
        raise NotImplementedError

    def table_with_review(
        self, frame: pl.DataFrame, identifiers: Mapping[str, str], text_columns: Sequence[str] = ()
    ) -> tuple[pl.DataFrame, list[ReviewItem]]:
        """As `table`, with the doubtful spans of its text columns."""
        raise NotImplementedError

    def pseudonym(self, patient: str) -> str:
        """Return the keyed pseudonym of a patient, the same throughout a study."""
        raise NotImplementedError

    def __reduce__(self) -> NoReturn:
        raise NotImplementedError
